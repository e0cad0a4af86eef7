#include "base/zeroed_array.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "base/huge_pages.h"

namespace clew {
namespace {

// Whole huge pages only, so that none is taken for a part of one.
bool is_large(size_t bytes) {
  return bytes >= kHugePageBytes && bytes % kHugePageBytes == 0;
}

// At an address that is a multiple of the huge page; nullptr when there is no memory.
char* map_aligned(size_t bytes) {
  size_t mapped_bytes = bytes + kHugePageBytes;
  void* mapped = mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* begin = static_cast<char*>(mapped);
  size_t before = -reinterpret_cast<uintptr_t>(begin) % kHugePageBytes;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, kHugePageBytes - before);
  return begin + before;
}

}  // namespace

void* zeroed_allocate(size_t bytes) {
  void* memory = is_large(bytes) ? map_aligned(bytes) : std::calloc(bytes > 0 ? bytes : 1, 1);
  CHECK(memory != nullptr);
  // Refused by systems without huge pages, where all works as well, only slower.
  if (is_large(bytes)) (void)madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

void zeroed_free(void* memory, size_t bytes) {
  if (is_large(bytes)) {
    munmap(memory, bytes);
  } else {
    std::free(memory);
  }
}

}  // namespace clew
