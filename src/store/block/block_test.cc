#include "store/block/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "column/nested_records.h"
#include "column/table_unit.h"
#include "store/block/block_writer.h"
#include "store/block/memory_objects.h"
#include "store/block/random_spans.h"
#include "store/block/read_everything.h"

namespace clew::store {
namespace {

std::string describe(ValueView value) {
  return std::to_string(static_cast<int>(value.type)) + ":" + std::to_string(value.scalar) + ":" +
         testing::PrintToString(std::string(value.text));
}

std::string describe(std::string_view what, const Vocabulary& vocabulary, std::span<const uint32_t> keys,
                     std::span<const uint32_t> values) {
  // Order of different keys does not count, order of equal ones does.
  std::map<std::string, std::vector<std::string>> by_key;
  for (size_t i = 0; i < keys.size(); ++i) {
    by_key[std::string(vocabulary.key_at(keys[i]).name)].push_back(describe(vocabulary.values(keys[i]).at(values[i])));
  }
  return std::string(what) + testing::PrintToString(by_key) + "\n";
}

std::string describe_entity(std::string_view what, const Vocabulary& vocabulary, std::span<const uint32_t> words,
                            size_t pairs) {
  std::string out(what);
  for (size_t i = 0; i < pairs; ++i) {
    bool number = i == kDroppedWord;
    out += number ? std::to_string(words[i]) : testing::PrintToString(std::string(vocabulary.text_at(words[i])));
    out += ",";
  }
  std::vector<uint32_t> keys, values;
  for (size_t i = pairs; i + 1 < words.size(); i += 2) {
    keys.push_back(words[i]);
    values.push_back(words[i + 1]);
  }
  return out + describe("", vocabulary, keys, values);
}

// Everything that OTLP sent of a span.
std::string describe(const SpanTable& table, uint32_t i) {
  const Vocabulary& vocabulary = table.vocabulary;
  SpanRow row = table.row(i);
  std::string out = row.trace.hex() + " " + SpanId{row.span}.hex() + " " + SpanId{row.parent}.hex() + "\n";
  for (uint64_t number : {row.start_ns, row.end_ns, row.receive_ns, static_cast<uint64_t>(row.kind),
                          static_cast<uint64_t>(row.status), uint64_t{row.bits}}) {
    out += std::to_string(number) + " ";
  }
  out += std::string(vocabulary.names.at(row.name).text) + "\n";
  Envelope e = Envelope::from(vocabulary.envelopes.at(row.envelope));
  out += std::string(vocabulary.text_at(e.trace_state)) + "|" + std::string(vocabulary.text_at(e.status_message)) + "|";
  for (uint32_t number :
       {e.flags, e.dropped_attributes, e.dropped_events, e.dropped_links, std::bit_cast<uint32_t>(e.weight)}) {
    out += std::to_string(number) + " ";
  }
  out += describe_entity("\nresource ", vocabulary, vocabulary.resources.at(row.resource), kResourcePairs);
  out += describe_entity("scope ", vocabulary, vocabulary.scopes.at(row.scope), kScopePairs);
  auto words = table.words(i);
  auto keys = vocabulary.shapes.at(row.shape);
  out += describe("span ", vocabulary, keys, words.first(keys.size()));
  if (row.bits & kHasNested) {
    walk_nested(
        words.subspan(keys.size()), vocabulary.shapes,
        [&](const EventRecord& event) {
          out += "event " + std::to_string(event.since_start_ns) + " " +
                 std::string(vocabulary.event_names.at(event.name).text) + " " +
                 std::to_string(event.dropped_attributes);
          out += describe("", vocabulary, vocabulary.shapes.at(event.shape), event.values);
        },
        [&](const LinkRecord& link) {
          out += "link " + link.trace.hex() + link.span.hex() + " " +
                 std::string(vocabulary.text_at(link.trace_state)) + " " + std::to_string(link.flags) + " " +
                 std::to_string(link.dropped_attributes);
          out += describe("", vocabulary, vocabulary.shapes.at(link.shape), link.values);
        });
  }
  return out;
}

// The table's rows in the order that docs/internals/block.md §1 gives them, computed the slow way.
std::vector<uint32_t> expected_order(const SpanTable& table, uint32_t rows) {
  std::set<std::tuple<TraceId, uint64_t, uint8_t>> seen;
  std::vector<uint32_t> out;
  std::map<TraceId, uint64_t> starts;
  for (uint32_t i = 0; i < rows; ++i) {
    SpanRow row = table.row(i);
    if (!seen.emplace(row.trace, row.span, static_cast<uint8_t>(row.kind)).second) continue;
    out.push_back(i);
    auto [start, fresh] = starts.emplace(row.trace, row.start_ns);
    start->second = std::min(start->second, row.start_ns);
  }
  std::ranges::sort(out, {}, [&](uint32_t i) {
    SpanRow row = table.row(i);
    return std::tuple(starts[row.trace], row.trace, row.start_ns, row.span, i);
  });
  return out;
}

struct Sealed {
  std::shared_ptr<SpanTable> table = std::make_shared<SpanTable>();
  std::vector<uint32_t> order;
  MemoryObjects objects;
  BlockSummary summary;
  std::string bytes;
  std::shared_ptr<const Block> block;
  std::shared_ptr<const Unit> unit;
  // The rows of the block, in its order, as a live unit: what it must be equal to.
  std::shared_ptr<SpanTable> sorted = std::make_shared<SpanTable>();
  std::unique_ptr<TableUnit> live;

  void seal(uint32_t rows, const BlockOptions& options = {}, std::vector<TraceId> listed = {}) {
    auto written = write_block(*table, rows, listed, options, &summary);
    ASSERT_TRUE(written) << written.error().message;
    bytes = *written;
    ASSERT_TRUE(objects.put("b", bytes));
    open();
    order = expected_order(*table, rows);
    ASSERT_TRUE(TableUnit("all", table, table->rows()).copy_rows(order, *sorted));
    sorted->publish();
    live = std::make_unique<TableUnit>("sorted", sorted, sorted->rows(), listed);
  }
  void open() {
    auto opened = Block::open(objects, "b");
    ASSERT_TRUE(opened) << opened.error().message;
    block = *opened;
    unit = block->unit(std::make_shared<ReadBudget>());
  }
};

const BlockOptions kSmall{16, 64};

void expect_equal_spans(const Sealed& sealed) {
  ASSERT_EQ(sealed.unit->rows(), sealed.order.size());
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < sealed.unit->rows(); ++i) rows.push_back(i);
  SpanTable copied;
  Status status = sealed.unit->copy_rows(rows, copied);
  ASSERT_TRUE(status) << status.error().message;
  copied.publish();
  ASSERT_EQ(copied.rows(), rows.size());
  for (uint32_t i : rows) {
    ASSERT_EQ(describe(copied, i), describe(*sealed.table, sealed.order[i])) << "row " << i;
  }
}

std::vector<std::string> cells(const Unit& unit, ColumnId column, RowRange range) {
  std::vector<uint32_t> begins, codes;
  Status status = unit.multi_codes(column, range, begins, codes);
  EXPECT_TRUE(status) << status.error().message;
  auto entries = unit.entries(column);
  EXPECT_TRUE(entries);
  std::vector<std::string> out;
  for (uint32_t i = 0; i < range.size(); ++i) {
    std::string cell;
    for (uint32_t at = begins[i]; at < begins[i + 1]; ++at) {
      EXPECT_LT(codes[at], *entries);
      cell += describe(unit.entry(column, codes[at])) + ";";
    }
    out.push_back(cell);
  }
  return out;
}

void expect_equal_columns(const Sealed& sealed) {
  const Unit& block = *sealed.unit;
  const Unit& live = *sealed.live;
  RowRange all{0, block.rows()};
  for (ColumnId column : {kNameColumn, kStatusMessageColumn, kScopeNameColumn, kScopeVersionColumn, kEventNameColumn,
                          kTraceStateColumn}) {
    EXPECT_EQ(cells(block, column, all), cells(live, column, all)) << "column " << column;
  }
  std::set<std::pair<Scope, std::string>> block_keys, live_keys;
  auto attributes = live.attributes();
  auto block_attributes = block.attributes();
  for (const auto& attribute : *block_attributes) block_keys.emplace(attribute.scope, attribute.name);
  for (const AttributeColumn& attribute : *attributes) {
    std::vector<std::string> expected = cells(live, attribute.id, all);
    bool occurs = std::ranges::any_of(expected, [](const std::string& cell) { return !cell.empty(); });
    auto id = block.attribute(attribute.scope, attribute.name);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->has_value(), occurs) << attribute.name;
    if (!*id) continue;
    live_keys.emplace(attribute.scope, attribute.name);
    EXPECT_EQ(block.is_multi(**id), live.is_multi(attribute.id));
    EXPECT_EQ(cells(block, **id, all), expected) << name_of(attribute.scope) << "." << attribute.name;
  }
  EXPECT_EQ(block_keys, live_keys);
}

void expect_equal_numbers(const Sealed& sealed) {
  const Unit& block = *sealed.unit;
  const Unit& live = *sealed.live;
  uint32_t rows = block.rows();
  RowRange all{0, rows};
  for (NumberColumn column :
       {NumberColumn::start_ns, NumberColumn::duration_ns, NumberColumn::kind, NumberColumn::status,
        NumberColumn::receive_ns, NumberColumn::bits, NumberColumn::parent_row}) {
    std::vector<int64_t> got(rows), want(rows);
    Status status = block.numbers(column, all, got.data());
    ASSERT_TRUE(status) << status.error().message;
    ASSERT_TRUE(live.numbers(column, all, want.data()));
    EXPECT_EQ(got, want) << "number column " << static_cast<int>(column);
  }
  for (NestedNumber column : {NestedNumber::event_since_start_ns, NestedNumber::link_trace_hi,
                              NestedNumber::link_trace_lo, NestedNumber::link_span}) {
    std::vector<uint32_t> got_begins, want_begins;
    std::vector<int64_t> got, want;
    ASSERT_TRUE(block.nested_numbers(column, all, got_begins, got));
    ASSERT_TRUE(live.nested_numbers(column, all, want_begins, want));
    EXPECT_EQ(got_begins, want_begins);
    EXPECT_EQ(got, want);
  }
  std::vector<uint64_t> got_ids(rows), want_ids(rows);
  ASSERT_TRUE(block.span_ids(all, got_ids.data()));
  ASSERT_TRUE(live.span_ids(all, want_ids.data()));
  EXPECT_EQ(got_ids, want_ids);
  ASSERT_TRUE(block.parent_ids(all, got_ids.data()));
  ASSERT_TRUE(live.parent_ids(all, want_ids.data()));
  EXPECT_EQ(got_ids, want_ids);
}

void expect_equal_traces(const Sealed& sealed) {
  const Unit& block = *sealed.unit;
  const Unit& live = *sealed.live;
  ASSERT_EQ(block.traces(), live.traces());
  auto got = block.summaries();
  auto want = live.summaries();
  ASSERT_TRUE(got) << got.error().message;
  std::vector<uint32_t> numbers(block.rows());
  ASSERT_TRUE(block.trace_numbers({0, block.rows()}, numbers.data()));
  for (uint32_t trace = 0; trace < block.traces(); ++trace) {
    const TraceSummary& a = (*got)[trace];
    const TraceSummary& b = (*want)[trace];
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(std::tuple(a.start_ns, a.end_ns, a.spans, a.errors, a.root_row),
              std::tuple(b.start_ns, b.end_ns, b.spans, b.errors, b.root_row))
        << "trace " << trace;
    auto found = block.find_trace(a.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, std::optional(trace));
    std::vector<uint32_t> rows, expected;
    ASSERT_TRUE(block.trace_rows(trace, rows));
    ASSERT_TRUE(live.trace_rows(trace, expected));
    EXPECT_EQ(rows, expected);
    for (uint32_t row : rows) EXPECT_EQ(numbers[row], trace);
  }
  EXPECT_EQ(*block.find_trace(TraceId{1, 2}), std::nullopt);
  auto listed = block.listed();
  auto expected = live.listed();
  EXPECT_THAT(std::vector(listed->begin(), listed->end()),
              testing::ElementsAreArray(std::vector(expected->begin(), expected->end())));
  EXPECT_EQ(block.min_start_ns(), live.min_start_ns());
  EXPECT_EQ(block.max_end_ns(), live.max_end_ns());
}

struct Case {
  const char* name;
  RandomSpans spans;
  BlockOptions options;
};

class BlockEquality : public testing::TestWithParam<Case> {};

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

INSTANTIATE_TEST_SUITE_P(Tables, BlockEquality,
                         testing::Values(Case{"empty", {.seed = 1, .rows = 0}, {}},
                                         Case{"one_row", {.seed = 2, .rows = 1}, {}},
                                         Case{"one_page", {.seed = 3, .rows = 300}, {}},
                                         Case{"many_row_groups", {.seed = 4, .rows = 700}, kSmall},
                                         Case{"page_of_one", {.seed = 5, .rows = 40}, {1, 3}},
                                         Case{"six_hundred_keys", {.seed = 6, .rows = 2000, .keys = 600}, {256, 1024}},
                                         Case{"many_duplicates", {.seed = 7, .rows = 400, .duplicates = 0.5}, kSmall},
                                         Case{"plain_values", {.seed = 8, .rows = 3000, .keys = 12}, {128, 1024}}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Block, SameRowsGiveTheSameBytes) {
  Sealed first, second;
  RandomTable({.seed = 9, .rows = 400}).fill(*first.table);
  RandomTable({.seed = 9, .rows = 400}).fill(*second.table);
  ASSERT_NO_FATAL_FAILURE(first.seal(400, kSmall));
  ASSERT_NO_FATAL_FAILURE(second.seal(400, kSmall));
  EXPECT_EQ(first.bytes, second.bytes);
}

TEST(Block, TakesOnlyTheRowsItWasTold) {
  Sealed sealed;
  RandomTable({.seed = 10, .rows = 300}).fill(*sealed.table);
  ASSERT_NO_FATAL_FAILURE(sealed.seal(120, kSmall));
  expect_equal_spans(sealed);
  expect_equal_traces(sealed);
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
  std::vector<ColumnId> columns{kNameColumn, kScopeNameColumn, kStatusMessageColumn};
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
