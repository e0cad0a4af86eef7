#include "store/displaced_traces.h"

#include <algorithm>
#include <numeric>

namespace clew::store {
namespace {

// Per trace; empty when none is displaced.
std::vector<bool> find_displaced(const SpanTable& table, uint32_t rows) {
  std::vector<bool> displaced;
  for (uint32_t i = 0; i < rows;) {
    uint64_t receive_ns = table.receive_ns(i);
    for (uint32_t end = std::min(rows, table.receive_run_end(i)); i < end; ++i) {
      if (!is_displaced(table.start_ns(i), table.end_ns(i), receive_ns)) continue;
      if (displaced.empty()) displaced.resize(table.trace_count(rows));
      displaced[table.trace_of(i)] = true;
    }
  }
  return displaced;
}

}  // namespace

bool is_displaced(uint64_t start_ns, uint64_t end_ns, uint64_t receive_ns) {
  if (start_ns < receive_ns && receive_ns - start_ns > kMostBeforeNs) return true;
  uint64_t latest_ns = std::max(start_ns, end_ns);
  return latest_ns > receive_ns && latest_ns - receive_ns > kMostAfterNs;
}

SortedOut sort_out_displaced(const SpanTable& table, uint32_t rows, std::span<const TraceId> continues) {
  SortedOut out;
  std::vector<bool> displaced = find_displaced(table, rows);
  if (displaced.empty()) {
    out.ordinary.rows.resize(rows);
    std::iota(out.ordinary.rows.begin(), out.ordinary.rows.end(), 0U);
    out.ordinary.continues.assign(continues.begin(), continues.end());
    return out;
  }
  for (uint32_t i = 0; i < rows; ++i) {
    (displaced[table.trace_of(i)] ? out.displaced : out.ordinary).rows.push_back(i);
  }
  for (TraceId id : continues) {
    uint32_t trace = table.find_trace(id, rows);
    if (trace == kNoTrace) continue;
    (displaced[trace] ? out.displaced : out.ordinary).continues.push_back(id);
  }
  return out;
}

}  // namespace clew::store
