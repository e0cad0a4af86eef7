// A part of something immutable that is made on first use. A failure is not kept: the next caller tries again.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "base/result.h"

namespace clew::store {

// Thread rule: any thread; callers that come while it is made wait. The value lives as long as the Lazy.
template <typename T>
class Lazy {
 public:
  // The value, or null when nobody has asked for it yet.
  const T* peek() const { return ready_.load(std::memory_order_acquire); }

  // make() answers Result<T>, or Result<std::unique_ptr<T>> for what cannot be moved.
  template <typename Make>
  Result<const T*> get(Make&& make) const {
    if (const T* ready = peek()) return ready;
    std::lock_guard lock(mutex_);
    if (const T* ready = peek()) return ready;
    auto made = make();
    if (!made) return std::unexpected(std::move(made.error()));
    if constexpr (std::is_same_v<typename decltype(made)::value_type, std::unique_ptr<T>>) {
      value_ = std::move(*made);
    } else {
      value_ = std::make_unique<T>(std::move(*made));
    }
    ready_.store(value_.get(), std::memory_order_release);
    return value_.get();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::unique_ptr<T> value_;
  mutable std::atomic<const T*> ready_{nullptr};
};

}  // namespace clew::store
