#include "column/table_unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "column/snapshot.h"
#include "column/table_for_test.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Three spans: one with everything, one with nothing, one with the span attribute of another type.
std::shared_ptr<SpanTable> mixed_table() {
  OwnedBatch owned;
  const AttributeView shop[] = {{"service.name", ValueView::of_string("shop")}};
  uint32_t shop_resource = add_resource(owned.vocabulary, shop);
  uint32_t no_resource = add_resource(owned.vocabulary, {});
  uint32_t scope = add_scope(owned.vocabulary, "lib", "2", shop);
  uint32_t no_scope = add_scope(owned.vocabulary, "", "");
  SpanBuilder span(owned.batch);
  span.row().trace = {0, 1};
  span.row().span = 11;
  span.row().start_ns = 100;
  span.row().end_ns = 300;
  span.row().resource = shop_resource;
  span.row().scope = scope;
  span.row().receive_ns = 1000;
  span.name("first");
  span.status_message("message");
  span.trace_state("state");
  span.attribute("k", ValueView::of_string("v"));
  span.attribute("k", ValueView::of_string("twice"));
  span.begin_event(1, "e1");
  span.attribute("ek", ValueView::of_int(1));
  span.begin_event(2, "e2");
  span.begin_event(3, "e1");
  span.attribute("ek", ValueView::of_int(3));
  span.begin_link({5, 6}, {7});
  span.attribute("lk", ValueView::of_int(9));
  span.finish();
  for (int i = 0; i < 2; ++i) {
    span.row().trace = {0, 2};
    span.row().span = static_cast<uint64_t>(20 + i);
    span.row().parent = 20;
    span.row().start_ns = ~uint64_t{0};
    span.row().resource = no_resource;
    span.row().scope = no_scope;
    span.name("later");
    if (i == 1) span.attribute("k", ValueView::of_int(5));
    span.finish();
  }
  auto table = std::make_shared<SpanTable>();
  append_batch(owned.batch, *table);
  return table;
}

class MixedUnit : public testing::Test {
 protected:
  std::vector<ValueView> values(ColumnId column) {
    std::vector<uint32_t> codes(3);
    EXPECT_TRUE(unit_.codes(column, {0, 3}, codes.data()));
    return views(column, codes);
  }
  // The values of a row that may have several.
  std::vector<ValueView> values_of(ColumnId column, uint32_t row) {
    std::vector<uint32_t> begins, codes;
    EXPECT_TRUE(unit_.multi_codes(column, {0, 3}, begins, codes));
    EXPECT_THAT(begins, SizeIs(4));
    return views(column, {codes.begin() + begins[row], codes.begin() + begins[row + 1]});
  }
  std::vector<ValueView> views(ColumnId column, const std::vector<uint32_t>& codes) {
    std::vector<ValueView> out;
    for (uint32_t code : codes) {
      out.push_back(code == kNoCode ? ValueView::of_string("(none)") : unit_.entry(column, code));
    }
    return out;
  }
  ColumnId column(Scope scope, std::string_view name) { return unit_.attribute(scope, name)->value(); }

  TableUnit unit_{"unit", mixed_table(), 3};
};

const ValueView kAbsent = ValueView::of_string("(none)");
ValueView text(std::string_view t) {
  return ValueView::of_string(t);
}

TEST_F(MixedUnit, CodesOfEveryKindOfColumn) {
  EXPECT_THAT(values(kNameColumn), ElementsAre(text("first"), text("later"), text("later")));
  EXPECT_THAT(values(kStatusMessageColumn), ElementsAre(text("message"), text(""), text("")));
  EXPECT_THAT(values(kTraceStateColumn), ElementsAre(text("state"), text(""), text("")));
  EXPECT_THAT(values(kScopeNameColumn), ElementsAre(text("lib"), text(""), text("")));
  EXPECT_THAT(values(kScopeVersionColumn), ElementsAre(text("2"), text(""), text("")));
  EXPECT_THAT(values(column(Scope::span, "k")), ElementsAre(text("v"), kAbsent, ValueView::of_int(5)));
  EXPECT_THAT(values(column(Scope::resource, "service.name")), ElementsAre(text("shop"), kAbsent, kAbsent));
  EXPECT_THAT(values(column(Scope::instrumentation, "service.name")), ElementsAre(text("shop"), kAbsent, kAbsent));
}

TEST_F(MixedUnit, SeveralCodesOfARow) {
  EXPECT_TRUE(unit_.is_multi(kEventNameColumn));
  EXPECT_FALSE(unit_.is_multi(kNameColumn));
  EXPECT_TRUE(unit_.is_multi(column(Scope::event, "ek")));
  EXPECT_TRUE(unit_.is_multi(column(Scope::link, "lk")));
  EXPECT_THAT(values_of(kEventNameColumn, 0), ElementsAre(text("e1"), text("e2"), text("e1")));
  EXPECT_THAT(values_of(kEventNameColumn, 1), IsEmpty());
  EXPECT_THAT(values_of(column(Scope::event, "ek"), 0), ElementsAre(ValueView::of_int(1), ValueView::of_int(3)));
  EXPECT_THAT(values_of(column(Scope::link, "lk"), 0), ElementsAre(ValueView::of_int(9)));
  EXPECT_THAT(values_of(column(Scope::span, "k"), 2), ElementsAre(ValueView::of_int(5)));
  EXPECT_THAT(values_of(column(Scope::span, "k"), 1), IsEmpty());
}

TEST_F(MixedUnit, NestedNumbers) {
  std::vector<uint32_t> begins;
  std::vector<int64_t> numbers;
  ASSERT_TRUE(unit_.nested_numbers(NestedNumber::event_since_start_ns, {0, 3}, begins, numbers));
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
  EXPECT_THAT(begins, ElementsAre(0, 3, 3, 3));
  ASSERT_TRUE(unit_.nested_numbers(NestedNumber::link_trace_hi, {0, 1}, begins, numbers));
  EXPECT_THAT(numbers, ElementsAre(5));
  ASSERT_TRUE(unit_.nested_numbers(NestedNumber::link_trace_lo, {0, 1}, begins, numbers));
  EXPECT_THAT(numbers, ElementsAre(6));
  ASSERT_TRUE(unit_.nested_numbers(NestedNumber::link_span, {0, 1}, begins, numbers));
  EXPECT_THAT(numbers, ElementsAre(7));
}

TEST_F(MixedUnit, Numbers) {
  auto numbers = [&](NumberColumn column) {
    std::vector<int64_t> out(3);
    EXPECT_TRUE(unit_.numbers(column, {0, 3}, out.data()));
    return out;
  };
  EXPECT_THAT(numbers(NumberColumn::start_ns), ElementsAre(100, INT64_MAX, INT64_MAX));
  EXPECT_THAT(numbers(NumberColumn::duration_ns), ElementsAre(200, 0, 0));
  EXPECT_THAT(numbers(NumberColumn::bits), ElementsAre(kHasNested, kEndBeforeStart, kEndBeforeStart));
  EXPECT_THAT(numbers(NumberColumn::receive_ns), ElementsAre(1000, 0, 0));
  EXPECT_THAT(numbers(NumberColumn::parent_row), ElementsAre(-1, -1, 1)) << "a span is not its own parent";
}

TEST_F(MixedUnit, FindsValuesAndKeys) {
  std::vector<uint32_t> codes;
  ASSERT_TRUE(unit_.find(column(Scope::span, "k"), ValueView::of_int(5), codes));
  ASSERT_THAT(codes, SizeIs(1));
  EXPECT_EQ(unit_.entry(column(Scope::span, "k"), codes[0]), ValueView::of_int(5));
  EXPECT_FALSE(unit_.attribute(Scope::span, "service.name")->has_value());
  EXPECT_THAT(*unit_.attributes(), SizeIs(5));
  EXPECT_FALSE(unit_.page_may_contain(kNameColumn, 0, {}));
}

TEST_F(MixedUnit, CopiesWholeRows) {
  SpanTable copy;
  ASSERT_TRUE(unit_.copy_rows(std::vector<uint32_t>{2, 0}, copy));
  EXPECT_EQ(copy.rows(), 0);
  copy.publish();
  ASSERT_EQ(copy.rows(), 2);
  EXPECT_EQ(copy.span(0), 21);
  EXPECT_EQ(copy.span(1), 11);
  EXPECT_EQ(copy.words(1).size(), unit_.table().words(0).size());
  EXPECT_EQ(copy.receive_ns(1), 1000);
}

std::vector<int64_t> parents_of(const TableUnit& unit, uint32_t step) {
  std::vector<int64_t> out(unit.rows());
  for (uint32_t begin = 0; begin < unit.rows(); begin += step) {
    uint32_t end = std::min(unit.rows(), begin + step);
    EXPECT_TRUE(unit.numbers(NumberColumn::parent_row, {begin, end}, out.data() + begin));
  }
  return out;
}

TEST(TableUnit, ParentsAreRowsOfTheSameTrace) {
  TableUnit unit("u",
                 table_of({{.trace = 1, .span = 2, .parent = 1},  // before its parent
                           {.trace = 1, .span = 1},
                           {.trace = 2, .span = 3, .parent = 1},   // another trace
                           {.trace = 1, .span = 4, .parent = 99},  // nowhere
                           {.trace = 1, .span = 5, .parent = 2}}),
                 5);
  EXPECT_THAT(parents_of(unit, 5), ElementsAre(1, -1, -1, -1, 0));
  EXPECT_THAT(parents_of(unit, 2), ElementsAre(1, -1, -1, -1, 0));
}

TEST(TableUnit, OfTwoSpansThatShareAnIdTheServerIsTheParent) {
  TableUnit unit("u",
                 table_of({{.trace = 1, .span = 1},
                           {.trace = 1, .span = 2, .parent = 1, .kind = SpanKind::client},
                           {.trace = 1, .span = 2, .parent = 2, .kind = SpanKind::server},
                           {.trace = 1, .span = 3, .parent = 2},
                           {.trace = 1, .span = 4, .kind = SpanKind::client},
                           {.trace = 1, .span = 4, .kind = SpanKind::internal},
                           {.trace = 1, .span = 5, .parent = 4}}),
                 7);
  EXPECT_THAT(parents_of(unit, 7), ElementsAre(-1, 0, 1, 2, -1, -1, 4)) << "without a server the one received first";
}

// Quadratic work here would be 10^10 steps.
TEST(TableUnit, ParentsOfALargeTraceAreFoundInPages) {
  std::vector<SimpleSpan> spans;
  constexpr uint32_t kSpans = 100'000;
  for (uint64_t i = 0; i < kSpans; ++i) spans.push_back({.trace = 1, .span = i + 1, .parent = i});
  TableUnit unit("u", table_of(spans), kSpans);
  auto parents = parents_of(unit, unit.page_rows());
  for (uint32_t i = 0; i < kSpans; ++i) ASSERT_EQ(parents[i], static_cast<int64_t>(i) - 1);
}

TEST(TableUnit, SummarisesItsTraces) {
  auto table =
      table_of({{.trace = 1, .span = 2, .parent = 1, .start_ns = 50, .end_ns = 90, .status = StatusCode::error},
                {.trace = 2, .span = 3, .parent = 8, .start_ns = 10, .end_ns = 5},
                {.trace = 1, .span = 9, .start_ns = 45, .end_ns = 60},
                {.trace = 1, .span = 1, .start_ns = 40, .end_ns = 80},
                {.trace = 3, .span = 4, .start_ns = 1, .end_ns = 2}});
  TableUnit unit("u", table, 4, {{0, 1}});  // the last row came later
  auto summaries = *unit.summaries();
  ASSERT_THAT(summaries, SizeIs(2));
  EXPECT_EQ(summaries[0].id, (TraceId{0, 1}));
  EXPECT_EQ(summaries[0].start_ns, 40);
  EXPECT_EQ(summaries[0].end_ns, 90);
  EXPECT_EQ(summaries[0].spans, 3);
  EXPECT_EQ(summaries[0].errors, 1);
  EXPECT_EQ(summaries[0].root_row, 3) << "the root that starts first";
  EXPECT_EQ(summaries[1].root_row, kNoRow);
  EXPECT_EQ(summaries[1].end_ns, 10) << "an end before its start does not count";
  EXPECT_EQ(unit.min_start_ns(), 10);
  EXPECT_EQ(unit.max_end_ns(), 90);
  EXPECT_THAT(*unit.listed(), ElementsAre(TraceId{0, 1}, TraceId{0, 2})) << "known before, and without a root";
  EXPECT_FALSE(unit.find_trace({0, 3})->has_value());
  EXPECT_EQ(unit.find_trace({0, 2})->value(), 1);
  std::vector<uint32_t> rows{7};
  ASSERT_TRUE(unit.trace_rows(0, rows));
  EXPECT_THAT(rows, ElementsAre(3, 2, 0)) << "by start";
}

TEST(TableUnit, AnEmptyOneHasNoTime) {
  TableUnit unit("u", std::make_shared<SpanTable>(), 0);
  EXPECT_GT(unit.min_start_ns(), unit.max_end_ns());
  EXPECT_THAT(*unit.summaries(), IsEmpty());
}

std::shared_ptr<const Unit> unit_of(const std::vector<SimpleSpan>& spans, std::vector<TraceId> listed = {}) {
  auto table = table_of(spans);
  return std::make_shared<TableUnit>("u", table, table->rows(), std::move(listed));
}

TEST(Snapshot, GathersATraceOverUnitsWithoutDuplicates) {
  Snapshot snapshot({unit_of({{.trace = 1, .span = 1, .kind = SpanKind::client, .receive_ns = 20},
                              {.trace = 2, .span = 1},
                              {.trace = 1, .span = 2, .receive_ns = 20}}),
                     unit_of({{.trace = 1, .span = 1, .start_ns = 5, .kind = SpanKind::client, .receive_ns = 10},
                              {.trace = 1, .span = 1, .kind = SpanKind::server, .receive_ns = 10},
                              {.trace = 1, .span = 2, .receive_ns = 30},
                              {.trace = 3, .span = 7}})},
                    std::make_shared<ReadBudget>());
  auto table = *snapshot.gather(std::vector<TraceId>{{0, 1}, {0, 3}, {0, 4}});
  std::vector<std::tuple<uint64_t, uint64_t, uint8_t, uint64_t>> got;
  for (uint32_t i = 0; i < table->rows(); ++i) {
    got.emplace_back(table->trace_id(table->trace_of(i)).lo, table->span(i), table->kind(i), table->receive_ns(i));
  }
  uint8_t internal = 1, server = 2, client = 3;
  EXPECT_THAT(got, testing::UnorderedElementsAre(std::tuple(1, 1, client, 10), std::tuple(1, 1, server, 10),
                                                 std::tuple(1, 2, internal, 20), std::tuple(3, 7, internal, 1)));
}

TEST(Snapshot, ListsWhatAnyUnitLists) {
  Snapshot snapshot({unit_of({{.trace = 1, .span = 1, .parent = 9}}), unit_of({{.trace = 1, .span = 9}}),
                     unit_of({{.trace = 2, .span = 1}}, {{0, 5}})},
                    std::make_shared<ReadBudget>());
  std::set<TraceId> listed;
  const auto lists = snapshot.listed();
  ASSERT_TRUE(lists);
  for (const auto& list : *lists) listed.insert(list.begin(), list.end());
  EXPECT_THAT(listed, ElementsAre(TraceId{0, 1}, TraceId{0, 5}));
}

}  // namespace
}  // namespace clew
