#include "store/compaction_choice.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "column/span_table.h"
#include "store/block/memory_objects.h"

namespace clew::store {
namespace {

using Blocks = std::vector<std::shared_ptr<const StoredBlock>>;

// Blocks say how many rows they have; their content is not looked at.
class CompactionChoiceTest : public testing::Test {
 protected:
  CompactionChoiceTest() {
    SpanTable none;
    auto bytes = write_block(none, 0, {}, {}, nullptr);
    EXPECT_TRUE(bytes && objects_.put("empty", *bytes));
    opened_ = *Block::open(objects_, "empty");
    limits_ = {.rows = 1000, .memory_bytes = 1 << 30, .window_ns = 100, .least_receive_ns = 0};
  }
  struct Spec {
    uint64_t receive_ns;
    uint64_t rows;
  };
  Blocks make(const std::vector<Spec>& specs) {
    Blocks out;
    for (size_t i = 0; i < specs.size(); ++i) {
      auto block = std::make_shared<StoredBlock>();
      block->id = std::string(1, static_cast<char>('a' + i));
      block->replaces = {{"t", 0, i}};
      BlockPart& part = block->parts.emplace_back();
      part.summary.rows = specs[i].rows;
      part.summary.bytes = specs[i].rows * 100;
      part.summary.min_receive_ns = part.summary.max_receive_ns = specs[i].receive_ns;
      part.block = opened_;
      out.push_back(std::move(block));
    }
    return out;
  }
  std::string choose(const Blocks& blocks, std::string_view without = "") {
    std::string out;
    auto chosen = choose_compaction(blocks, limits_,
                                    [&](const StoredBlock& block) { return without.find(block.id) == without.npos; });
    for (const auto& block : chosen) out += block->id;
    return out;
  }

  MemoryObjects objects_;
  std::shared_ptr<const Block> opened_;
  CompactionLimits limits_;
};

TEST_F(CompactionChoiceTest, Table) {
  struct Case {
    const char* what;
    std::vector<Spec> blocks;
    std::string chosen;
  };
  const Case cases[] = {
      {"nothing", {}, ""},
      {"too few", {{1, 10}, {2, 10}, {3, 10}}, ""},
      {"four of a class", {{1, 10}, {2, 10}, {3, 10}, {4, 10}}, "abcd"},
      {"in the order of receipt", {{4, 10}, {3, 10}, {2, 10}, {1, 10}}, "dcba"},
      {"within a window", {{98, 10}, {99, 10}, {100, 10}, {101, 10}}, ""},
      {"the smallest first", {{1, 200}, {2, 200}, {3, 200}, {4, 200}, {5, 3}, {6, 3}, {7, 3}, {8, 3}}, "efgh"},
      {"a greater one parts them", {{1, 10}, {2, 10}, {3, 300}, {4, 10}, {5, 10}}, ""},
      {"one that outweighs the rest", {{1, 90}, {2, 10}, {3, 10}, {4, 10}}, ""},
      {"up to the most rows", {{1, 300}, {2, 300}, {3, 300}, {4, 300}}, ""},
      {"as many as fit", {{1, 200}, {2, 200}, {3, 200}, {4, 200}, {5, 200}, {6, 200}}, "abcde"},
      {"a smaller one among them", {{1, 70}, {2, 10}, {3, 70}, {4, 70}}, "abcd"},
  };
  for (const Case& c : cases) EXPECT_EQ(choose(make(c.blocks)), c.chosen) << c.what;
}

TEST_F(CompactionChoiceTest, WhatIsLeftAlone) {
  Blocks blocks = make({{1, 10}, {2, 10}, {3, 10}, {4, 10}, {5, 10}});
  EXPECT_EQ(choose(blocks, "b"), "acde") << "stepped over";
  EXPECT_EQ(choose(blocks, "bd"), "");
  limits_.least_receive_ns = 2;
  EXPECT_EQ(choose(blocks), "bcde") << "due to retention";
  limits_.least_receive_ns = 0;
  limits_.memory_bytes = compaction_memory_bytes(blocks) - 1;
  EXPECT_EQ(choose(blocks), "abcd");
  limits_.memory_bytes = compaction_memory_bytes(blocks) / 2;
  EXPECT_EQ(choose(blocks), "");
  limits_.memory_bytes = 1 << 30;
  auto damaged = std::make_shared<StoredBlock>(*blocks[2]);
  damaged->parts[0].block = nullptr;
  blocks[2] = damaged;
  EXPECT_EQ(choose(blocks), "abde") << "cannot be opened";
}

// Merging until there is nothing to merge ends, and a row is written again only so often.
TEST_F(CompactionChoiceTest, ManySmallOnesTakeFewRewrites) {
  limits_.rows = 1 << 22;
  limits_.memory_bytes = ~uint64_t{0};
  limits_.window_ns = 1 << 30;
  Blocks blocks;
  uint64_t written = 0, total = 0;
  for (uint64_t i = 0; i < 3000; ++i) {
    Blocks fresh = make({{i, 1 + i * 7919 % 500}});
    total += fresh[0]->parts[0].summary.rows;
    blocks.push_back(fresh[0]);
    for (;;) {
      auto chosen = choose_compaction(blocks, limits_, [](const StoredBlock&) { return true; });
      if (chosen.empty()) break;
      auto merged = std::make_shared<StoredBlock>(*chosen[0]);
      BlockSummary& summary = merged->parts[0].summary;
      for (size_t c = 1; c < chosen.size(); ++c) {
        summary.rows += chosen[c]->parts[0].summary.rows;
        summary.max_receive_ns = std::max(summary.max_receive_ns, chosen[c]->max_receive_ns());
      }
      written += summary.rows;
      std::erase_if(blocks, [&](const auto& block) { return std::ranges::find(chosen, block) != chosen.end(); });
      blocks.push_back(merged);
    }
  }
  EXPECT_LT(blocks.size(), 40U);
  EXPECT_LT(written, total * 12);
}

}  // namespace
}  // namespace clew::store
