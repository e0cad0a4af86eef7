// A block beside the rows it must be equal to, for tests of writing, merging and reading.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "column/nested_records.h"
#include "column/table_unit.h"
#include "store/block/block.h"
#include "store/block/block_writer.h"
#include "store/block/memory_objects.h"
#include "store/block/random_spans.h"

namespace clew::store {

inline std::string describe(ValueView value) {
  return std::to_string(static_cast<int>(value.type)) + ":" + std::to_string(value.scalar) + ":" +
         testing::PrintToString(std::string(value.text));
}

inline std::string describe(std::string_view what, const Vocabulary& vocabulary, std::span<const uint32_t> keys,
                            std::span<const uint32_t> values) {
  // Order of different keys does not count, order of equal ones does.
  std::map<std::string, std::vector<std::string>> by_key;
  for (size_t i = 0; i < keys.size(); ++i) {
    by_key[std::string(vocabulary.key_at(keys[i]).name)].push_back(describe(vocabulary.values(keys[i]).at(values[i])));
  }
  return std::string(what) + testing::PrintToString(by_key) + "\n";
}

inline std::string describe_entity(std::string_view what, const Vocabulary& vocabulary, std::span<const uint32_t> words,
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
inline std::string describe(const SpanTable& table, uint32_t i) {
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
inline std::vector<uint32_t> expected_order(const SpanTable& table, std::span<const uint32_t> rows) {
  std::set<std::tuple<TraceId, uint64_t, uint8_t>> seen;
  std::vector<uint32_t> out;
  std::map<TraceId, uint64_t> starts;
  for (uint32_t i : rows) {
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
  mutable MemoryObjects objects;
  BlockSummary summary;
  std::string bytes;
  std::shared_ptr<const Block> block;
  std::shared_ptr<const Unit> unit;
  // The rows of the block, in its order, as a live unit: what it must be equal to.
  std::shared_ptr<SpanTable> sorted = std::make_shared<SpanTable>();
  std::unique_ptr<TableUnit> live;

  void seal(uint32_t rows, const BlockOptions& options = {}, std::vector<TraceId> listed = {}) {
    std::vector<uint32_t> all(rows);
    std::iota(all.begin(), all.end(), 0U);
    seal(all, options, listed);
  }
  void seal(std::span<const uint32_t> rows, const BlockOptions& options, std::vector<TraceId> listed) {
    auto written = write_block(*table, rows, listed, options, &summary);
    ASSERT_TRUE(written) << written.error().message;
    hold(*written, rows, listed);
  }
  // These bytes are to be the block of those rows.
  void hold(std::string written, std::span<const uint32_t> rows, const std::vector<TraceId>& listed) {
    bytes = std::move(written);
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

inline const BlockOptions kSmall{16, 64};

inline std::vector<std::string> cells(const Unit& unit, ColumnId column, RowRange range) {
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

inline void expect_equal_columns(const Sealed& sealed) {
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

inline void expect_equal_numbers(const Sealed& sealed) {
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

inline void expect_equal_traces(const Sealed& sealed) {
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
    auto shares = block.shares_span_ids(trace), really = live.shares_span_ids(trace);
    ASSERT_TRUE(shares && really);
    EXPECT_EQ(*shares, *really) << "trace " << trace;
  }
  EXPECT_EQ(*block.find_trace(TraceId{1, 2}), std::nullopt);
  auto listed = block.listed();
  auto expected = live.listed();
  EXPECT_THAT(std::vector(listed->begin(), listed->end()),
              testing::ElementsAreArray(std::vector(expected->begin(), expected->end())));
  EXPECT_EQ(block.min_start_ns(), live.min_start_ns());
  EXPECT_EQ(block.max_end_ns(), live.max_end_ns());
}

}  // namespace clew::store
