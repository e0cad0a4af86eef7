// The clock of spans: as cheap as there is, turned into Unix time by the background thread (tick_map.h).
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

// Whether ticks are the TSC's; else nanoseconds of CLOCK_REALTIME. May change while spans are open: each record says
// what its ticks are.
extern std::atomic<bool> ticks_are_tsc;

// What the CPU says about its TSC: runs at one rate, whatever the power state.
bool tsc_is_invariant() noexcept;

inline uint64_t clock_ns(clockid_t clock) noexcept {
  timespec now;
  clock_gettime(clock, &now);
  return uint64_t(now.tv_sec) * 1000000000 + uint64_t(now.tv_nsec);
}

inline uint64_t ticks(bool tsc) noexcept {
#if defined(__x86_64__)
  if (CLEW_LIKELY(tsc)) return __rdtsc();
#endif
  static_cast<void>(tsc);
  return clock_ns(CLOCK_REALTIME);
}

}  // namespace detail
CLEW_END
