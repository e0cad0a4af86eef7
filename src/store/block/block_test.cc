#include "store/block/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "store/block/block_fixture.h"
#include "store/block/equal_spans.h"
#include "store/block/read_everything.h"

namespace clew::store {
namespace {

TEST(BlockSchema, HexAndUuidsArePackedAndComeBack) {
  std::mt19937_64 random(7);
  for (size_t count : {8, 9, 10, 11, 12, 15, 16, 18, 33}) {
    std::string bytes, text, packed;
    for (size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(random()));
    append_hex(text, bytes);
    ASSERT_TRUE(is_hex_text(text));
    append_packed_hex(packed, text);
    EXPECT_EQ(packed, bytes) << text;
    if (count != 16) continue;
    std::string uuid;
    append_uuid_text(uuid, bytes);
    ASSERT_TRUE(is_uuid_text(uuid));
    packed.clear();
    append_packed_hex(packed, uuid);
    EXPECT_EQ(packed, bytes) << uuid;
  }
}

struct BlockCase {
  const char* name;
  RandomSpans spans;
  BlockOptions options;
};

class BlockEquality : public testing::TestWithParam<BlockCase> {};

TEST_P(BlockEquality, OpenedAgainEqualsTheTable) {
  Sealed sealed;
  RandomTable(GetParam().spans).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(sealed.table->rows(), GetParam().options));
  EXPECT_EQ(sealed.summary.rows, sealed.order.size());
  EXPECT_EQ(sealed.summary.rows + sealed.summary.duplicates, sealed.table->rows());
  EXPECT_EQ(sealed.summary.bytes, sealed.bytes.size());
  expect_equal_spans(sealed);
  expect_equal_columns(sealed);
  expect_equal_numbers(sealed);
  expect_equal_traces(sealed);
}

INSTANTIATE_TEST_SUITE_P(
    Tables, BlockEquality,
    testing::Values(BlockCase{"empty", {.seed = 1, .rows = 0}, {}}, BlockCase{"one_row", {.seed = 2, .rows = 1}, {}},
                    BlockCase{"one_page", {.seed = 3, .rows = 300}, {}},
                    BlockCase{"many_row_groups", {.seed = 4, .rows = 700}, kSmall},
                    BlockCase{"page_of_one", {.seed = 5, .rows = 40}, {1, 3}},
                    BlockCase{"six_hundred_keys", {.seed = 6, .rows = 2000, .keys = 600}, {256, 1024}},
                    BlockCase{"many_duplicates", {.seed = 7, .rows = 400, .duplicates = 0.5}, kSmall},
                    BlockCase{"plain_values", {.seed = 8, .rows = 3000, .keys = 12}, {128, 1024}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Block, SameRowsGiveTheSameBytes) {
  Sealed first, second;
  RandomTable({.seed = 9, .rows = 400}).fill(*first.table);
  RandomTable({.seed = 9, .rows = 400}).fill(*second.table);
  ASSERT_NO_FATAL_FAILURE(first.seal(400, kSmall));
  ASSERT_NO_FATAL_FAILURE(second.seal(400, kSmall));
  EXPECT_EQ(first.bytes, second.bytes);
}

// What is asked for is as in the whole copy.
TEST(Block, CopiesPartsOfSpans) {
  Sealed sealed;
  RandomTable({.seed = 31, .rows = 400, .keys = 12}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(400, kSmall));
  std::vector<uint32_t> rows(sealed.unit->rows());
  std::iota(rows.begin(), rows.end(), 0U);
  auto keys = sealed.unit->attributes();
  ASSERT_TRUE(keys);
  std::vector<SpanParts> asked{{false, {}}};
  for (const AttributeColumn& key : *keys) asked.push_back({false, {key.name}});
  for (const SpanParts& parts : asked) {
    auto copied = std::make_shared<SpanTable>();
    Status status = sealed.unit->copy_rows(rows, parts, *copied);
    ASSERT_TRUE(status) << status.error().message;
    copied->publish();
    ASSERT_EQ(copied->rows(), rows.size());
    TableUnit unit("copied", copied, copied->rows());
    RowRange all{0, unit.rows()};
    EXPECT_EQ(cells(unit, kNameColumn, all), cells(*sealed.live, kNameColumn, all));
    for (uint32_t i : rows) {
      SpanRow row = copied->row(i), whole = sealed.sorted->row(i);
      ASSERT_EQ(std::tuple(row.trace, row.span, row.parent, row.start_ns, row.end_ns, row.receive_ns, row.kind),
                std::tuple(whole.trace, whole.span, whole.parent, whole.start_ns, whole.end_ns, whole.receive_ns,
                           whole.kind));
      ASSERT_EQ(row.status, whole.status);
    }
    for (Scope scope : {Scope::span, Scope::resource, Scope::instrumentation}) {
      for (const std::string& key : parts.keys) {
        auto column = unit.attribute(scope, key), whole = sealed.live->attribute(scope, key);
        ASSERT_TRUE(column && whole);
        ASSERT_EQ(column->has_value(), whole->has_value()) << key;
        if (*column) {
          EXPECT_EQ(cells(unit, **column, all), cells(*sealed.live, **whole, all)) << key;
        }
      }
    }
  }
}

TEST(Block, TakesOnlyTheRowsItWasTold) {
  Sealed sealed;
  RandomTable({.seed = 10, .rows = 300}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(120, kSmall));
  expect_equal_spans(sealed);
  expect_equal_traces(sealed);
}

TEST(Block, TakesOnlyTheSelectedRows) {
  for (uint32_t every : {1U, 2U, 7U, 299U, 1000U}) {
    Sealed sealed;
    RandomTable({.seed = 20, .rows = 300}).fill(*sealed.table);
    std::vector<uint32_t> rows;
    for (uint32_t i = every - 1; i < 300; i += every) rows.push_back(i);
    ASSERT_NO_FATAL_FAILURE(sealed.seal(rows, kSmall, {}));
    EXPECT_EQ(sealed.summary.rows + sealed.summary.duplicates, rows.size());
    expect_equal_spans(sealed);
    expect_equal_columns(sealed);
    expect_equal_numbers(sealed);
    expect_equal_traces(sealed);
  }
}

// Columns that outgrow a page: fewer rows in each, down to one.
TEST(Block, CutsRowGroupsAndPagesBeforeAColumnOutgrowsAPage) {
  for (size_t limit : {4'000U, 1'500U, 700U}) {
    Sealed sealed;
    RandomTable({.seed = 21, .rows = 1000, .keys = 12}).fill(*sealed.table);
    ASSERT_NO_FATAL_FAILURE(sealed.seal(1000, {64, 1024, limit}));
    EXPECT_LT(sealed.block->counts().row_group_rows, 1024U);
    expect_equal_spans(sealed);
    expect_equal_columns(sealed);
    expect_equal_traces(sealed);
  }
  Sealed sealed;
  RandomTable({.seed = 21, .rows = 100}).fill(*sealed.table);
  auto written = write_block(*sealed.table, 100, {}, {64, 1024, 10}, nullptr);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::resource_exhausted);
}

// A large value in half of the rows must not be written out once per row, however many others there are.
TEST(Block, ALargeCommonValueIsWrittenOnce) {
  SpanTable table;
  SpanBatch batch;
  batch.vocabulary = &table.vocabulary;
  SpanBuilder builder(batch);
  uint32_t resource = add_resource(table.vocabulary, {});
  uint32_t scope = add_scope(table.vocabulary, "", "");
  const std::string large(100'000, 'x');
  for (uint64_t i = 1; i <= 2000; ++i) {
    builder.row().trace = {i, i};
    builder.row().span = i;
    builder.row().resource = resource;
    builder.row().scope = scope;
    builder.attribute("text", ValueView::of_string(i % 5 < 2 ? large : "small " + std::to_string(i)));
    builder.finish();
    const SpanRow& row = batch.rows.back();
    table.append(row, std::span<const uint32_t>(batch.words).subspan(row.words, row.word_count));
    batch.clear();
  }
  table.publish();
  auto bytes = write_block(table, table.rows(), {}, {.max_page_bytes = 1 << 20}, nullptr);
  ASSERT_TRUE(bytes);
  MemoryObjects objects;
  ASSERT_TRUE(objects.put("b", *bytes));
  EXPECT_EQ((*Block::open(objects, "b"))->counts().row_group_rows, BlockOptions{}.row_group_rows);
}

TEST(Block, ListsWhatItIsToldAndTracesWithoutRoot) {
  Sealed sealed;
  RandomTable({.seed = 11, .rows = 100}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(100, kSmall, {TraceId{0, 1}, sealed.table->row(0).trace}));
  expect_equal_traces(sealed);
}

TEST(Block, OpensInFewReads) {
  Sealed sealed;
  RandomTable({.seed = 12, .rows = 500}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(500));
  sealed.objects.reads = 0;
  sealed.open();
  EXPECT_LE(sealed.objects.reads, 2);
}

TEST(Block, PageSetsNeverHideAValueAndDoHideOthers) {
  Sealed sealed;
  RandomTable({.seed = 13, .rows = 1000, .keys = 20}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(1000, kSmall));
  const Unit& unit = *sealed.unit;
  auto attributes = unit.attributes();
  std::vector<ColumnId> columns{kNameColumn, kScopeNameColumn, kStatusMessageColumn, kEventNameColumn};
  for (const auto& attribute : *attributes) columns.push_back(attribute.id);
  int hidden = 0;
  for (ColumnId column : columns) {
    auto entries = unit.entries(column);
    ASSERT_TRUE(entries);
    for (uint32_t page = 0; page * unit.page_rows() < unit.rows(); ++page) {
      RowRange rows{page * unit.page_rows(), std::min(unit.rows(), (page + 1) * unit.page_rows())};
      std::vector<uint32_t> begins, used;
      ASSERT_TRUE(unit.multi_codes(column, rows, begins, used));
      for (uint32_t code = 0; code < *entries; ++code) {
        bool may = unit.page_may_contain(column, page, {&code, 1});
        if (!may) ++hidden;
        ASSERT_TRUE(may || std::ranges::find(used, code) == used.end()) << "column " << column << " code " << code;
      }
    }
  }
  EXPECT_GT(hidden, 1000);
}

TEST(Block, FindsEveryCodeOfAValue) {
  Sealed sealed;
  RandomTable({.seed = 14, .rows = 600}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(600, kSmall));
  const Unit& unit = *sealed.unit;
  auto attributes = unit.attributes();
  for (const auto& attribute : *attributes) {
    auto entries = unit.entries(attribute.id);
    ASSERT_TRUE(entries);
    for (uint32_t code = 0; code < *entries; code += 7) {
      std::vector<uint32_t> found;
      ASSERT_TRUE(unit.find(attribute.id, unit.entry(attribute.id, code), found));
      EXPECT_THAT(found, testing::Contains(code)) << attribute.name;
      for (uint32_t other : found) EXPECT_EQ(unit.entry(attribute.id, other), unit.entry(attribute.id, code));
    }
  }
}

TEST(Block, ColumnsThatSayNothingCostAlmostNothing) {
  SpanTable table;
  SpanBatch batch;
  batch.vocabulary = &table.vocabulary;
  SpanBuilder builder(batch);
  uint32_t resource = add_resource(table.vocabulary, {});
  uint32_t scope = add_scope(table.vocabulary, "", "");
  for (uint64_t i = 1; i <= 20'000; ++i) {
    builder.row().trace = {i / 100 * 0x9e3779b97f4a7c15ULL, i / 100};
    builder.row().span = i * 0x9e3779b97f4a7c15ULL;
    builder.row().start_ns = i * 1000;
    builder.row().end_ns = i * 1000 + 10;
    builder.row().resource = resource;
    builder.row().scope = scope;
    builder.attribute("constant", ValueView::of_string("always"));
    builder.finish();
    const SpanRow& row = batch.rows.back();
    table.append(row, std::span<const uint32_t>(batch.words).subspan(row.words, row.word_count));
    batch.clear();
  }
  table.publish();
  auto bytes = write_block(table, table.rows(), {}, {}, nullptr);
  ASSERT_TRUE(bytes);
  // The span's id, a hundredth of the trace's, and some twenty kilobytes of pages and footer.
  EXPECT_LT(bytes->size(), 20'000 * 10);
}

TEST(Block, ABudgetStopsTheReading) {
  Sealed sealed;
  RandomTable({.seed = 15, .rows = 500}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(500, kSmall));
  auto budget = std::make_shared<ReadBudget>(10);
  std::vector<uint32_t> codes(500);
  Status status = sealed.block->unit(budget)->codes(kNameColumn, {0, sealed.unit->rows()}, codes.data());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::resource_exhausted);
}

TEST(Block, ServesManyThreads) {
  Sealed sealed;
  RandomTable({.seed = 16, .rows = 300}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(300, kSmall));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, shared = i % 2 == 0] {
      SpanTable copied;
      EXPECT_TRUE(read_everything(shared ? *sealed.unit : *sealed.block->unit(nullptr), copied));
      EXPECT_EQ(copied.rows(), sealed.unit->rows());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Whatever happens to the bytes: the block answers corruption, or what was in it.
class BlockDamage : public testing::Test {
 protected:
  void SetUp() override {
    RandomTable({.seed = 17, .rows = 30, .keys = 12}).fill(*sealed_.table);
    ASSERT_NO_FATAL_FAILURE(sealed_.seal(30, {8, 16}));
    whole_ = describe_all(*sealed_.unit);
    ASSERT_TRUE(whole_) << whole_.error().message;
  }
  static Result<std::string> describe_all(const Unit& unit) {
    SpanTable copied;
    TRY(read_everything(unit, copied));
    std::string out;
    for (uint32_t i = 0; i < copied.rows(); ++i) out += describe(copied, i);
    return out;
  }
  void expect_judged(const std::string& bytes, size_t at) {
    ASSERT_TRUE(sealed_.objects.put("damaged", bytes));
    auto block = Block::open(sealed_.objects, "damaged");
    if (!block) {
      EXPECT_EQ(block.error().code, ErrorCode::corruption) << block.error().message;
      return;
    }
    auto got = describe_all(*(*block)->unit(nullptr));
    if (got) {
      EXPECT_EQ(*got, *whole_) << "damage at " << at;
    } else {
      EXPECT_EQ(got.error().code, ErrorCode::corruption) << got.error().message;
    }
  }
  Sealed sealed_;
  Result<std::string> whole_;
};

TEST_F(BlockDamage, OfAnyByteIsNoticed) {
  for (size_t at = 0; at < sealed_.bytes.size(); at += 23) {
    std::string damaged = sealed_.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
    ASSERT_NO_FATAL_FAILURE(expect_judged(damaged, at));
  }
}

// Past the checksums: what then does not fit together must still be an error, not a crash.
TEST_F(BlockDamage, BehindTheChecksumsNeverCrashes) {
  std::mt19937 random(1);
  size_t opened = 0, read = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string damaged = sealed_.bytes;
    for (int i = 0; i <= round % 4; ++i) {
      // Half of them in the index and footer, where one byte means most.
      size_t from = round % 2 == 0 ? 0 : damaged.size() * 6 / 10;
      damaged[from + random() % (damaged.size() - from)] = static_cast<char>(random());
    }
    ASSERT_TRUE(sealed_.objects.put("damaged", damaged));
    auto block = Block::open(sealed_.objects, "damaged", parquet::Checksums::ignore);
    if (!block) {
      ASSERT_EQ(block.error().code, ErrorCode::corruption) << block.error().message;
      continue;
    }
    ++opened;
    auto all = describe_all(*(*block)->unit(nullptr));
    if (all) {
      ++read;
    } else {
      ASSERT_EQ(all.error().code, ErrorCode::corruption) << all.error().message;
      ASSERT_TRUE((*block)->is_damaged()) << all.error().message;
    }
  }
  EXPECT_GT(opened, 100U);
  EXPECT_GT(read, 10U);
}

TEST_F(BlockDamage, ByALostEndIsNoticed) {
  for (size_t length = 0; length < sealed_.bytes.size(); length += 101) {
    auto cut = sealed_.bytes.substr(0, length);
    ASSERT_TRUE(sealed_.objects.put("cut", cut));
    auto block = Block::open(sealed_.objects, "cut");
    ASSERT_FALSE(block) << length;
    EXPECT_EQ(block.error().code, ErrorCode::corruption);
  }
}

TEST_F(BlockDamage, OfOtherFilesIsToldApart) {
  for (std::string bytes :
       {std::string(), std::string("PAR1"), std::string(100, 'x'), "PAR1" + std::string(100, '\0') + "PAR1"}) {
    ASSERT_TRUE(sealed_.objects.put("other", bytes));
    auto block = Block::open(sealed_.objects, "other");
    ASSERT_FALSE(block);
    EXPECT_EQ(block.error().code, ErrorCode::corruption);
    EXPECT_THAT(block.error().message, testing::HasSubstr("block other"));
  }
  auto missing = Block::open(sealed_.objects, "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace clew::store
