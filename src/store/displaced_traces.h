// Traces whose clock is off (DESIGN 3.6): one of their spans starts more than an hour before, or ends more than ten
// minutes after, its receipt. They are sealed apart, so that the times of all others stay within
//
//   [least receive time − kMostBefore, greatest receive time + kMostAfter]
//
// A function of the rows alone: the same rows give the same blocks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "column/span_table.h"
#include "model/ids.h"

namespace clew::store {

inline constexpr uint64_t kMostBeforeNs = 3600ULL * 1'000'000'000;
inline constexpr uint64_t kMostAfterNs = 600ULL * 1'000'000'000;

bool is_displaced(uint64_t start_ns, uint64_t end_ns, uint64_t receive_ns);

// Rows of whole traces, ascending, and those of `continues` that are among them.
struct TraceSelection {
  std::vector<uint32_t> rows;
  std::vector<TraceId> continues;
};
struct SortedOut {
  TraceSelection ordinary;
  TraceSelection displaced;
};
// Of the table's rows below `rows`, in the order of their receipt.
SortedOut sort_out_displaced(const SpanTable& table, uint32_t rows, std::span<const TraceId> continues);

}  // namespace clew::store
