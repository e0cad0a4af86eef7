// Where element i lies among chunks that double: chunk k holds kFirst << k elements, so i lives in chunk
// floor(log2(i / kFirst + 1)).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace clew {

template <size_t kFirst>
struct ChunkPlace {
  static_assert(std::has_single_bit(kFirst));
  static constexpr int kFirstLog = std::countr_zero(kFirst);
  static constexpr int kChunks = 33 - kFirstLog;  // 2^32 elements in all

  int chunk;
  size_t offset;

  static ChunkPlace of(uint32_t i) {
    uint64_t shifted = uint64_t{i} + kFirst;
    int chunk = 63 - std::countl_zero(shifted) - kFirstLog;
    return {chunk, static_cast<size_t>(shifted - (uint64_t{kFirst} << chunk))};
  }
};

}  // namespace clew
