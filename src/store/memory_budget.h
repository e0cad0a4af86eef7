// How much memory the store may take, and who has it. Whoever grows reports what it really holds; what nobody reports
// (requests, queries, the heap's own waste) is the difference to what the process holds, measured now and then; it
// comes and goes faster than that, so the highest of the last seconds counts.
//
//   |<---------------------------------- limit ---------------------------------->|
//   | unreported | tables of fixed share | segments … is_pressed … | sealing's share |
//
// A request is admitted only when its estimate fits before sealing's share, so a full store can always seal.
// Thread rule: any thread; relaxed counts, so the limit may be overshot by the requests under way.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace clew::store {

enum class MemoryUse : uint8_t {
  segments,      // live spans with their dictionaries
  translations,  // from connections' codes to segments' codes
  duplicates,    // DuplicateTable
  filters,       // TraceFilter
  reads,         // what is kept decoded of blocks
  log,           // what is being encoded, and which entries the chapter has
  sealing,       // while a block is written, by estimate
  compaction,    // while blocks are merged, by estimate
  erasures,      // which rows of which unit are erased
};
inline constexpr size_t kMemoryUses = 9;
std::string_view name_of(MemoryUse use);

class MemoryBudget {
 public:
  // Shares of the limit that the parts keep to.
  static constexpr uint64_t kSealingShare = 8;     // an eighth
  static constexpr uint64_t kDuplicatesShare = 8;  // over all lanes
  static constexpr uint64_t kFiltersShare = 32;    // over all lanes
  static constexpr uint64_t kReadsShare = 8;
  static constexpr uint64_t kCompactionShare = 8;  // one merge at a time
  static constexpr uint64_t kSegmentShare = 16;    // one segment; fewer with many lanes

  // `process_bytes` says what the process holds; without it there is nothing unreported.
  explicit MemoryBudget(uint64_t limit_bytes, std::function<uint64_t()> process_bytes = {})
      : limit_bytes_(limit_bytes), process_bytes_(std::move(process_bytes)) {}

  void add(MemoryUse use, int64_t bytes) {
    used_[static_cast<size_t>(use)].fetch_add(bytes, std::memory_order_relaxed);
  }
  uint64_t used_bytes(MemoryUse use) const {
    int64_t used = used_[static_cast<size_t>(use)].load(std::memory_order_relaxed);
    return used < 0 ? 0 : static_cast<uint64_t>(used);
  }
  uint64_t used_bytes() const;
  uint64_t unreported_bytes() const { return unreported_.load(std::memory_order_relaxed); }
  uint64_t limit_bytes() const { return limit_bytes_; }

  bool has_room(uint64_t bytes) const { return used_bytes() + sealing_reserve() + bytes <= limit_bytes_; }
  // Segments take more than half of what is theirs: sealing starts early, so that ingest need not stop.
  bool is_pressed() const;

  // So many calls of measure() is what nobody reports remembered.
  static constexpr size_t kLooks = 16;

  // Compares with what the process holds, and sets the gauges clew_store_memory_bytes{use="…"}. To be called a few
  // times a second by one thread.
  void measure();

 private:
  // Of sealing's share what sealing has not taken yet.
  uint64_t sealing_reserve() const;

  const uint64_t limit_bytes_;
  const std::function<uint64_t()> process_bytes_;
  std::array<std::atomic<int64_t>, kMemoryUses> used_{};
  std::atomic<uint64_t> unreported_{0};
  std::array<uint64_t, kLooks> looks_{};  // the thread's that measures
  size_t look_ = 0;
};

// What one owner holds; given back when it dies. Thread rule: one writer.
class MemoryShare {
 public:
  // Without a budget nothing is reported.
  MemoryShare(std::shared_ptr<MemoryBudget> budget, MemoryUse use) : budget_(std::move(budget)), use_(use) {}
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;
  ~MemoryShare() { set(0); }

  void set(uint64_t bytes) {
    uint64_t before = bytes_.exchange(bytes, std::memory_order_relaxed);
    if (budget_ && bytes != before) budget_->add(use_, static_cast<int64_t>(bytes - before));
  }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  const std::shared_ptr<MemoryBudget> budget_;
  const MemoryUse use_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace clew::store
