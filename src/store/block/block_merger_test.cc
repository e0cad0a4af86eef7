#include "store/block/block_merger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mix.h"
#include "store/block/block_fixture.h"
#include "store/block/equal_spans.h"
#include "store/block/merge_order.h"
#include "store/block/read_everything.h"

namespace clew::store {
namespace {

// Which of a table's rows go to which of `inputs` blocks. Rows that came together stay so: between those the order of
// receipt is lost in a block.
std::vector<std::vector<uint32_t>> deal(const SpanTable& table, uint32_t inputs, bool side_by_side, uint64_t seed) {
  std::vector<std::vector<uint32_t>> out(inputs);
  std::mt19937_64 random(seed);
  size_t input = 0;
  for (uint32_t row = 0; row < table.rows(); ++row) {
    bool next = row > 0 && table.receive_ns(row) != table.receive_ns(row - 1);
    if (side_by_side) {
      if (next) input = std::min<size_t>(inputs - 1, size_t{row} * inputs / table.rows());
    } else if (next) {
      input = random() % inputs;
    }
    out[input].push_back(row);
  }
  return out;
}

class Merging {
 public:
  // The rows of one more block, behind those there are.
  void add(const std::shared_ptr<SpanTable>& table, std::span<const uint32_t> rows, const BlockOptions& options) {
    std::vector<TraceId> listed;
    for (uint32_t row : rows) {
      TraceId id = table->row(row).trace;
      if (seen_.contains(id)) listed.push_back(id);
    }
    for (uint32_t row : rows) seen_.insert(table->row(row).trace);
    auto written = write_block(*table, rows, listed, options, nullptr);
    ASSERT_TRUE(written) << written.error().message;
    std::string key = "input-" + std::to_string(inputs_.size());
    ASSERT_TRUE(objects_.put(key, *written));
    auto block = Block::open(objects_, key);
    ASSERT_TRUE(block) << block.error().message;
    inputs_.push_back(*block);
  }
  const std::vector<std::shared_ptr<const Block>>& inputs() const { return inputs_; }
  MemoryObjects& objects() { return objects_; }

 private:
  MemoryObjects objects_;
  std::vector<std::shared_ptr<const Block>> inputs_;
  std::set<TraceId> seen_;
};

std::vector<uint32_t> all_rows(const SpanTable& table) {
  std::vector<uint32_t> out(table.rows());
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

void expect_equal(const Sealed& merged) {
  expect_equal_spans(merged);
  expect_equal_columns(merged);
  expect_equal_numbers(merged);
  expect_equal_traces(merged);
}

// What merge_blocks() makes of the inputs must be the block of these rows.
void expect_merged(Sealed& merged, const Merging& merging, std::span<const uint32_t> rows,
                   const MergeOptions& options) {
  auto bytes = merge_blocks(merging.inputs(), options, &merged.summary);
  ASSERT_TRUE(bytes) << bytes.error().message;
  merged.hold(*bytes, rows, {});
  EXPECT_EQ(merged.summary.bytes, bytes->size());
  EXPECT_EQ(merged.summary.rows, merged.order.size());
  ASSERT_NO_FATAL_FAILURE(expect_equal(merged));
}

MergeOptions nowhere_else(const BlockOptions& options = kSmall) {
  return {options, [](TraceId) { return false; }, nullptr};
}

struct Case {
  const char* name;
  RandomSpans spans;
  uint32_t inputs;
  bool side_by_side;
  BlockOptions from, to;
};

class BlockMerger : public testing::TestWithParam<Case> {
 protected:
  // The case's rows, dealt out to its inputs.
  void SetUp() override {
    const Case& test = GetParam();
    RandomTable(test.spans).fill(*merged.table);
    for (const auto& rows : deal(*merged.table, test.inputs, test.side_by_side, test.spans.seed)) {
      ASSERT_NO_FATAL_FAILURE(merging.add(merged.table, rows, test.from));
    }
  }

  Sealed merged;
  Merging merging;
};

TEST_P(BlockMerger, EqualsOneBlockOfAllRows) {
  auto rows = all_rows(*merged.table);
  ASSERT_NO_FATAL_FAILURE(expect_merged(merged, merging, rows, nowhere_else(GetParam().to)));
  EXPECT_EQ(merged.summary.rows + merged.summary.duplicates, rows.size());
}

// As if every column had many values, and with memory for none of them.
TEST_P(BlockMerger, EqualsOneBlockWhateverIsPutInOrder) {
  MergeOptions options = nowhere_else(GetParam().to);
  options.many_values = 0;
  ASSERT_NO_FATAL_FAILURE(expect_merged(merged, merging, all_rows(*merged.table), options));
  options.held_value_bytes = 0;
  const auto held = merge_blocks(merging.inputs(), options, nullptr);
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(*held, merged.bytes);
}

INSTANTIATE_TEST_SUITE_P(
    Tables, BlockMerger,
    testing::Values(
        Case{"one_input", {.seed = 31, .rows = 500}, 1, true, kSmall, kSmall},
        Case{"two_halves", {.seed = 32, .rows = 600}, 2, true, kSmall, kSmall},
        Case{"interleaved", {.seed = 33, .rows = 900}, 3, false, kSmall, kSmall},
        Case{"many_inputs", {.seed = 34, .rows = 900}, 20, false, {8, 16}, {32, 256}},
        Case{"empty_inputs", {.seed = 35, .rows = 12}, 9, false, kSmall, kSmall},
        Case{"larger_pages", {.seed = 36, .rows = 1500}, 4, false, {16, 64}, {256, 1024}},
        Case{"smaller_pages", {.seed = 37, .rows = 1500}, 4, true, {256, 1024}, {7, 49}},
        Case{"six_hundred_keys", {.seed = 38, .rows = 2500, .keys = 600}, 5, false, {256, 1024}, {256, 1024}},
        Case{"few_keys", {.seed = 39, .rows = 3000, .keys = 12}, 4, false, {128, 1024}, {128, 1024}},
        Case{"many_duplicates", {.seed = 40, .rows = 900, .duplicates = 0.5}, 6, false, kSmall, kSmall}),
    [](const auto& info) { return std::string(info.param.name); });

// A key has a column in one input and none in another, by frequency, by type or by a key that differs in case only.
TEST(BlockMerging, BringsUnlikeColumnsTogether) {
  for (uint32_t seed = 50; seed < 53; ++seed) {
    Sealed merged;
    Merging merging;
    uint32_t at = 0;
    for (const RandomSpans& spans : std::vector<RandomSpans>{{.seed = seed, .rows = 900, .keys = 500},
                                                             {.seed = seed + 100, .rows = 200, .keys = 12},
                                                             {.seed = seed + 200, .rows = 3, .keys = 30},
                                                             {.seed = seed + 300, .rows = 400, .keys = 60}}) {
      auto table = std::make_shared<SpanTable>();
      RandomTable(spans).fill(*table);
      auto rows = all_rows(*table);
      ASSERT_NO_FATAL_FAILURE(merging.add(table, rows, kSmall));
      ASSERT_TRUE(TableUnit("input", table, table->rows()).copy_rows(rows, *merged.table));
      at += table->rows();
    }
    merged.table->publish();
    ASSERT_EQ(merged.table->rows(), at);
    ASSERT_NO_FATAL_FAILURE(expect_merged(merged, merging, all_rows(*merged.table), nowhere_else()));
  }
}

TEST(BlockMerging, TheSameTwiceIsTheSame) {
  Sealed merged;
  RandomTable({.seed = 60, .rows = 400}).fill(*merged.table);
  auto rows = all_rows(*merged.table);
  Merging merging;
  for (int i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(merging.add(merged.table, rows, kSmall));
  ASSERT_NO_FATAL_FAILURE(expect_merged(merged, merging, rows, nowhere_else()));
  EXPECT_EQ(merged.summary.rows + merged.summary.duplicates, rows.size() * 3);
}

TEST(BlockMerging, MergesWhatWasMerged) {
  Sealed merged;
  RandomTable({.seed = 61, .rows = 1200, .keys = 200}).fill(*merged.table);
  Merging first, second;
  auto dealt = deal(*merged.table, 8, false, 61);
  for (const auto& rows : dealt) ASSERT_NO_FATAL_FAILURE(first.add(merged.table, rows, kSmall));
  std::vector<std::shared_ptr<const Block>> halves;
  for (size_t half : {0U, 4U}) {
    auto bytes = merge_blocks(std::span(first.inputs()).subspan(half, 4), {.block = kSmall}, nullptr);
    ASSERT_TRUE(bytes) << bytes.error().message;
    std::string key = "half-" + std::to_string(half);
    ASSERT_TRUE(first.objects().put(key, *bytes));
    auto block = Block::open(first.objects(), key);
    ASSERT_TRUE(block);
    halves.push_back(*block);
  }
  auto bytes = merge_blocks(halves, nowhere_else(), &merged.summary);
  ASSERT_TRUE(bytes) << bytes.error().message;
  auto rows = all_rows(*merged.table);
  merged.hold(*bytes, rows, {});
  ASSERT_NO_FATAL_FAILURE(expect_equal(merged));
  EXPECT_EQ(merged.summary.rows + merged.summary.duplicates, rows.size());
  EXPECT_EQ(merge_blocks(halves, nowhere_else(), nullptr), *bytes);
}

TEST(BlockMerging, LeavesOutDroppedTraces) {
  auto is_dropped = [](TraceId id) { return id.lo % 3 == 0; };
  Sealed merged;
  RandomTable({.seed = 62, .rows = 900, .keys = 8}).fill(*merged.table);
  Merging merging;
  for (const auto& rows : deal(*merged.table, 4, false, 62)) {
    ASSERT_NO_FATAL_FAILURE(merging.add(merged.table, rows, kSmall));
  }
  std::vector<uint32_t> kept;
  for (uint32_t row : all_rows(*merged.table)) {
    if (!is_dropped(merged.table->row(row).trace)) kept.push_back(row);
  }
  MergeOptions options = nowhere_else();
  options.dropped = [&](size_t, TraceId id) { return is_dropped(id); };
  ASSERT_NO_FATAL_FAILURE(expect_merged(merged, merging, kept, options));
  EXPECT_LT(kept.size(), merged.table->rows() * 9 / 10);

  options.dropped = [](size_t, TraceId) { return true; };
  auto bytes = merge_blocks(merging.inputs(), options, nullptr);
  ASSERT_TRUE(bytes) << bytes.error().message;
  // Nothing of what was dropped is in the bytes.
  EXPECT_EQ(bytes->find("operation"), std::string::npos);
  EXPECT_EQ(bytes->find("service-"), std::string::npos);
}

TEST(BlockMerging, UnlistsATraceThatHasItsRootAndIsHeldNowhereElse) {
  Sealed merged;
  RandomTable({.seed = 63, .rows = 300}).fill(*merged.table);
  Merging merging;
  for (const auto& rows : deal(*merged.table, 3, false, 63)) {
    ASSERT_NO_FATAL_FAILURE(merging.add(merged.table, rows, kSmall));
  }
  std::set<TraceId> known;
  for (const auto& input : merging.inputs()) {
    auto unit = input->unit(nullptr);
    auto listed = unit->listed();
    ASSERT_TRUE(listed);
    known.insert(listed->begin(), listed->end());
  }
  for (bool elsewhere : {true, false}) {
    std::set<TraceId> asked;
    MergeOptions options{kSmall, [&](TraceId id) { return asked.insert(id), elsewhere; }, nullptr};
    auto bytes = merge_blocks(merging.inputs(), options, nullptr);
    ASSERT_TRUE(bytes);
    Sealed opened;
    opened.bytes = *bytes;
    ASSERT_TRUE(opened.objects.put("b", *bytes));
    opened.open();
    auto summaries = opened.unit->summaries();
    std::vector<TraceId> expected;
    for (const TraceSummary& trace : *summaries) {
      if (trace.root_row == kNoRow || (elsewhere && known.contains(trace.id))) expected.push_back(trace.id);
    }
    std::ranges::sort(expected);
    auto listed = opened.unit->listed();
    EXPECT_THAT(std::vector(listed->begin(), listed->end()), testing::ElementsAreArray(expected));
    EXPECT_THAT(known, testing::IsSupersetOf(asked));
    EXPECT_FALSE(asked.empty());
  }
}

// More rows of one trace than are looked at together, in turns from two inputs.
TEST(BlockMerging, JoinsATraceOfAnyLength) {
  constexpr uint32_t kSpans = kJoinedRows + 30'000;
  SpanTable tables[2];
  for (uint32_t which = 0; which < 2; ++which) {
    SpanTable& table = tables[which];
    SpanBatch batch;
    batch.vocabulary = &table.vocabulary;
    SpanBuilder builder(batch);
    uint32_t resource = add_resource(table.vocabulary, {});
    uint32_t scope = add_scope(table.vocabulary, "", "");
    for (uint32_t i = which; i < kSpans; i += 2) {
      SpanRow& row = builder.row();
      row.trace = {1, 2};
      row.span = i + 1;
      row.parent = i;  // a chain through both blocks
      row.start_ns = uint64_t{i} * 1000;
      row.end_ns = row.start_ns + 10;
      row.receive_ns = i / 1000;
      row.resource = resource;
      row.scope = scope;
      builder.finish();
      const SpanRow& built = batch.rows.back();
      table.append(built, std::span<const uint32_t>(batch.words).subspan(built.words, built.word_count));
      batch.clear();
    }
    table.publish();
  }
  MemoryObjects objects;
  std::vector<std::shared_ptr<const Block>> inputs;
  for (const SpanTable& table : tables) {
    std::string key(1, static_cast<char>('a' + inputs.size()));
    ASSERT_TRUE(objects.put(key, *write_block(table, table.rows(), {}, {}, nullptr)));
    inputs.push_back(*Block::open(objects, key));
  }
  auto bytes = merge_blocks(inputs, nowhere_else({}), nullptr);
  ASSERT_TRUE(bytes) << bytes.error().message;
  ASSERT_TRUE(objects.put("merged", *bytes));
  auto unit = (*Block::open(objects, "merged"))->unit(nullptr);
  ASSERT_EQ(unit->rows(), kSpans);
  ASSERT_EQ(unit->traces(), 1U);
  std::vector<uint64_t> spans(kSpans);
  std::vector<int64_t> parents(kSpans), expected_parents(kSpans);
  ASSERT_TRUE(unit->span_ids({0, kSpans}, spans.data()));
  ASSERT_TRUE(unit->numbers(NumberColumn::parent_row, {0, kSpans}, parents.data()));
  std::vector<uint64_t> expected(kSpans);
  std::iota(expected.begin(), expected.end(), uint64_t{1});
  std::iota(expected_parents.begin(), expected_parents.end(), int64_t{-1});
  EXPECT_EQ(spans, expected);
  EXPECT_EQ(parents, expected_parents);
  EXPECT_EQ((*unit->summaries())[0].root_row, 0U);
}

TEST(BlockMerging, OfNothingIsABlockOfNothing) {
  BlockSummary summary;
  auto bytes = merge_blocks({}, {}, &summary);
  ASSERT_TRUE(bytes);
  MemoryObjects objects;
  ASSERT_TRUE(objects.put("b", *bytes));
  auto block = Block::open(objects, "b");
  ASSERT_TRUE(block) << block.error().message;
  EXPECT_EQ((*block)->counts().rows, 0U);
  EXPECT_GT(summary.min_start_ns, summary.max_end_ns);
}

TEST(BlockMerging, TooManyInputsAreRefused) {
  Merging merging;
  auto table = std::make_shared<SpanTable>();
  RandomTable({.seed = 64, .rows = 5}).fill(*table);
  ASSERT_NO_FATAL_FAILURE(merging.add(table, all_rows(*table), kSmall));
  std::vector<std::shared_ptr<const Block>> many(kMaxMergeInputs, merging.inputs()[0]);
  EXPECT_TRUE(merge_blocks(many, {}, nullptr));
  many.push_back(many[0]);
  auto refused = merge_blocks(many, {}, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

TEST(BlockMerging, CutsRowGroupsAndPagesBeforeAColumnOutgrowsAPage) {
  Sealed merged;
  RandomTable({.seed = 65, .rows = 1000, .keys = 12}).fill(*merged.table);
  Merging merging;
  for (const auto& rows : deal(*merged.table, 3, false, 65)) {
    ASSERT_NO_FATAL_FAILURE(merging.add(merged.table, rows, kSmall));
  }
  ASSERT_NO_FATAL_FAILURE(expect_merged(merged, merging, all_rows(*merged.table), nowhere_else({64, 1024, 1'500})));
  EXPECT_LT(merged.block->counts().row_group_rows, 1024U);
}

// A damaged input is an error that names it, or does not matter; never a crash.
// Key "number" says in numbers what "letter" says; "other" does so within one input, in each in another way; "most"
// does but for some rows.
TEST(BlockMerging, ColumnsOfWhichOneSaysWhatAnotherDoes) {
  constexpr uint32_t kInputs = 4, kRows = 60, kKinds = 5;
  Sealed merged;
  SpanBatch batch;
  batch.vocabulary = &merged.table->vocabulary;
  SpanBuilder builder(batch);
  const uint32_t resource = add_resource(merged.table->vocabulary, {});
  const uint32_t scope = add_scope(merged.table->vocabulary, "", "");
  for (uint32_t i = 0; i < kInputs * kRows; ++i) {
    const uint32_t input = i / kRows;
    const auto kind = static_cast<uint32_t>(mix64(i) % kKinds);
    SpanRow& row = builder.row();
    row.trace = {7, i + 1};
    row.span = i + 1;
    row.start_ns = row.end_ns = row.receive_ns = i + 1;
    row.resource = resource;
    row.scope = scope;
    const std::string letter(1, static_cast<char>('a' + kind)),
        other(1, static_cast<char>('a' + (kind + input) % kKinds));
    if (kind > 0) {
      builder.attribute("letter", ValueView::of_string(letter));
      builder.attribute("most", ValueView::of_int(i % 37 == 0 ? 1 : kind));
      builder.attribute("number", ValueView::of_int(kind));
      builder.attribute("other", ValueView::of_string(other));
    }
    builder.finish();
    const SpanRow& built = batch.rows.back();
    merged.table->append(built, std::span<const uint32_t>(batch.words).subspan(built.words, built.word_count));
    batch.clear();
  }
  merged.table->publish();
  Merging merging;
  const BlockOptions options{16, 1024};
  for (uint32_t input = 0; input < kInputs; ++input) {
    std::vector<uint32_t> rows(kRows);
    std::iota(rows.begin(), rows.end(), input * kRows);
    ASSERT_NO_FATAL_FAILURE(merging.add(merged.table, rows, options));
  }
  ASSERT_NO_FATAL_FAILURE(expect_merged(merged, merging, all_rows(*merged.table), nowhere_else(options)));
}

TEST(BlockMerging, JudgesItsInputs) {
  auto table = std::make_shared<SpanTable>();
  RandomTable({.seed = 66, .rows = 150, .keys = 12}).fill(*table);
  Merging merging;
  for (const auto& rows : deal(*table, 2, true, 66)) ASSERT_NO_FATAL_FAILURE(merging.add(table, rows, {16, 32}));
  ASSERT_GT(merging.inputs()[0]->counts().rows, 40U);
  ASSERT_GT(merging.inputs()[1]->counts().rows, 40U);
  auto whole = *merging.objects().get("input-1");
  auto expected = *merge_blocks(merging.inputs(), nowhere_else(), nullptr);
  std::mt19937 random(1);
  int merged = 0, refused = 0;
  for (int round = 0; round < 1500; ++round) {
    const bool behind_checksums = round % 2 == 1;
    std::string damaged = whole;
    // Half of them in the pages: what is in index and footer is judged when a block is opened.
    size_t reach = round % 4 < 2 ? damaged.size() / 2 : damaged.size();
    damaged[random() % reach] = static_cast<char>(random());
    ASSERT_TRUE(merging.objects().put("damaged", damaged));
    auto block = Block::open(merging.objects(), "damaged",
                             behind_checksums ? parquet::Checksums::ignore : parquet::Checksums::verify);
    if (!block) continue;
    std::shared_ptr<const Block> inputs[] = {merging.inputs()[0], *block};
    auto bytes = merge_blocks(inputs, nowhere_else(), nullptr);
    if (bytes) {
      ++merged;
      if (!behind_checksums) {
        ASSERT_EQ(*bytes, expected) << round;
      }
    } else {
      ++refused;
      ASSERT_EQ(bytes.error().code, ErrorCode::corruption) << bytes.error().message;
    }
  }
  EXPECT_GT(merged, 50);
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace clew::store
