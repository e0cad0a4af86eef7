#include "store/block/block_writer.h"

#include <algorithm>

#include "base/check.h"
#include "store/block/attribute_plan.h"
#include "store/block/block_columns.h"
#include "store/block/block_index.h"
#include "store/block/trace_order.h"

namespace clew::store {
namespace {

constexpr std::string_view kMagic = "PAR1";

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

}  // namespace

Result<std::string> write_block(const SpanTable& table, uint32_t rows, std::span<const TraceId> listed,
                                const BlockOptions& options, BlockSummary* summary) {
  CHECK(options.page_rows > 0 && options.page_rows <= kMaxPageRows);
  CHECK(options.row_group_rows > 0 && options.row_group_rows % options.page_rows == 0);
  const TraceOrder order = order_traces(table, rows);
  const AttributePlan plan(table, order);
  BlockColumns columns(table, order, plan);

  parquet::FileMetadata metadata;
  PerLeaf<ChunkPages> pages;
  PerLeaf<PageSets> sets;
  std::string file(kMagic);
  const auto total = static_cast<uint32_t>(order.rows.size());
  for (uint32_t row = 0; row < total;) {
    uint32_t group_end = std::min(total, row + options.row_group_rows);
    for (; row < group_end; row = std::min(group_end, row + options.page_rows)) {
      columns.add_page(row, std::min(group_end, row + options.page_rows));
    }
    ASSIGN_OR_RETURN(auto group, columns.end_row_group(file, pages, sets));
    metadata.row_groups.push_back(std::move(group));
  }

  const BlockCounts counts = count(order, options, columns);
  IndexWriter index;
  index.counts(counts);
  index.pages(pages);
  index.traces(order.traces);
  index.lookup(order.traces);
  index.listed(list_traces(order, listed));
  index.keys(plan.catalogue(columns.residual_counts()));
  index.page_sets(sets);

  std::vector<Leaf> attribute_leaves;
  for (const auto& attribute : plan.leaves()) attribute_leaves.push_back(attribute.leaf);
  metadata.schema = file_schema(attribute_leaves);
  metadata.rows = total;
  metadata.created_by = "clew version 1.0.0 (build 0)";
  metadata.key_values.emplace_back(kIndexKey, std::to_string(kIndexVersion) + " " + std::to_string(file.size()) + " " +
                                                  std::to_string(index.size()));
  std::string footer = metadata.encode();
  file += index.finish(footer);
  file += footer;
  ByteWriter(file).fixed(static_cast<uint32_t>(footer.size()));
  file += kMagic;
  if (summary != nullptr) {
    *summary = {counts.rows,         counts.traces,     file.size(),           counts.duplicates,
                counts.min_start_ns, counts.max_end_ns, counts.min_receive_ns, counts.max_receive_ns};
  }
  return file;
}

}  // namespace clew::store
