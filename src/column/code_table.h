// The value -> code side of a dictionary: an insert-only open-addressing table with atomic slots. A grown table
// replaces the old one by pointer; the old ones live as long as the owner, because a reader may still be probing them.
//
//   slot: | upper half of the hash | code + 1 |, 0 when empty; it stands at, or next after, (half & mask)
//
// Thread rule: insert() by one writer; find() by anyone. `equal(code)` compares the candidate's entry; the entry must
// be readable before insert() is called.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace clew {

class CodeTable {
 public:
  static constexpr uint32_t kNone = 0xffffffffU;

  template <typename Equal>
  uint32_t find(uint64_t hash, Equal&& equal) const {
    const Table* table = current_.load(std::memory_order_acquire);
    if (table == nullptr) return kNone;
    uint32_t tag = tag_of(hash);
    for (size_t i = tag & table->mask;; i = (i + 1) & table->mask) {
      uint64_t slot = table->slots[i].load(std::memory_order_acquire);
      if (slot == 0) return kNone;
      if (static_cast<uint32_t>(slot >> 32) == tag && equal(static_cast<uint32_t>(slot) - 1)) {
        return static_cast<uint32_t>(slot) - 1;
      }
    }
  }

  // Brings the slots of a later find() near.
  void prefetch(uint64_t hash) const {
    const Table* table = current_.load(std::memory_order_acquire);
    if (table != nullptr) __builtin_prefetch(&table->slots[tag_of(hash) & table->mask]);
  }

  // Precondition: not there yet.
  void insert(uint64_t hash, uint32_t code) {
    const Table* table = current_.load(std::memory_order_relaxed);
    if (table == nullptr || (count_ + 1) * 4 > (table->mask + 1) * 3) table = grow();
    place(*table, uint64_t{tag_of(hash)} << 32 | (code + 1), std::memory_order_release);
    ++count_;
  }

  // Of all tables so far; the writer's.
  size_t allocated_bytes() const { return slots_ * sizeof(uint64_t); }

 private:
  struct Table {
    explicit Table(size_t size) : mask(size - 1), slots(new std::atomic<uint64_t>[size]()) {}
    size_t mask;
    std::unique_ptr<std::atomic<uint64_t>[]> slots;
  };

  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  static void place(const Table& table, uint64_t slot, std::memory_order order) {
    size_t i = (slot >> 32) & table.mask;
    while (table.slots[i].load(std::memory_order_relaxed) != 0) i = (i + 1) & table.mask;
    table.slots[i].store(slot, order);
  }

  const Table* grow() {
    const Table* old = current_.load(std::memory_order_relaxed);
    tables_.push_back(std::make_unique<Table>(old == nullptr ? 16 : (old->mask + 1) * 2));
    Table* fresh = tables_.back().get();
    slots_ += fresh->mask + 1;
    if (old != nullptr) {
      for (size_t i = 0; i <= old->mask; ++i) {
        uint64_t slot = old->slots[i].load(std::memory_order_relaxed);
        if (slot != 0) place(*fresh, slot, std::memory_order_relaxed);
      }
    }
    current_.store(fresh, std::memory_order_release);
    return fresh;
  }

  std::atomic<const Table*> current_{nullptr};
  std::vector<std::unique_ptr<Table>> tables_;
  size_t count_ = 0;
  size_t slots_ = 0;
};

}  // namespace clew
