// What one query may cost, and what it did cost. A budget goes into every read of a unit; counters for `explain` and
// for the answer's coverage come out.
//
// Thread rule: any thread; cancel() may be called while others read.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/result.h"
#include "env/clock.h"

namespace clew {

class ReadBudget {
 public:
  // 0 means without limit. The deadline is a time of the clock's monotonic side; the clock outlives the budget.
  explicit ReadBudget(uint64_t limit_bytes = 0, uint64_t deadline_monotonic_ns = 0,
                      const env::Clock& clock = env::system_clock())
      : clock_(clock), limit_bytes_(limit_bytes), deadline_ns_(deadline_monotonic_ns) {}

  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Before reading `bytes` more; cheap, but not for every row. The errors are cancelled, resource_exhausted and (from
  // check_time) deadline_exceeded.
  Status charge(uint64_t bytes) {
    uint64_t total = inspected_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (cancelled_.load(std::memory_order_relaxed)) return fail(ErrorCode::cancelled, "the client went away");
    if (limit_bytes_ != 0 && total > limit_bytes_) {
      return fail(ErrorCode::resource_exhausted, "the query read more than its limit of " +
                                                     std::to_string(limit_bytes_) + " bytes: narrow its time range");
    }
    return {};
  }
  // Now and then between reads.
  Status check_time() {
    if (cancelled_.load(std::memory_order_relaxed)) return fail(ErrorCode::cancelled, "the client went away");
    if (deadline_ns_ != 0 && clock_.monotonic_ns() > deadline_ns_) {
      return fail(ErrorCode::deadline_exceeded, "the query took longer than its time limit");
    }
    return {};
  }

  // What was looked at, for the answer's `metrics`.
  std::atomic<uint64_t> inspected_bytes{0};
  std::atomic<uint64_t> inspected_spans{0};
  std::atomic<uint64_t> inspected_traces{0};

 private:
  const env::Clock& clock_;
  uint64_t limit_bytes_;
  uint64_t deadline_ns_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace clew
