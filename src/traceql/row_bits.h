// Verdicts on the rows of a page, a bit each, row 0 in the lowest bit of the first word; bits beyond the rows are 0.
//
// Whole words are made by loops of a fixed length into local bytes, which g++ turns into vector instructions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace clew::traceql {

using RowBits = std::vector<uint64_t>;

inline size_t words_of(size_t rows) {
  return (rows + 63) / 64;
}

inline void fill_bits(RowBits& bits, size_t rows, bool value) {
  bits.assign(words_of(rows), value ? ~uint64_t{0} : 0);
  if (value && rows % 64 != 0) bits.back() >>= 64 - rows % 64;
}

inline bool has_bits(const RowBits& bits) {
  return std::ranges::any_of(bits, [](uint64_t word) { return word != 0; });
}

// Bytes of 0 and 1 as bits.
inline uint64_t packed(const uint8_t (&bytes)[64]) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t out = 0;
  for (int i = 0; i < 8; ++i) {
    uint64_t eight;
    std::memcpy(&eight, bytes + i * 8, sizeof eight);
    out |= (eight * 0x0102040810204080ULL >> 56) << i * 8;
  }
  return out;
}

// Bit i is holds(values[i]). Overwrites bits.
template <typename T, typename Holds>
void test_values(const T* values, size_t rows, RowBits& bits, Holds&& holds) {
  bits.resize(words_of(rows));
  size_t word = 0;
  for (; (word + 1) * 64 <= rows; ++word, values += 64) {
    uint8_t bytes[64];
    for (int i = 0; i < 64; ++i) bytes[i] = holds(values[i]);
    bits[word] = packed(bytes);
  }
  if (word == bits.size()) return;
  bits[word] = 0;
  for (size_t i = 0; i < rows % 64; ++i) bits[word] |= uint64_t{holds(values[i])} << i;
}

// f(row of the page), ascending.
template <typename Each>
void for_each_bit(const uint64_t* words, size_t count, Each&& each) {
  for (size_t i = 0; i < count; ++i) {
    for (uint64_t word = words[i]; word != 0; word &= word - 1) {
      each(static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(word)));
    }
  }
}

}  // namespace clew::traceql
