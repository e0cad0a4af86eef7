#include "base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace clew {

void ask_for_huge_pages(void* begin, size_t bytes) {
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const uintptr_t first = (address + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const uintptr_t last = (address + bytes) / kHugePageBytes * kHugePageBytes;
  if (last > first) (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace clew
