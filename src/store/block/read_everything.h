// Reads all that a unit can be asked, for tests of damage: an error is the answer, never a crash.
#pragma once

#include <vector>

#include "column/span_table.h"
#include "column/unit.h"

namespace clew::store {

// Copies all spans to `out` and publishes it.
inline Status read_everything(const Unit& unit, SpanTable& out) {
  RowRange all{0, unit.rows()};
  std::vector<uint32_t> begins, codes;
  std::vector<int64_t> numbers(unit.rows());
  std::vector<uint64_t> ids(unit.rows());
  auto read_column = [&](ColumnId column) -> Status {
    ASSIGN_OR_RETURN(uint32_t entries, unit.entries(column));
    TRY(unit.multi_codes(column, all, begins, codes));
    for (uint32_t code = 0; code < entries; ++code) unit.entry(column, code);
    for (uint32_t page = 0; page * unit.page_rows() < unit.rows() && entries > 0; ++page) {
      uint32_t some[] = {0, entries - 1};
      unit.page_may_contain(column, page, some);
    }
    std::vector<uint32_t> found;
    return unit.find(column, ValueView::of_string("GET"), found);
  };
  for (ColumnId column = kNameColumn; column <= kTraceStateColumn; ++column) TRY(read_column(column));
  ASSIGN_OR_RETURN(auto attributes, unit.attributes());
  for (const AttributeColumn& attribute : attributes) TRY(read_column(attribute.id));
  for (auto column : {NumberColumn::start_ns, NumberColumn::duration_ns, NumberColumn::kind, NumberColumn::status,
                      NumberColumn::parent_row, NumberColumn::receive_ns, NumberColumn::bits}) {
    TRY(unit.numbers(column, all, numbers.data()));
  }
  for (auto column : {NestedNumber::event_since_start_ns, NestedNumber::link_trace_hi, NestedNumber::link_trace_lo,
                      NestedNumber::link_span}) {
    std::vector<int64_t> values;
    TRY(unit.nested_numbers(column, all, begins, values));
  }
  TRY(unit.span_ids(all, ids.data()));
  TRY(unit.parent_ids(all, ids.data()));
  ASSIGN_OR_RETURN(auto summaries, unit.summaries());
  ASSIGN_OR_RETURN([[maybe_unused]] auto listed, unit.listed());
  std::vector<uint32_t> rows, every;
  for (uint32_t trace = 0; trace < summaries.size(); ++trace) {
    ASSIGN_OR_RETURN([[maybe_unused]] auto found, unit.find_trace(summaries[trace].id));
    TRY(unit.trace_rows(trace, rows));
    every.insert(every.end(), rows.begin(), rows.end());
  }
  TRY(unit.copy_rows(every, out));
  out.publish();
  return {};
}

}  // namespace clew::store
