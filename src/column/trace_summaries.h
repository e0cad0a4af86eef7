// What search results say of traces; and those of a live table's traces, kept from one reader to the next: a table that
// grew is not read from its first row again.
//
// Thread rule: any thread. What was answered never changes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "column/span_row.h"
#include "model/ids.h"

namespace clew {

class SpanTable;

struct TraceTimes {
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
};

// A trace, as far as it lies in one unit.
struct TraceSummary {
  TraceId id;
  uint64_t start_ns = 0;  // of its first span here
  uint64_t end_ns = 0;    // latest end here
  uint32_t spans = 0;
  uint32_t errors = 0;
  uint32_t root_row = kNoRow;  // the first span without a parent id; kNoRow: none in this unit
};

struct TraceSummaries {
  uint32_t rows = 0;  // of the table that are in them
  std::vector<TraceSummary> traces;
  std::vector<uint32_t> rootless;  // the traces without a root, ascending
  // By pages of the table: the latest start of a row up to the page's end. No trace that begins (by row) there or
  // before starts later.
  std::vector<uint64_t> latest_start_ns;
  uint64_t min_start_ns = ~uint64_t{0};  // > max_end_ns when there are no rows
  uint64_t max_end_ns = 0;
};

class KeptSummaries {
 public:
  // Of the table's first `rows` rows, which are published. Always called with the same table. This outlives the answer.
  std::shared_ptr<const TraceSummaries> of(const SpanTable& table, uint32_t rows);
  // Never waits for a reader at work.
  size_t allocated_bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<const TraceSummaries> lend(std::shared_ptr<TraceSummaries> summaries);

  std::mutex mutex_;
  std::shared_ptr<TraceSummaries> kept_;
  std::atomic<size_t> bytes_{0};  // of kept_
};

}  // namespace clew
