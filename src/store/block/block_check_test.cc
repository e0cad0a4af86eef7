#include "store/block/block_check.h"

#include "store/block/block_fixture.h"
#include "store/block/block_merger.h"

namespace clew::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> problems_of(env::ObjectStore& objects, const std::string& key) {
  ReadCache cache(1 << 20);
  auto block = Block::open(objects, key, parquet::Checksums::verify, cache);
  if (!block) return {block.error().message};
  auto checked = check_block(*block);
  if (!checked) return {checked.error().message};
  return checked->problems;
}

// For the message of a failure.
std::string place_of(const BlockFile& file, uint64_t at) {
  for (uint32_t group = 0; group < file.groups(); ++group) {
    for (uint32_t leaf = 0; leaf < file.leaves().size(); ++leaf) {
      const auto& chunk = file.chunk(leaf, group);
      if (at < chunk.dictionary_offset || at >= chunk.page_offsets.back()) continue;
      return file.leaves()[leaf].path.front() + ", byte " + std::to_string(at - chunk.dictionary_offset) +
             " of its chunk, whose pages begin at " + std::to_string(chunk.page_offsets[0] - chunk.dictionary_offset);
    }
  }
  return "byte " + std::to_string(at - file.data_end()) + " of the index";
}

struct Shape {
  const char* name;
  RandomSpans spans;
  BlockOptions options;
};

class IntactBlock : public testing::TestWithParam<Shape> {};

TEST_P(IntactBlock, HasNoProblem) {
  Sealed sealed;
  RandomTable(GetParam().spans).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(sealed.table->rows(), GetParam().options));
  EXPECT_THAT(problems_of(sealed.objects, "b"), IsEmpty());
  // Of what a merge writes, too.
  auto merged = merge_blocks(std::vector{sealed.block, sealed.block}, {.block = GetParam().options}, nullptr);
  ASSERT_TRUE(merged) << merged.error().message;
  ASSERT_TRUE(sealed.objects.put("merged", *merged));
  EXPECT_THAT(problems_of(sealed.objects, "merged"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Shapes, IntactBlock,
                         testing::Values(Shape{"empty", {.seed = 1, .rows = 0}, {}},
                                         Shape{"one_row", {.seed = 2, .rows = 1}, {}},
                                         Shape{"one_page", {.seed = 3, .rows = 300}, {}},
                                         Shape{"many_row_groups", {.seed = 4, .rows = 700}, kSmall},
                                         Shape{"plain_values", {.seed = 8, .rows = 3000, .keys = 12}, {128, 1024}}),
                         [](const auto& info) { return std::string(info.param.name); });

// One bit in each so many bytes, from another first byte each time: together all regions of the file.
TEST(DamagedBlock, IsNoticedWhereverABitFlips) {
  Sealed sealed;
  RandomTable({.seed = 5, .rows = 60, .keys = 8}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(60, {16, 32}));
  constexpr size_t kEvery = 37;
  for (size_t at = 0; at < sealed.bytes.size(); at += kEvery) {
    std::string bytes = sealed.bytes;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    ASSERT_TRUE(sealed.objects.put("flipped", bytes));
    EXPECT_THAT(problems_of(sealed.objects, "flipped"), Not(IsEmpty()))
        << "byte " << at << " of " << sealed.bytes.size() << ", " << place_of(sealed.block->file(), at);
  }
}

TEST(DamagedBlock, SaysTheColumnAndTheRows) {
  Sealed sealed;
  RandomTable({.seed = 6, .rows = 100}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(100, {16, 64}));
  const auto& chunk = sealed.block->file().chunk(kSpanIdLeaf, 0);
  std::string bytes = sealed.bytes;
  bytes[chunk.page_offsets[2] - 1] ^= 1;
  ASSERT_TRUE(sealed.objects.put("flipped", bytes));
  EXPECT_THAT(problems_of(sealed.objects, "flipped"), ElementsAre(HasSubstr("block flipped, column span_id")));
}

TEST(DamagedBlock, SaysTwentyProblemsAndCountsTheOthers) {
  Sealed sealed;
  RandomTable({.seed = 7, .rows = 600}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(600, {16, 64}));
  std::string bytes = sealed.bytes;
  for (uint64_t at = 4; at < sealed.block->file().data_end(); ++at) bytes[at] = 0;
  ASSERT_TRUE(sealed.objects.put("zeroes", bytes));
  auto block = Block::open(sealed.objects, "zeroes");
  ASSERT_TRUE(block) << block.error().message;
  auto checked = check_block(*block);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->problems.size(), BlockCheck::kMaxProblems);
  EXPECT_GT(checked->more_problems, 0U);
}

}  // namespace
}  // namespace clew::store
