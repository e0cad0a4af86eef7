#include "store/memory_budget.h"

#include <algorithm>
#include <string>

#include "base/counters.h"

namespace clew::store {
namespace {

Counter& gauge_of(std::string_view use) {
  return gauge("clew_store_memory_bytes", "Memory by what it is for; `unreported` is what else the process holds.",
               {{"use", std::string(use)}});
}

struct Gauges {
  std::array<Counter*, kMemoryUses> uses;
  Counter& unreported = gauge_of("unreported");
  Counter& limit = gauge("clew_store_memory_limit_bytes", "memory.limit, as it applies.");

  Gauges() {
    for (size_t i = 0; i < kMemoryUses; ++i) uses[i] = &gauge_of(name_of(static_cast<MemoryUse>(i)));
  }
};

Gauges& gauges() {
  static Gauges* const instance = new Gauges;
  return *instance;
}

}  // namespace

std::string_view name_of(MemoryUse use) {
  switch (use) {
    case MemoryUse::segments: return "segments";
    case MemoryUse::translations: return "translations";
    case MemoryUse::duplicates: return "duplicates";
    case MemoryUse::filters: return "filters";
    case MemoryUse::reads: return "reads";
    case MemoryUse::log: return "log";
    case MemoryUse::erasures: return "erasures";
    case MemoryUse::sealing: return "sealing";
    case MemoryUse::compaction: return "compaction";
  }
  return "";
}

uint64_t MemoryBudget::used_bytes() const {
  uint64_t total = unreported_bytes();
  for (size_t i = 0; i < kMemoryUses; ++i) total += used_bytes(static_cast<MemoryUse>(i));
  return total;
}

uint64_t MemoryBudget::sealing_reserve() const {
  uint64_t share = limit_bytes_ / kSealingShare;
  return share - std::min(share, used_bytes(MemoryUse::sealing));
}

bool MemoryBudget::is_pressed() const {
  uint64_t segments = used_bytes(MemoryUse::segments);
  uint64_t others = used_bytes() - std::min(used_bytes(), segments) + sealing_reserve();
  uint64_t theirs = limit_bytes_ - std::min(limit_bytes_, others);
  return segments > theirs / 2;
}

void MemoryBudget::measure() {
  if (process_bytes_) {
    uint64_t reported = used_bytes() - std::min(used_bytes(), unreported_bytes());
    uint64_t held = process_bytes_();
    looks_[look_++ % kLooks] = held - std::min(held, reported);
    unreported_.store(std::ranges::max(looks_), std::memory_order_relaxed);
  }
  for (size_t i = 0; i < kMemoryUses; ++i) {
    gauges().uses[i]->set(static_cast<int64_t>(used_bytes(static_cast<MemoryUse>(i))));
  }
  gauges().unreported.set(static_cast<int64_t>(unreported_bytes()));
  gauges().limit.set(static_cast<int64_t>(limit_bytes_));
}

}  // namespace clew::store
