#include "column/trace_summaries.h"

#include <algorithm>

#include "column/span_table.h"

namespace clew {
namespace {

void add_row(const SpanTable& table, uint32_t row, TraceSummaries& out) {
  uint32_t trace = table.trace_of(row);
  uint64_t start = table.start_ns(row);
  uint64_t end = std::max(start, table.end_ns(row));
  // Traces are numbered by their first row.
  if (trace == out.traces.size()) {
    out.traces.push_back({.id = table.trace_id(trace), .start_ns = start});
    out.rootless.push_back(trace);
  }
  TraceSummary& summary = out.traces[trace];
  summary.start_ns = std::min(summary.start_ns, start);
  summary.end_ns = std::max(summary.end_ns, end);
  ++summary.spans;
  if (table.status(row) == static_cast<uint8_t>(StatusCode::error)) ++summary.errors;
  if (table.parent(row) == 0 &&
      (summary.root_row == kNoRow ||
       std::pair(start, table.span(row)) < std::pair(table.start_ns(summary.root_row), table.span(summary.root_row)))) {
    summary.root_row = row;
  }
  if (row % table.page_rows() == 0) {
    out.latest_start_ns.push_back(out.latest_start_ns.empty() ? 0 : out.latest_start_ns.back());
  }
  out.latest_start_ns.back() = std::max(out.latest_start_ns.back(), start);
  out.min_start_ns = std::min(out.min_start_ns, start);
  out.max_end_ns = std::max(out.max_end_ns, end);
}

}  // namespace

std::shared_ptr<const TraceSummaries> KeptSummaries::of(const SpanTable& table, uint32_t rows) {
  std::lock_guard lock(mutex_);
  // An older reader than the last one starts anew, and keeps what it makes to itself.
  bool is_older = kept_ && kept_->rows > rows;
  std::shared_ptr<TraceSummaries> out;
  if (!kept_ || is_older) {
    out = std::make_shared<TraceSummaries>();
  } else if (kept_->rows == rows || kept_.use_count() == 1) {
    // With nobody else holding it, it may grow where it is: others get it only under this lock.
    out = kept_;
  } else {
    out = std::make_shared<TraceSummaries>(*kept_);
  }
  if (out->rows < rows) {
    // By more than is needed, so that a growing table's summaries are not copied for each reader.
    size_t count = table.trace_count(rows);
    if (count > out->traces.capacity()) out->traces.reserve(std::max(count, out->traces.capacity() * 3 / 2));
    for (uint32_t row = out->rows; row < rows; ++row) add_row(table, row, *out);
    std::erase_if(out->rootless, [&](uint32_t trace) { return out->traces[trace].root_row != kNoRow; });
    out->rows = rows;
  }
  if (!is_older) {
    kept_ = out;
    bytes_.store(out->traces.capacity() * sizeof(TraceSummary) + out->rootless.capacity() * sizeof(uint32_t) +
                     out->latest_start_ns.capacity() * sizeof(uint64_t),
                 std::memory_order_relaxed);
  }
  return lend(std::move(out));
}

// Given back under the lock, so that whoever sees that nobody else holds it may write to it.
std::shared_ptr<const TraceSummaries> KeptSummaries::lend(std::shared_ptr<TraceSummaries> summaries) {
  const TraceSummaries* address = summaries.get();
  return {address, [this, held = std::move(summaries)](const TraceSummaries*) mutable {
            std::lock_guard lock(mutex_);
            held.reset();
          }};
}

}  // namespace clew
