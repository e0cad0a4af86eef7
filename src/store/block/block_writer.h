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
#include "store/parquet/page.h"

namespace clew::store {

struct BlockOptions {
  uint32_t page_rows = 8192;
  uint32_t row_group_rows = 1'048'576;  // a multiple of page_rows
  size_t max_page_bytes = parquet::kMaxPageBytes;
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

// The table's rows of these numbers, ascending. `listed` are traces known from earlier units; those without a root here
// are listed too. `summary` may be null. The table may grow meanwhile; other rows are not looked at, but a column's
// types and encoding are chosen by the whole table's dictionaries. Row groups and pages get fewer rows than `options`
// say when the values of a column would not fit a page; only a single row that does not fit is resource_exhausted.
Result<std::string> write_block(const SpanTable& table, std::span<const uint32_t> rows, std::span<const TraceId> listed,
                                const BlockOptions& options, BlockSummary* summary);

// All rows below `rows`.
Result<std::string> write_block(const SpanTable& table, uint32_t rows, std::span<const TraceId> listed,
                                const BlockOptions& options, BlockSummary* summary);

}  // namespace clew::store
