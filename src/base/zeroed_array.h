// An array of fixed size that begins as zeros, for tables that are read at random: a large one asks the system for huge
// pages, without which each look-up misses the processor's table of pages as well as its caches.
//
// T is a type for which zero bytes are a value (numbers, structs and atomics of them). Moved, not copied.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace clew {

// Zeroed memory for zeroed_free() with the same size. A machine without memory is the end of the process.
void* zeroed_allocate(size_t bytes);
void zeroed_free(void* memory, size_t bytes);

template <typename T>
class ZeroedArray {
  static_assert(std::is_trivially_destructible_v<T> && std::is_standard_layout_v<T>);

 public:
  ZeroedArray() = default;
  explicit ZeroedArray(size_t size) : data_(static_cast<T*>(zeroed_allocate(size * sizeof(T)))), size_(size) {}
  ZeroedArray(ZeroedArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  ZeroedArray& operator=(ZeroedArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~ZeroedArray() {
    if (data_ != nullptr) zeroed_free(data_, size_ * sizeof(T));
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace clew
