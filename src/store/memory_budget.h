// How much memory live data may take, counted in one place. Lanes report what their segments really hold; a request is
// admitted only when its estimate fits.
//
// Thread rule: any thread; relaxed counts, so the limit may be overshot by the requests under way.
#pragma once

#include <atomic>
#include <cstdint>

namespace clew::store {

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  bool has_room(uint64_t bytes) const { return used_bytes() + bytes <= limit_bytes_; }
  void add(int64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  uint64_t used_bytes() const {
    int64_t used = used_.load(std::memory_order_relaxed);
    return used < 0 ? 0 : static_cast<uint64_t>(used);
  }
  uint64_t limit_bytes() const { return limit_bytes_; }
  // Sealing starts early from here on, so that ingest need not stop.
  bool is_pressed() const { return used_bytes() > limit_bytes_ / 2; }

 private:
  uint64_t limit_bytes_;
  std::atomic<int64_t> used_{0};
};

}  // namespace clew::store
