// What one query may cost, and what it did cost. A budget goes into every read of a unit; counters for `explain` and
// for the answer's coverage come out.
//
// Thread rule: any thread; cancel() may be called while others read.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/result.h"
#include "env/clock.h"

namespace clew {

class ReadBudget {
 public:
  // 0 means without limit. The deadline is a time of the clock's monotonic side; the clock outlives the budget.
  explicit ReadBudget(uint64_t limit_bytes = 0, uint64_t deadline_monotonic_ns = 0,
                      const env::Clock& clock = env::system_clock())
      : clock_(clock), limit_bytes_(limit_bytes), deadline_ns_(deadline_monotonic_ns) {}

  // on_slow is called once, from the first check_time() after that time of the monotonic clock. Before the query runs.
  void when_slow(uint64_t at_monotonic_ns, std::function<void()> on_slow) {
    on_slow_ = std::move(on_slow);
    slow_at_ns_.store(at_monotonic_ns, std::memory_order_release);
  }

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
    uint64_t slow_at_ns = slow_at_ns_.load(std::memory_order_acquire);
    if (deadline_ns_ == 0 && slow_at_ns == 0) return {};
    uint64_t now_ns = clock_.monotonic_ns();
    if (slow_at_ns != 0 && now_ns > slow_at_ns && slow_at_ns_.exchange(0) != 0) on_slow_();
    if (deadline_ns_ != 0 && now_ns > deadline_ns_) {
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
  std::atomic<uint64_t> slow_at_ns_{0};
  std::function<void()> on_slow_;
};

}  // namespace clew
