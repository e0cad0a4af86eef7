// The order of a merged block's rows: every input's traces by start and id, those that are in several inputs joined.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/block/merge_input.h"
#include "store/block/trace_order.h"

namespace clew::store {

// Rows side by side in an input, that stay so. Their parents are as the input has them (in the same run of the input),
// or, in a joined trace, in MergeOrder::parents from parents_at on.
struct MergeRun {
  static constexpr uint32_t kOwnParents = 0xffffffffU;
  uint32_t input = 0;
  uint32_t row = 0;
  uint32_t rows = 0;
  uint32_t parents_at = kOwnParents;
};

struct MergeOrder {
  std::vector<MergeRun> runs;
  std::vector<TraceRun> traces;
  // Per row of joined traces: the parent's row minus the row; 0: no parent in the block.
  std::vector<int32_t> parents;
  uint64_t rows = 0;
  uint64_t duplicates = 0;  // dropped here
};

// Rows of joined traces that are looked at together, unless one trace has more.
inline constexpr size_t kJoinedRows = size_t{1} << 18;

// `dropped` may be null. invalid_argument when there are more rows than a block can have.
Result<MergeOrder> order_merge(std::span<const MergeInput> inputs, const std::function<bool(size_t, TraceId)>& dropped);

}  // namespace clew::store
