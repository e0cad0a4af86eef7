#include "store/block/block_writer.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "store/block/attribute_plan.h"
#include "store/block/block_assembly.h"
#include "store/block/block_columns.h"
#include "store/block/trace_order.h"

namespace clew::store {
namespace {

std::vector<TraceId> list_traces(const TraceOrder& order, std::span<const TraceId> known) {
  std::vector<TraceId> out(known.begin(), known.end());
  for (const TraceRun& run : order.traces) {
    if (run.root == 0) out.push_back(run.id);
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

BlockCounts count(const TraceOrder& order, const BlockOptions& options, const BlockColumns& columns) {
  BlockCounts out;
  out.rows = order.rows.size();
  out.traces = order.traces.size();
  out.page_rows = options.page_rows;
  out.row_group_rows = options.row_group_rows;
  out.min_start_ns = ~uint64_t{0};
  for (const TraceRun& run : order.traces) {
    out.min_start_ns = std::min(out.min_start_ns, run.start_ns);
    out.max_end_ns = std::max(out.max_end_ns, run.end_ns);
  }
  out.min_receive_ns = columns.min_receive_ns();
  out.max_receive_ns = columns.max_receive_ns();
  out.duplicates = order.duplicates;
  return out;
}

Result<std::string> write_once(const SpanTable& table, const TraceOrder& order, const AttributePlan& plan,
                               std::span<const TraceId> listed, const BlockOptions& options, BlockSummary* summary) {
  BlockColumns columns(table, order, plan, options);
  BlockAssembly assembly;
  const auto total = static_cast<uint32_t>(order.rows.size());
  for (uint32_t row = 0; row < total;) {
    uint32_t group_end = std::min(total, row + options.row_group_rows);
    for (; row < group_end; row = std::min(group_end, row + options.page_rows)) {
      columns.add_page(row, std::min(group_end, row + options.page_rows));
    }
    TRY(columns.end_row_group(assembly));
  }
  BlockAssembly::Contents contents;
  contents.counts = count(order, options, columns);
  contents.traces = order.traces;
  contents.listed = list_traces(order, listed);
  contents.keys = plan.catalogue(columns.residual_counts());
  for (const auto& attribute : plan.leaves()) contents.attribute_leaves.push_back(attribute.leaf);
  return assembly.finish(contents, summary);
}

}  // namespace

Result<std::string> write_block(const SpanTable& table, std::span<const uint32_t> rows, std::span<const TraceId> listed,
                                const BlockOptions& options, BlockSummary* summary) {
  CHECK(options.page_rows > 0 && options.page_rows <= kMaxPageRows);
  CHECK(options.row_group_rows > 0 && options.row_group_rows % options.page_rows == 0);
  const TraceOrder order = order_traces(table, rows);
  const AttributePlan plan(table, order);
  return write_fitting(
      options, [&](const BlockOptions& fitting) { return write_once(table, order, plan, listed, fitting, summary); });
}

Result<std::string> write_block(const SpanTable& table, uint32_t rows, std::span<const TraceId> listed,
                                const BlockOptions& options, BlockSummary* summary) {
  std::vector<uint32_t> all(rows);
  std::iota(all.begin(), all.end(), 0U);
  return write_block(table, all, listed, options, summary);
}

}  // namespace clew::store
