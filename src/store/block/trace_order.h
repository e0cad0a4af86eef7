// The order of a block's rows (docs/internals/block.md §1), made from a table's rows: without duplicates, by trace
// start, trace, span start, span id, order of receipt; with each row's parent and each trace's summary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "column/span_table.h"

namespace clew::store {

// No parent id, or a parent that is not in the block.
inline constexpr uint32_t kNoParentRow = 0xffffffffU;

struct TraceRun {
  TraceId id;
  uint32_t first_row = 0;
  uint32_t spans = 0;
  uint32_t errors = 0;
  uint32_t root = 0;  // the root's row minus first_row, plus 1; 0: none
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
};

struct TraceOrder {
  std::vector<uint32_t> rows;     // of the table, one per row of the block
  std::vector<uint32_t> parents;  // rows of the block, or kNoParentRow
  std::vector<TraceRun> traces;
  uint64_t duplicates = 0;
};

// Of these rows of the table, which are in order of receipt (ascending).
TraceOrder order_traces(const SpanTable& table, std::span<const uint32_t> rows);

}  // namespace clew::store
