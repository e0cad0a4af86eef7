// Sealing: the rows of a table as the bytes of a block (docs/internals/block.md).
//
// A function of its arguments alone: the same rows give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "column/span_table.h"
#include "model/ids.h"

namespace clew::store {

struct BlockOptions {
  uint32_t page_rows = 8192;
  uint32_t row_group_rows = 262'144;  // a multiple of page_rows
};

struct BlockSummary {
  uint64_t rows = 0;
  uint64_t traces = 0;
  uint64_t bytes = 0;
  uint64_t duplicates = 0;  // rows that were not written: same trace, span id and kind as one received before
  // Of the rows written; min > max when there are none.
  uint64_t min_start_ns = ~uint64_t{0};
  uint64_t max_end_ns = 0;
  uint64_t min_receive_ns = ~uint64_t{0};
  uint64_t max_receive_ns = 0;
};

// `listed` are traces known from earlier units; those without a root here are listed too. `summary` may be null.
// The table may grow meanwhile; rows from `rows` on are not looked at.
// resource_exhausted when the values of a column take more than 1 GiB.
Result<std::string> write_block(const SpanTable& table, uint32_t rows, std::span<const TraceId> listed,
                                const BlockOptions& options, BlockSummary* summary);

}  // namespace clew::store
