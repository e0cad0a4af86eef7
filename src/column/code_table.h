// The value -> code side of a dictionary: an insert-only open-addressing table with atomic slots. A grown table
// replaces the old one by pointer; the old one goes at the first growth when nobody is probing.
//
//   slot: | upper half of the hash | code + 1 |, 0 when empty; it stands at, or next after, (half & mask)
//
// Invariant: who loads the pointer was counted before; so when none is counted after the pointer was replaced, none can
// have the old one (both in the order that sequential consistency gives).
// Thread rule: insert(), find_as_writer() and prefetch() by one writer; find() by anyone. `equal(code)` compares the
// candidate's entry; the entry must be readable before insert() is called.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/zeroed_array.h"

namespace clew {

class CodeTable {
 public:
  static constexpr uint32_t kNone = 0xffffffffU;

  template <typename Equal>
  uint32_t find(uint64_t hash, Equal&& equal) const {
    probing_.fetch_add(1, std::memory_order_seq_cst);
    uint32_t code = probe(current_.load(std::memory_order_seq_cst), hash, equal);
    probing_.fetch_sub(1, std::memory_order_release);
    return code;
  }
  template <typename Equal>
  uint32_t find_as_writer(uint64_t hash, Equal&& equal) const {
    return probe(own_.get(), hash, equal);
  }

  // Brings the slots of a later find_as_writer() near.
  void prefetch(uint64_t hash) const {
    if (own_) __builtin_prefetch(&own_->slots[tag_of(hash) & own_->mask]);
  }

  // Precondition: not there yet.
  void insert(uint64_t hash, uint32_t code) {
    if (!own_ || (count_ + 1) * 4 > (own_->mask + 1) * 3) grow();
    place(*own_, uint64_t{tag_of(hash)} << 32 | (code + 1), std::memory_order_release);
    ++count_;
  }

  // With outgrown tables that are still there; the writer's.
  size_t allocated_bytes() const {
    size_t slots = own_ ? own_->mask + 1 : 0;
    for (const auto& table : outgrown_) slots += table->mask + 1;
    return slots * sizeof(uint64_t);
  }

 private:
  struct Table {
    explicit Table(size_t size) : mask(size - 1), slots(size) {}
    size_t mask;
    ZeroedArray<std::atomic<uint64_t>> slots;
  };

  template <typename Equal>
  static uint32_t probe(const Table* table, uint64_t hash, Equal&& equal) {
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

  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  static void place(Table& table, uint64_t slot, std::memory_order order) {
    size_t i = (slot >> 32) & table.mask;
    while (table.slots[i].load(std::memory_order_relaxed) != 0) i = (i + 1) & table.mask;
    table.slots[i].store(slot, order);
  }

  void grow() {
    auto fresh = std::make_unique<Table>(own_ ? (own_->mask + 1) * 2 : 16);
    if (own_) {
      for (size_t i = 0; i <= own_->mask; ++i) {
        uint64_t slot = own_->slots[i].load(std::memory_order_relaxed);
        if (slot != 0) place(*fresh, slot, std::memory_order_relaxed);
      }
      outgrown_.push_back(std::move(own_));
    }
    own_ = std::move(fresh);
    current_.store(own_.get(), std::memory_order_seq_cst);
    if (probing_.load(std::memory_order_seq_cst) == 0) outgrown_.clear();
  }

  std::atomic<const Table*> current_{nullptr};
  mutable std::atomic<uint32_t> probing_{0};
  // The writer's.
  std::unique_ptr<Table> own_;
  std::vector<std::unique_ptr<Table>> outgrown_;
  size_t count_ = 0;
};

}  // namespace clew
