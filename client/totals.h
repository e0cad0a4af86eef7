// What is counted beyond single threads, and the signal that something asked for has been done.
#pragma once

#include "thread.h"

CLEW_BEGIN
namespace detail {

struct Totals {
  std::atomic<uint64_t> exported{0}, dropped[kDropReasons]{};

  void add(Drop reason, uint64_t spans = 1) noexcept {
    dropped[unsigned(reason)].fetch_add(spans, std::memory_order_relaxed);
  }
  void reset() noexcept {
    exported.store(0, std::memory_order_relaxed);
    for (auto& count : dropped) count.store(0, std::memory_order_relaxed);
  }
};
extern Totals totals;

// Wakes those who wait in flush() and shutdown().
void announce() noexcept;

}  // namespace detail
CLEW_END
