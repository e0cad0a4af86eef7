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

inline bool bytes_from_hex(const char* hex, uint8_t* bytes, unsigned count) noexcept {
  uint8_t bad = 0;
  for (unsigned i = 0; i < count; ++i) {
    const uint8_t high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
    bad |= uint8_t(high | low);
    bytes[i] = uint8_t(high << 4 | (low & 15));
  }
  return bad < 16;
}
inline void hex_from_bytes(const uint8_t* bytes, unsigned count, char* hex) noexcept {
  for (unsigned i = 0; i < count; ++i) {
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
