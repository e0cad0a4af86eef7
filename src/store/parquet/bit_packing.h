// Fixed-width unsigned numbers side by side, least significant bit first (Parquet's order).
#pragma once

#include <cstdint>
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

// Appends packed_bytes(values.size(), width) bytes. Precondition: 0 <= width <= bits of a value, every value fits.
void pack_bits(std::span<const uint32_t> values, int width, std::string& out);
void pack_bits(std::span<const uint64_t> values, int width, std::string& out);

// Reads values.size() numbers; false when `bytes` is too short. Precondition: 0 <= width <= bits of a value.
bool unpack_bits(std::string_view bytes, int width, std::span<uint32_t> values);
bool unpack_bits(std::string_view bytes, int width, std::span<uint64_t> values);

}  // namespace clew::parquet
