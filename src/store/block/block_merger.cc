#include "store/block/block_merger.h"

#include <algorithm>

#include "base/check.h"
#include "store/block/block_assembly.h"
#include "store/block/merge_columns.h"
#include "store/block/merge_order.h"
#include "store/block/merge_plan.h"

namespace clew::store {
namespace {

std::vector<TraceId> list_traces(std::span<const MergeInput> inputs, const MergeOrder& order,
                                 const std::function<bool(TraceId)>& held_elsewhere) {
  std::vector<TraceId> known;
  for (const MergeInput& input : inputs) known.insert(known.end(), input.listed().begin(), input.listed().end());
  std::ranges::sort(known);
  std::vector<TraceId> out;
  for (const TraceRun& trace : order.traces) {
    bool listed = trace.root == 0 ||
                  (std::ranges::binary_search(known, trace.id) && (!held_elsewhere || held_elsewhere(trace.id)));
    if (listed) out.push_back(trace.id);
  }
  std::ranges::sort(out);
  return out;
}

BlockCounts count(std::span<const MergeInput> inputs, const MergeOrder& order, const BlockOptions& options,
                  const MergeColumns& columns) {
  BlockCounts out;
  out.rows = order.rows;
  out.traces = order.traces.size();
  out.page_rows = options.page_rows;
  out.row_group_rows = options.row_group_rows;
  out.min_start_ns = ~uint64_t{0};
  for (const TraceRun& trace : order.traces) {
    out.min_start_ns = std::min(out.min_start_ns, trace.start_ns);
    out.max_end_ns = std::max(out.max_end_ns, trace.end_ns);
  }
  out.min_receive_ns = columns.min_receive_ns();
  out.max_receive_ns = columns.max_receive_ns();
  out.duplicates = order.duplicates;
  for (const MergeInput& input : inputs) out.duplicates += input.file().counts().duplicates;
  return out;
}

}  // namespace

Result<std::string> merge_blocks(std::span<const std::shared_ptr<const Block>> blocks, const MergeOptions& options,
                                 BlockSummary* summary) {
  CHECK(options.block.page_rows > 0 && options.block.page_rows <= kMaxPageRows);
  CHECK(options.block.row_group_rows > 0 && options.block.row_group_rows % options.block.page_rows == 0);
  if (blocks.size() > kMaxMergeInputs) return invalid("too many blocks to merge at once: merge fewer");
  std::vector<MergeInput> inputs;
  for (const auto& block : blocks) {
    ASSIGN_OR_RETURN(MergeInput input, MergeInput::open(block));
    inputs.push_back(std::move(input));
  }
  ASSIGN_OR_RETURN(const MergeOrder order, order_merge(inputs, options.dropped));
  const MergePlan plan(inputs);
  return write_fitting(options.block, [&](const BlockOptions& fitting) -> Result<std::string> {
    MergeOptions of_columns = options;
    of_columns.block = fitting;
    MergeColumns columns(inputs, order, plan, of_columns);
    BlockAssembly assembly;
    for (uint64_t row = 0; row < order.rows;) {
      auto rows = static_cast<uint32_t>(std::min<uint64_t>(order.rows - row, fitting.row_group_rows));
      TRY(columns.write_row_group(rows, assembly));
      row += rows;
    }
    BlockAssembly::Contents contents;
    contents.counts = count(inputs, order, fitting, columns);
    contents.traces = order.traces;
    contents.listed = list_traces(inputs, order, options.held_elsewhere);
    contents.keys = columns.catalogue();
    contents.attribute_leaves = plan.leaves();
    if (order.rows == 0) {
      contents.keys.clear();
      contents.attribute_leaves.clear();
    }
    return assembly.finish(contents, summary);
  });
}

}  // namespace clew::store
