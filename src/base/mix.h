// 64-bit mixing for hashes that reach the disk or choose a lane: fixed for ever, unlike absl::Hash, which is seeded by
// the process.
#pragma once

#include <cstdint>

namespace clew {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection, every input bit reaches every output bit.
constexpr uint64_t mix64(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  x ^= x >> 31;
  return x;
}

constexpr uint64_t mix64(uint64_t a, uint64_t b) {
  return mix64(mix64(a) + 0x9e3779b97f4a7c15ULL + b);
}

}  // namespace clew
