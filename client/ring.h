// Records from one thread to the background thread, without locks: docs/internals/client.md.
//
// Thread rules: one producer (the thread that owns it; handed over under a lock), one consumer. Invariants: tail <=
// head <= tail + size; all bytes of [tail, head) are whole records; sizes are multiples of 8.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

class Ring {
 public:
  static constexpr uint32_t kPadding = 1u << 31;

  // Null without memory. `bytes`: a power of two, at least 4096. Never freed but by destroy().
  static Ring* create(size_t bytes) noexcept;
  void destroy() noexcept;

  size_t size() const noexcept { return size_; }

  // Producer: room for a record of `bytes` in one piece, or null. The record's first word is its size.
  char* reserve(uint32_t bytes) noexcept {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const size_t to_end = size_ - (head & (size_ - 1));
    const size_t padding = bytes > to_end ? to_end : 0;
    if (CLEW_UNLIKELY(head + padding + bytes > tail_seen_ + size_)) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head + padding + bytes > tail_seen_ + size_) return nullptr;
    }
    if (CLEW_UNLIKELY(padding != 0)) {
      const uint32_t word = kPadding | uint32_t(padding);
      std::memcpy(data_ + (head & (size_ - 1)), &word, sizeof word);
    }
    next_head_ = head + padding + bytes;
    return data_ + ((head + padding) & (size_ - 1));
  }
  // What was reserved becomes visible. True when the consumer should be looked after: the ring is more than half full,
  // or watch() was called. Asked again only after another eighth of the ring.
  bool publish() noexcept {
    head_.store(next_head_, std::memory_order_release);
    return CLEW_UNLIKELY(next_head_ >= watch_at_) && crowded();
  }
  void watch() noexcept { watch_at_ = 0; }

  // Consumer: calls take(record) for what is there, until it answers false; that record is taken too.
  template <typename Take>
  size_t drain(Take take) noexcept {
    uint64_t tail = tail_.load(std::memory_order_relaxed);
    const uint64_t head = head_.load(std::memory_order_acquire);
    size_t count = 0;
    bool go_on = true;
    while (tail != head && go_on) {
      const char* const at = data_ + (tail & (size_ - 1));
      uint32_t bytes;
      std::memcpy(&bytes, at, sizeof bytes);
      if ((bytes & kPadding) == 0) {
        go_on = take(at);
        // The producer has room again long before the ring is empty, and the line is not fought for at every record.
        if (++count % 64 == 0) tail_.store(tail + bytes, std::memory_order_release);
      }
      tail += bytes & ~kPadding;
    }
    tail_.store(tail, std::memory_order_release);
    return count;
  }
  // Consumer: remembers what is in the ring now; whether any of it still is.
  void mark() noexcept { mark_ = head_.load(std::memory_order_acquire); }
  bool before_mark() const noexcept { return tail_.load(std::memory_order_relaxed) < mark_; }
  bool empty() const noexcept { return tail_.load(std::memory_order_relaxed) == head_.load(std::memory_order_acquire); }
  // Everything in it is gone. When neither side is at work.
  void clear() noexcept {
    tail_seen_ = head_.load(std::memory_order_relaxed);
    tail_.store(tail_seen_, std::memory_order_relaxed);
    mark_ = 0;
    watch_at_ = 0;
  }

 private:
  Ring(char* data, size_t size) noexcept : size_(size), data_(data) {}
  CLEW_COLD bool crowded() noexcept;

  const size_t size_;
  char* const data_;
  alignas(64) std::atomic<uint64_t> head_{0};
  uint64_t next_head_ = 0;
  uint64_t tail_seen_ = 0;
  uint64_t watch_at_ = 0;
  alignas(64) std::atomic<uint64_t> tail_{0};
  uint64_t mark_ = 0;
};

}  // namespace detail
CLEW_END
