// A vector that grows by chunks that never move: one writer appends, any number of readers read what was published.
//
//   chunk k holds kFirst << k elements; element i lives in chunk floor(log2(i / kFirst + 1))
//
// Invariants: an element below size() never changes its address; a chunk's pointer is stored (release) before any size
// that includes it.
// Thread rule: append() and publish() by one thread at a time. A reader may touch elements below a size() it has
// loaded (acquire), or below any count published to it by other means that happen after publish().
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "column/chunk_place.h"

namespace clew {

template <typename T, size_t kFirst = 64>
class ChunkedVector {
 public:
  ChunkedVector() = default;
  ChunkedVector(const ChunkedVector&) = delete;
  ChunkedVector& operator=(const ChunkedVector&) = delete;
  ~ChunkedVector() {
    for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
  }

  // Published elements.
  uint32_t size() const { return published_.load(std::memory_order_acquire); }
  // The writer's own count, published or not.
  uint32_t pending_size() const { return end_; }

  const T& operator[](uint32_t i) const { return *address(i); }
  // Writer only, or for elements that are atomics.
  T& mutable_at(uint32_t i) { return *const_cast<T*>(address(i)); }

  // Seen by readers after the next publish().
  void append(const T& value) { *slot() = value; }
  void append(std::span<const T> values) {
    while (!values.empty()) {
      std::span<T> room = run(values.size());
      std::copy_n(values.begin(), room.size(), room.begin());
      values = values.subspan(room.size());
    }
  }
  // For elements that cannot be copied (atomics): a new one, value-initialised.
  T& emplace() { return *slot(); }
  // Appends all of values side by side in one chunk, skipping the rest of the current one if they do not fit there;
  // answers the index of the first. The skipped elements are never read.
  uint32_t append_together(std::span<const T> values) {
    auto [first, room] = open_together(values.size());
    std::copy(values.begin(), values.end(), room);
    return first;
  }
  // The same with the values still to be set: the index of the first, and its place.
  std::pair<uint32_t, T*> open_together(size_t count) {
    while (static_cast<size_t>(chunk_end_ - next_) < count) {
      end_ += static_cast<uint32_t>(chunk_end_ - next_);
      next_ = chunk_end_;
      if ((kFirst << Place::of(end_).chunk) >= count) {
        open_chunk();
      } else {
        end_ += static_cast<uint32_t>(kFirst << Place::of(end_).chunk);
      }
    }
    std::pair<uint32_t, T*> place{end_, next_};
    next_ += count;
    end_ += static_cast<uint32_t>(count);
    return place;
  }
  void publish() { published_.store(end_, std::memory_order_release); }

  // The longest contiguous piece of [begin, end); precondition: begin < end <= size known to the caller.
  std::span<const T> piece(uint32_t begin, uint32_t end) const {
    auto [chunk, offset] = Place::of(begin);
    size_t length = std::min<size_t>(end - begin, (kFirst << chunk) - offset);
    return {chunks_[static_cast<size_t>(chunk)].load(std::memory_order_acquire) + offset, length};
  }

  // Of the elements in use: the untouched pages at the end of a large chunk are not resident.
  size_t allocated_bytes() const { return size_t{end_} * sizeof(T); }

 private:
  using Place = ChunkPlace<kFirst>;
  const T* address(uint32_t i) const {
    auto [chunk, offset] = Place::of(i);
    return chunks_[static_cast<size_t>(chunk)].load(std::memory_order_acquire) + offset;
  }
  T* slot() {
    if (next_ == chunk_end_) open_chunk();
    ++end_;
    return next_++;
  }
  std::span<T> run(size_t wanted) {
    if (next_ == chunk_end_) open_chunk();
    size_t count = std::min<size_t>(wanted, static_cast<size_t>(chunk_end_ - next_));
    std::span<T> room(next_, count);
    next_ += count;
    end_ += static_cast<uint32_t>(count);
    return room;
  }
  void open_chunk() {
    auto chunk = static_cast<size_t>(Place::of(end_).chunk);
    size_t length = kFirst << chunk;
    // Value-initialised only where T needs it: untouched pages of a large chunk cost no memory.
    T* memory = std::is_trivially_default_constructible_v<T> ? new T[length] : new T[length]();
    chunks_[chunk].store(memory, std::memory_order_release);
    next_ = memory;
    chunk_end_ = memory + length;
  }

  std::array<std::atomic<T*>, Place::kChunks> chunks_{};
  T* next_ = nullptr;
  T* chunk_end_ = nullptr;
  uint32_t end_ = 0;
  std::atomic<uint32_t> published_{0};
};

}  // namespace clew
