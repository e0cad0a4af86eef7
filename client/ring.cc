#include "ring.h"

#include <sys/mman.h>

#include <new>

CLEW_BEGIN
namespace detail {
namespace {
constexpr size_t kHead = 4096;  // before the data, which begins at a page
}

Ring* Ring::create(size_t bytes) noexcept {
  static_assert(sizeof(Ring) <= kHead, "fits");
  void* const memory = mmap(nullptr, kHead + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  return new (memory) Ring(static_cast<char*>(memory) + kHead, bytes);
}

void Ring::destroy() noexcept {
  munmap(this, kHead + size_);
}

bool Ring::crowded() noexcept {
  const bool watched = watch_at_ == 0;
  tail_seen_ = tail_.load(std::memory_order_acquire);
  if (next_head_ - tail_seen_ > size_ / 2) {
    watch_at_ = next_head_ + size_ / 8;
    return true;
  }
  watch_at_ = tail_seen_ + size_ / 2 + 1;
  return watched;
}

}  // namespace detail
CLEW_END
