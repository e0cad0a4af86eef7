// So many a second, a burst at once. Lock-free: one word, the time at which the bucket would be full again.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

#include "clew/samplers.h"

CLEW_BEGIN
namespace detail {

inline uint64_t monotonic_ns() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000 + uint64_t(now.tv_nsec);
}

class TokenBucket {
 public:
  TokenBucket(double per_second, double burst) noexcept {
    if (!(per_second > 0)) return;
    if (!(burst >= 1)) burst = per_second < 1 ? 1 : per_second;
    const double interval = 1e9 / per_second, room = interval * burst;
    interval_ns_ = interval < kMostNs ? uint64_t(interval) : uint64_t(kMostNs);
    room_ns_ = room < kMostNs ? uint64_t(room) : uint64_t(kMostNs);
    if (room_ns_ < interval_ns_) room_ns_ = interval_ns_;
  }

  bool take(uint64_t now_ns) noexcept {
    if (interval_ns_ == kNever) return false;
    uint64_t full = full_at_ns_.load(std::memory_order_relaxed);
    while (true) {
      const uint64_t next = (full > now_ns ? full : now_ns) + interval_ns_;
      if (next - now_ns > room_ns_) return false;
      // Who fails here has been overtaken by somebody who took one.
      if (full_at_ns_.compare_exchange_weak(full, next, std::memory_order_relaxed)) return true;
    }
  }

 private:
  static constexpr uint64_t kNever = UINT64_MAX;
  static constexpr double kMostNs = 1e18;

  uint64_t interval_ns_ = kNever, room_ns_ = 0;
  std::atomic<uint64_t> full_at_ns_{0};
};

}  // namespace detail
CLEW_END
