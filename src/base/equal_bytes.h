// Whether two texts of one size are equal, for texts that are mostly short and compared all the time: a call of memcmp
// costs more than the comparison then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace clew {

[[gnu::always_inline]] inline bool equal_bytes(const char* a, const char* b, size_t size) {
  auto differ = [&]<typename Word>(Word, size_t at) {
    Word of_a;
    Word of_b;
    std::memcpy(&of_a, a + at, sizeof of_a);
    std::memcpy(&of_b, b + at, sizeof of_b);
    return of_a ^ of_b;
  };
  constexpr size_t kWord = sizeof(uint64_t);
  constexpr size_t kInline = 64;
  if (size > kInline) return std::memcmp(a, b, size) == 0;
  if (size >= kWord) {
    // The last word overlaps the one before it.
    for (size_t at = 0; at + kWord < size; at += kWord) {
      if (differ(uint64_t{}, at)) return false;
    }
    return differ(uint64_t{}, size - kWord) == 0;
  }
  if (size >= sizeof(uint32_t)) return (differ(uint32_t{}, 0) | differ(uint32_t{}, size - sizeof(uint32_t))) == 0;
  for (size_t at = 0; at < size; ++at) {
    if (a[at] != b[at]) return false;
  }
  return true;
}

}  // namespace clew
