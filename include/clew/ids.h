// Trace and span ids: bytes in network order, all zero when not valid.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN

namespace detail {
// The value of a lower-case hex digit, or 255.
constexpr uint8_t hex_value(char c) noexcept {
  return c >= '0' && c <= '9' ? uint8_t(c - '0') : c >= 'a' && c <= 'f' ? uint8_t(c - 'a' + 10) : uint8_t(255);
}
constexpr char hex_digit(unsigned value) noexcept {
  return "0123456789abcdef"[value & 15];
}

// Eight digits at once, in the bytes of a little-endian word.
inline bool word_from_hex(uint64_t digits, uint32_t& bytes) noexcept {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t letter = digits >> 6 & kOnes, low = digits & 0x0f * kOnes;
  // The high nibble is 3, or 6 for letters; the low one 0 to 9, or 1 to 6.
  uint64_t bad = (digits & 0xf0 * kOnes) ^ (0x30 * kOnes + 0x30 * letter);
  bad |= (low + 6 * kOnes + 3 * letter) & 0x10 * kOnes;
  bad |= letter << 4 & ~(low + 0x0f * kOnes);
  uint64_t value = low + 9 * letter;
  value = (value << 4 | value >> 8) & 0x00ff00ff00ff00ff;
  value = (value | value >> 8) & 0x0000ffff0000ffff;
  bytes = uint32_t(value | value >> 16);
  return bad == 0;
}
inline uint64_t hex_from_word(uint32_t bytes) noexcept {
  constexpr uint64_t kOnes = 0x0101010101010101;
  uint64_t value = (bytes | uint64_t(bytes) << 16) & 0x0000ffff0000ffff;
  value = (value | value << 8) & 0x00ff00ff00ff00ff;
  value = (value >> 4 | value << 8) & 0x0f * kOnes;
  return value + 0x30 * kOnes + 0x27 * ((value + 6 * kOnes) >> 4 & kOnes);
}

inline bool bytes_from_hex(const char* hex, uint8_t* bytes, unsigned count) noexcept {
  bool good = true;
  unsigned i = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; i + 4 <= count; i += 4) {
    uint64_t digits;
    uint32_t word;
    std::memcpy(&digits, hex + 2 * i, sizeof digits);
    good &= word_from_hex(digits, word);
    std::memcpy(bytes + i, &word, sizeof word);
  }
#endif
  for (; i < count; ++i) {
    const uint8_t high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
    good &= uint8_t(high | low) < 16;
    bytes[i] = uint8_t(high << 4 | (low & 15));
  }
  return good;
}
inline void hex_from_bytes(const uint8_t* bytes, unsigned count, char* hex) noexcept {
  unsigned i = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; i + 4 <= count; i += 4) {
    uint32_t word;
    std::memcpy(&word, bytes + i, sizeof word);
    const uint64_t digits = hex_from_word(word);
    std::memcpy(hex + 2 * i, &digits, sizeof digits);
  }
#endif
  for (; i < count; ++i) {
    hex[2 * i] = hex_digit(bytes[i] >> 4);
    hex[2 * i + 1] = hex_digit(bytes[i]);
  }
}
}  // namespace detail

template <unsigned kBytes>
struct Id {
  static constexpr unsigned kSize = kBytes;
  static constexpr unsigned kHexSize = 2 * kBytes;

  uint8_t bytes[kBytes] = {};

  bool valid() const noexcept {
    uint64_t words[kBytes / 8], all = 0;
    std::memcpy(words, bytes, kBytes);
    for (uint64_t word : words) all |= word;
    return all != 0;
  }
  explicit operator bool() const noexcept { return valid(); }

  // Writes kHexSize lower-case digits, and no end of string.
  void to_hex(char* hex) const noexcept { detail::hex_from_bytes(bytes, kBytes, hex); }

  // Exactly kHexSize lower-case digits, as W3C has it; else an id that is not valid.
  static Id from_hex(std::string_view hex) noexcept {
    Id id;
    if (hex.size() != kHexSize || !detail::bytes_from_hex(hex.data(), id.bytes, kBytes)) return Id{};
    return id;
  }

  friend bool operator==(const Id& a, const Id& b) noexcept { return std::memcmp(a.bytes, b.bytes, kBytes) == 0; }
  friend bool operator!=(const Id& a, const Id& b) noexcept { return !(a == b); }
  friend bool operator<(const Id& a, const Id& b) noexcept { return std::memcmp(a.bytes, b.bytes, kBytes) < 0; }
};

using TraceId = Id<16>;
using SpanId = Id<8>;

CLEW_END
