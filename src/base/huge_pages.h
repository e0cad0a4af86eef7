// Large arrays that are filled once: with huge pages the system has a few pages to make and to clear, not thousands,
// which cost more than what is written to them.
#pragma once

#include <cstddef>

namespace clew {

inline constexpr size_t kHugePageBytes = size_t{2} << 20;

// For the whole huge pages of that memory, from malloc or mmap, of which nothing has been touched yet. Where the system
// has none, all works as well, only slower.
void ask_for_huge_pages(void* begin, size_t bytes);

// Room in a vector or string that is to become large, unless it has it.
template <typename Container>
void reserve_large(Container& out, size_t size) {
  if (out.capacity() >= size) return;
  Container larger;
  larger.reserve(size);
  ask_for_huge_pages(larger.data(), larger.capacity() * sizeof(*larger.data()));
  larger.assign(out.begin(), out.end());
  out.swap(larger);
}

}  // namespace clew
