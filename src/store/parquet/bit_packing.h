// Fixed-width unsigned numbers side by side, least significant bit first (Parquet's order).
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace clew::parquet {

inline constexpr size_t packed_bytes(size_t count, int width) {
  return (count * static_cast<size_t>(width) + 7) / 8;
}

inline constexpr int bits_for(uint64_t greatest) {
  return 64 - __builtin_clzll(greatest | 1) - (greatest == 0 ? 1 : 0);
}

// Appends packed_bytes(values.size(), width) bytes. Precondition: 0 <= width <= 64, every value fits.
template <typename T>
void pack_bits(std::span<const T> values, int width, std::string& out) {
  if (width == 0) return;
  size_t at = out.size();
  // Room for a whole word at the end: words are stored unmasked.
  out.resize(at + packed_bytes(values.size(), width) + 8);
  char* to = out.data() + at;
  uint64_t held = 0;
  int bits = 0;
  for (T value : values) {
    auto wide = static_cast<uint64_t>(value);
    held |= wide << bits;
    bits += width;
    if (bits >= 64) {
      std::memcpy(to, &held, 8);
      to += 8;
      bits -= 64;
      held = bits == 0 ? 0 : wide >> (width - bits);
    }
  }
  std::memcpy(to, &held, 8);
  out.resize(at + packed_bytes(values.size(), width));
}

// Reads values.size() numbers; false when `bytes` is too short. Precondition: 0 <= width <= 64.
template <typename T>
bool unpack_bits(std::string_view bytes, int width, std::span<T> values) {
  if (bytes.size() < packed_bytes(values.size(), width)) return false;
  if (width == 0) {
    for (T& value : values) value = 0;
    return true;
  }
  const uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  // Whole words as long as nine bytes are there, then byte by byte.
  size_t bit = 0;
  size_t done = 0;
  for (; done < values.size() && (bit >> 3) + 9 <= bytes.size(); ++done, bit += static_cast<size_t>(width)) {
    const char* at = bytes.data() + (bit >> 3);
    auto shift = static_cast<int>(bit & 7);
    uint64_t word;
    std::memcpy(&word, at, 8);
    word >>= shift;
    if (shift + width > 64) word |= uint64_t{static_cast<uint8_t>(at[8])} << (64 - shift);
    values[done] = static_cast<T>(word & mask);
  }
  for (; done < values.size(); ++done, bit += static_cast<size_t>(width)) {
    uint64_t word = 0;
    for (int got = 0; got < width;) {
      size_t at = bit + static_cast<size_t>(got);
      auto shift = static_cast<int>(at & 7);
      word |= uint64_t{static_cast<uint8_t>(bytes[at >> 3])} >> shift << got;
      got += 8 - shift;
    }
    values[done] = static_cast<T>(word & mask);
  }
  return true;
}

}  // namespace clew::parquet
