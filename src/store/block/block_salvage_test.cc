#include "store/block/block_salvage.h"

#include <set>

#include "store/block/block_check.h"
#include "store/block/block_fixture.h"
#include "store/block/leaf_reader.h"

namespace clew::store {
namespace {

using testing::IsEmpty;

constexpr BlockOptions kPages = {16, 64};

class BlockSalvage : public testing::Test {
 protected:
  void make(const RandomSpans& spans) {
    RandomTable(spans).fill(*sealed_.table);
    ASSERT_NO_FATAL_FAILURE(sealed_.seal(sealed_.table->rows(), kPages));
    for (uint32_t i = 0; i < sealed_.sorted->rows(); ++i) truth_.insert(describe(*sealed_.sorted, i));
  }
  const BlockFile& file() const { return sealed_.block->file(); }
  // The spans that were saved, as text; each was in the block, and the result is a block without a problem.
  std::multiset<std::string> salvaged(std::string bytes, uint32_t piece_rows = kSalvageRows) {
    std::multiset<std::string> out;
    auto saved = salvage_block("b", std::move(bytes), {kPages, piece_rows});
    EXPECT_TRUE(saved) << saved.error().message;
    if (!saved) return out;
    EXPECT_EQ(saved->summary.rows + saved->rows_lost, truth_.size());
    if (saved->bytes.empty()) return out;
    MemoryObjects objects;
    EXPECT_TRUE(objects.put("saved", saved->bytes));
    auto block = Block::open(objects, "saved");
    EXPECT_TRUE(block) << block.error().message;
    EXPECT_THAT(check_block(*block)->problems, IsEmpty());
    std::vector<uint32_t> rows((*block)->file().rows());
    std::iota(rows.begin(), rows.end(), 0U);
    SpanTable table;
    EXPECT_TRUE((*block)->unit(nullptr)->copy_rows(rows, table));
    table.publish();
    for (uint32_t i = 0; i < table.rows(); ++i) out.insert(describe(table, i));
    EXPECT_EQ(out.size(), saved->summary.rows);
    EXPECT_TRUE(std::ranges::includes(truth_, out)) << "nothing is made up";
    return out;
  }
  static std::string flipped(std::string bytes, uint64_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    return bytes;
  }
  uint64_t index_at(SectionKind kind) const { return file().data_end() + file().find_section({kind})->offset; }

  Sealed sealed_;
  std::multiset<std::string> truth_;
};

TEST_F(BlockSalvage, AHealthyBlockComesOutWhole) {
  make({.seed = 1, .rows = 300});
  EXPECT_EQ(salvaged(sealed_.bytes), truth_);
  EXPECT_EQ(salvaged(sealed_.bytes, 50), truth_) << "in pieces";
}

TEST_F(BlockSalvage, EverySectionOfTheIndexMayBeDamaged) {
  make({.seed = 2, .rows = 300});
  for (uint32_t kind = 2; kind <= 11; ++kind) {
    SCOPED_TRACE(kind);
    EXPECT_EQ(salvaged(flipped(sealed_.bytes, index_at(static_cast<SectionKind>(kind)))), truth_);
  }
}

TEST_F(BlockSalvage, TheIndexMayBeGone) {
  make({.seed = 3, .rows = 300});
  std::string bytes = sealed_.bytes;
  const size_t directory = bytes.rfind("CLWI");
  for (uint64_t at = file().data_end(); at < directory + 4; ++at) bytes[at] = 0;
  EXPECT_EQ(salvaged(bytes), truth_);
}

TEST_F(BlockSalvage, TheFooterMayBeGone) {
  make({.seed = 4, .rows = 300});
  std::string bytes = sealed_.bytes;
  for (size_t at = bytes.rfind("CLWI") + 4; at < bytes.size(); ++at) bytes[at] = 0;
  EXPECT_EQ(salvaged(bytes), truth_);
  // Cut off.
  EXPECT_EQ(salvaged(sealed_.bytes.substr(0, sealed_.bytes.rfind("CLWI") + 4)), truth_);
}

TEST_F(BlockSalvage, APageCostsItsRowsAndThoseWhoseParentItNames) {
  make({.seed = 5, .rows = 300});
  const auto& chunk = file().chunk(kSpanIdLeaf, 1);
  const auto saved = salvaged(flipped(sealed_.bytes, chunk.page_offsets[2] - 1));
  EXPECT_LE(saved.size(), truth_.size() - kPages.page_rows);
  EXPECT_GE(saved.size(), truth_.size() - 3 * kPages.page_rows);
}

TEST_F(BlockSalvage, ADictionaryCostsTheRowsThatUseIt) {
  make({.seed = 6, .rows = 300});
  // Of span_exact, which few rows have.
  uint32_t users = 0;
  for (uint32_t page = 0; page < file().pages(); ++page) {
    const uint32_t group = file().group_of_page(page);
    if (group != 0) break;
    const auto& offsets = file().chunk(kSpanExactLeaf, 0).page_offsets;
    auto decoded =
        read_leaf_page(file(), kSpanExactLeaf, 0, page,
                       std::string_view(sealed_.bytes).substr(offsets[page], offsets[page + 1] - offsets[page]));
    ASSERT_TRUE(decoded);
    users +=
        static_cast<uint32_t>(std::ranges::count_if(decoded->codes, [](uint32_t code) { return code != kNoCode; }));
  }
  ASSERT_GT(users, 0U);
  ASSERT_LT(users, 64U);
  const auto& chunk = file().chunk(kSpanExactLeaf, 0);
  EXPECT_EQ(salvaged(flipped(sealed_.bytes, chunk.page_offsets[0] - 1)).size(), truth_.size() - users);
}

// The rows' traces are found without the index while some of their ids cannot be read.
TEST_F(BlockSalvage, AnIndexAndAPageOfTraceIdsMayBeDamagedTogether) {
  make({.seed = 7, .rows = 300});
  for (uint32_t page = 0; page < 4; ++page) {
    SCOPED_TRACE(page);
    const auto& chunk = file().chunk(kTraceIdLeaf, 1);
    // The last byte of the page's payload.
    std::string bytes = flipped(sealed_.bytes, chunk.page_offsets[page + 1] - 1);
    bytes = flipped(bytes, index_at(SectionKind::runs));
    const auto saved = salvaged(bytes);
    EXPECT_GE(saved.size(), truth_.size() - 2 * kPages.page_rows);
  }
}

TEST_F(BlockSalvage, ADictionaryOfTraceIdsCostsItsRowGroup) {
  make({.seed = 8, .rows = 300});
  const auto& chunk = file().chunk(kTraceIdLeaf, 1);
  std::string bytes = flipped(sealed_.bytes, chunk.page_offsets[0] - 1);
  EXPECT_GE(salvaged(bytes).size(), truth_.size() - kPages.row_group_rows - kPages.page_rows);
  bytes = flipped(bytes, index_at(SectionKind::runs));
  EXPECT_GE(salvaged(bytes).size(), truth_.size() - kPages.row_group_rows - kPages.page_rows);
}

TEST_F(BlockSalvage, SaysWhatIsWrongWhenNothingCanBeMadeOfIt) {
  for (std::string bytes :
       {std::string(), std::string("PAR1"), std::string(5000, 'x'), "PAR1" + std::string(99, 'C') + "CLWI"}) {
    auto saved = salvage_block("b", bytes);
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().code, ErrorCode::corruption);
  }
}

}  // namespace
}  // namespace clew::store
