#include "traceql/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "column/table_for_test.h"
#include "column/table_unit.h"
#include "traceql/attribute_values.h"

namespace clew::traceql {
namespace {

constexpr uint64_t kMillisecondNs = 1'000'000;
constexpr uint32_t kPageRows = 8;

// A table whose rows are in a block's order, read like a block: what is read of it is counted.
class CountedBlock final : public TableUnit {
 public:
  CountedBlock(std::string name, std::shared_ptr<const SpanTable> table)
      : TableUnit(std::move(name), table, table->rows()) {}

  bool is_live() const override { return false; }
  uint32_t page_rows() const override { return kPageRows; }
  std::pair<int64_t, int64_t> page_number_range(NumberColumn column, uint32_t page) const override {
    RowRange rows{page * kPageRows, std::min(this->rows(), (page + 1) * kPageRows)};
    std::vector<int64_t> values(rows.size());
    EXPECT_TRUE(TableUnit::numbers(column, rows, values.data()));
    auto [least, most] = std::ranges::minmax(values);
    return {least, most};
  }
  Status numbers(NumberColumn column, RowRange rows, int64_t* out) const override {
    pages_.emplace(static_cast<int>(column), rows.begin / kPageRows);
    return TableUnit::numbers(column, rows, out);
  }
  Status codes(ColumnId column, RowRange rows, uint32_t* out) const override {
    pages_.emplace(100 + static_cast<int>(column), rows.begin / kPageRows);
    return TableUnit::codes(column, rows, out);
  }

  Result<uint64_t> latest_start_ns(uint32_t traces) const override { return (*summaries())[traces - 1].start_ns; }

  // Pages of columns that were read since the last call.
  size_t take_pages_read() const {
    size_t count = pages_.size();
    pages_.clear();
    return count;
  }

 private:
  mutable std::set<std::pair<int, uint32_t>> pages_;
};

// Twenty blocks, one after the other in time, of 40 traces with two spans each; ids count up. Of each block's traces
// number 20 has an error in its child, and number 21 a child of 100 ms.
class SearchBlocks : public testing::Test {
 protected:
  static constexpr uint64_t kBlocks = 20;
  static constexpr uint64_t kTraces = 40;

  SearchBlocks() : budget_(std::make_shared<ReadBudget>()) {
    std::vector<std::shared_ptr<const Unit>> units;
    for (uint64_t b = kBlocks; b-- > 0;) {
      std::vector<SimpleSpan> spans;
      for (uint64_t t = 0; t < kTraces; ++t) {
        uint64_t id = b * kTraces + t + 1;
        uint64_t start = id * 10 * kMillisecondNs;
        spans.push_back({id, id * 2, 0, start, start + 5 * kMillisecondNs, SpanKind::server});
        spans.push_back({id, id * 2 + 1, id * 2, start + 1, start + (t == 21 ? 100 : 2) * kMillisecondNs,
                         SpanKind::client, t == 20 ? StatusCode::error : StatusCode::ok});
      }
      blocks_.push_back(std::make_shared<CountedBlock>("block" + std::to_string(b), table_of(spans)));
      units.push_back(blocks_.back());
    }
    snapshot_ = std::make_unique<Snapshot>(std::move(units), budget_);
  }

  // The low halves of the ids of the traces found.
  std::vector<uint64_t> search_ids(const std::string& text, uint32_t limit = 20) {
    auto query = parse(text);
    EXPECT_TRUE(query && !check(*query)) << text;
    for (const auto& block : blocks_) block->take_pages_read();
    auto answer = search(*snapshot_, *query, {.limit = limit});
    EXPECT_TRUE(answer);
    std::vector<uint64_t> out;
    for (const FoundTrace& trace : answer->traces) out.push_back(trace.id.lo);
    units_read_ = answer->units_read;
    return out;
  }
  size_t pages_read() const {
    size_t count = 0;
    for (const auto& block : blocks_) count += block->take_pages_read();
    return count;
  }

  std::shared_ptr<ReadBudget> budget_;
  std::vector<std::shared_ptr<CountedBlock>> blocks_;  // newest first
  std::unique_ptr<Snapshot> snapshot_;
  uint32_t units_read_ = 0;
};

TEST_F(SearchBlocks, ACommonValueTouchesOnlyTheNewestEndOfTheNewestBlock) {
  auto ids = search_ids("{ kind = client }", 5);
  EXPECT_THAT(ids, testing::ElementsAre(800, 799, 798, 797, 796));
  EXPECT_EQ(units_read_, 1U);
  // The last page, then four more, of the block's ten.
  EXPECT_EQ(budget_->inspected_spans, 5 * kPageRows);
  EXPECT_LE(pages_read(), 16U);
}

// What no dictionary has is looked for in none of the spans; without a condition only what is shown is looked at.
TEST_F(SearchBlocks, SaysWhatWasInspected) {
  EXPECT_THAT(search_ids("{ name = \"nowhere\" }"), testing::IsEmpty());
  EXPECT_EQ(budget_->inspected_spans, 0U);
  EXPECT_EQ(budget_->inspected_traces, 0U);
  EXPECT_THAT(search_ids("{}", 3), testing::ElementsAre(800, 799, 798));
  EXPECT_EQ(budget_->inspected_spans, 6U);
  EXPECT_EQ(budget_->inspected_traces, 3U);
  EXPECT_THAT(search_ids("{ status = error } && { kind = server }", 50), testing::SizeIs(kBlocks));
  EXPECT_LE(budget_->inspected_spans, 6 + 2 * kBlocks * kTraces);
  EXPECT_LE(budget_->inspected_traces, 3 + kBlocks * kTraces);
  EXPECT_GE(budget_->inspected_traces, 3 + kBlocks);
}

TEST(SearchLive, ReadsOnlyTheNewestEndAndWhatMayBeNewer) {
  // Forty pages in the order of time, but for a trace of the first page that starts last.
  std::vector<SimpleSpan> spans;
  for (uint64_t i = 0; i < 40 * kPageRows; ++i) {
    spans.push_back({i + 1, i + 1, 0, (i + 1) * kMillisecondNs, (i + 2) * kMillisecondNs, SpanKind::client});
  }
  auto ids = [&](uint32_t limit, ReadBudget& budget, std::shared_ptr<const Unit> unit) {
    auto query = parse("{ kind = client }");
    Snapshot snapshot({std::move(unit)}, std::shared_ptr<ReadBudget>(&budget, [](ReadBudget*) {}));
    auto answer = search(snapshot, *query, {.limit = limit});
    std::vector<uint64_t> out;
    for (const FoundTrace& trace : answer->traces) out.push_back(trace.id.lo);
    return out;
  };
  for (bool has_late : {false, true}) {
    if (has_late) spans[3].start_ns = spans[3].end_ns = 1000 * kMillisecondNs;
    auto table = std::make_shared<SpanTable>(kPageRows);
    auto rows = table_of(spans);
    std::vector<uint32_t> order(rows->rows());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    ASSERT_TRUE(TableUnit("rows", rows, rows->rows()).copy_rows(order, *table));
    table->publish();
    auto unit = std::make_shared<TableUnit>("live", table, table->rows());
    ReadBudget budget;
    if (has_late) {
      EXPECT_THAT(ids(3, budget, unit), testing::ElementsAre(4, 320, 319));
      EXPECT_EQ(budget.inspected_spans, table->rows());
    } else {
      EXPECT_THAT(ids(3, budget, unit), testing::ElementsAre(320, 319, 318));
      EXPECT_EQ(budget.inspected_spans, kPageRows);
    }
  }
}

TEST(SearchLive, PagesThatSomebodyReadAreNotReadForNothing) {
  // A rare error in page 5 of 10; status is a number, the name a code.
  std::vector<SimpleSpan> spans;
  for (uint64_t i = 0; i < 10 * kPageRows; ++i) {
    spans.push_back({i + 1, i + 1, 0, (i + 1) * kMillisecondNs, (i + 2) * kMillisecondNs, SpanKind::client,
                     i == 5 * kPageRows ? StatusCode::error : StatusCode::ok});
  }
  auto table = std::make_shared<SpanTable>(kPageRows);
  auto rows = table_of(spans);
  std::vector<uint32_t> order(rows->rows());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  ASSERT_TRUE(TableUnit("rows", rows, rows->rows()).copy_rows(order, *table));
  table->publish();
  TableUnit unit("live", table, table->rows());
  std::vector<int64_t> numbers(kPageRows);
  std::vector<uint32_t> codes(kPageRows);
  for (uint32_t page = 0; page < 10; ++page) {
    RowRange range{page * kPageRows, (page + 1) * kPageRows};
    EXPECT_EQ(unit.page_number_range(NumberColumn::status, page), std::pair(INT64_MIN, INT64_MAX));
    EXPECT_TRUE(unit.page_may_contain(kNameColumn, page, std::vector<uint32_t>{77}));
    ASSERT_TRUE(unit.numbers(NumberColumn::status, range, numbers.data()));
    ASSERT_TRUE(unit.codes(kNameColumn, range, codes.data()));
    EXPECT_EQ(unit.page_number_range(NumberColumn::status, page).second, page == 5 ? 2 : 1);
    EXPECT_TRUE(unit.page_may_contain(kNameColumn, page, std::vector<uint32_t>{codes[0], 77}));
    EXPECT_FALSE(unit.page_may_contain(kNameColumn, page, std::vector<uint32_t>{77}));
  }
}

TEST_F(SearchBlocks, ReadsOnAsLongAsOlderTracesBelongToTheAnswer) {
  EXPECT_EQ(search_ids("{ status = error }", 3), (std::vector<uint64_t>{781, 741, 701}));
  EXPECT_EQ(search_ids("{ status = error }", 100).size(), kBlocks);
}

TEST_F(SearchBlocks, AValueThatNoDictionaryHasReadsNoPage) {
  for (const char* text : {"{ name = \"other\" }", "{ .missing = 1 }", "{ name = \"other\" } >> { kind = client }",
                           "{ kind = client } && { name =~ \"o.*\" }", "{ kind = client } | { name = \"other\" }"}) {
    EXPECT_TRUE(search_ids(text).empty()) << text;
    EXPECT_EQ(pages_read(), 0U) << text;
  }
}

TEST_F(SearchBlocks, NumbersOutsideOfAPagesRangeAreNotRead) {
  EXPECT_TRUE(search_ids("{ duration > 10s }").empty());
  EXPECT_EQ(pages_read(), 0U);
  EXPECT_EQ(search_ids("{ duration >= 99ms }", 100).size(), kBlocks);
  // A page of durations per block, and what the answer shows of one trace.
  EXPECT_LE(pages_read(), kBlocks * 6);
}

TEST_F(SearchBlocks, TheRarerSideOfAPairSaysWhereTheOtherIsRead) {
  EXPECT_TRUE(search_ids("{ kind = server && duration > 100us } && { status = error && duration > 50ms }").empty());
  size_t both = pages_read();
  EXPECT_TRUE(search_ids("{ status = error && duration > 50ms }").empty());
  EXPECT_EQ(both, pages_read());
}

TEST_F(SearchBlocks, AStructureWithoutAMatchReadsNothingOfATraceButItsTree) {
  EXPECT_TRUE(search_ids("{ status = error } >> { kind = server }").empty());
  // Status, kind and parent rows of the page with the error, in each block.
  EXPECT_LE(pages_read(), kBlocks * 3);
  EXPECT_EQ(search_ids("{ kind = server } >> { status = error }", 100).size(), kBlocks);
}

TEST_F(SearchBlocks, ATraceIdIsLookedUpAndNotSearched) {
  const std::string zeros(30, '0');
  for (const std::string& text :
       {"{ trace:id = \"" + zeros + "2a\" }", std::string("{ trace:id = \"2a\" }"),
        std::string("{ \"2A\" = trace:id }"), std::string("{ trace:id = \"02a\" && kind = client }"),
        std::string("{ trace:id = \"2a\" } >> { kind = client }"),
        std::string("({ trace:id = \"2a\" }) && ({ kind = client })"),
        std::string("{ kind = client } | { trace:id = \"2a\" }")}) {
    EXPECT_EQ(search_ids(text), std::vector<uint64_t>{0x2a}) << text;
    EXPECT_EQ(pages_read(), 0U) << text;
  }
  EXPECT_EQ(search_ids("{ trace:id = \"1\" || trace:id = \"3\" }"), (std::vector<uint64_t>{3, 1}));
  EXPECT_EQ(pages_read(), 0U);
  for (const char* text : {"{ trace:id = \"ffff\" }", "{ trace:id = \"\" }", "{ trace:id = \"no id\" }",
                           "{ trace:id = \"2a\" && trace:id = \"2b\" }", "{ trace:id = \"2a\" && status = error }"}) {
    EXPECT_TRUE(search_ids(text).empty()) << text;
    EXPECT_EQ(pages_read(), 0U) << text;
  }
  EXPECT_EQ(search_ids("{ trace:id != \"2a\" }", 2), (std::vector<uint64_t>{800, 799}));
  EXPECT_EQ(search_ids("{ trace:id = \"2a\" || status = error }", 100).size(), kBlocks + 1);
}

TEST_F(SearchBlocks, ARangeHoldsTracesWithASpanInIt) {
  auto query = parse("{ }");
  // Trace 62 is from 620 to 720 ms because of its second span; the others are over after 5 ms.
  auto answer = search(*snapshot_, *query, {.start_ns = 700 * kMillisecondNs, .end_ns = 711 * kMillisecondNs});
  ASSERT_TRUE(answer);
  std::vector<uint64_t> ids;
  for (const FoundTrace& trace : answer->traces) ids.push_back(trace.id.lo);
  EXPECT_THAT(ids, testing::ElementsAre(71, 70, 62));
}

TEST_F(SearchBlocks, ValuesUnderAFilterAreCounted) {
  auto query = parse("{ status = error || duration > 50ms }");
  const Attribute kind{Intrinsic::kind, false, {}, {}, {}};
  auto values = attribute_values(*snapshot_, *query, kind, {});
  ASSERT_TRUE(values);
  ASSERT_EQ(values->values.size(), 1U);
  EXPECT_EQ(values->values[0].value.text, "client");
  EXPECT_EQ(values->values[0].spans, 2 * kBlocks);
  // The last block alone.
  values = attribute_values(*snapshot_, *query, kind,
                            {.start_ns = (kBlocks - 1) * kTraces * 10 * kMillisecondNs + 10 * kMillisecondNs});
  ASSERT_TRUE(values);
  EXPECT_EQ(values->values[0].spans, 2U);
  budget_->cancel();
  values = attribute_values(*snapshot_, *query, kind, {});
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, ErrorCode::cancelled);
}

TEST(OnlyFilter, IsNullForMoreThanOne) {
  for (const char* text : {"{ }", "{ .a = 1 && .b = 2 }", "({ .a })"})
    EXPECT_NE(only_filter(*parse(text)), nullptr) << text;
  for (const char* text : {"{ } && { }", "{ } | count() > 1", "({ } | { }) && ({ })", "{ } | rate()"}) {
    EXPECT_EQ(only_filter(*parse(text)), nullptr) << text;
  }
}

}  // namespace
}  // namespace clew::traceql
