#include "store/parquet/bit_packing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace clew::parquet {
namespace {

// Groups of 32 values end on a whole byte at every width. Each width has code of its own, in which all shifts are
// constants: the loops unroll.
constexpr size_t kGroup = 32;

template <typename T, int kWidth>
void pack_group(const T* values, char* to) {
  uint64_t held = 0;
#pragma GCC unroll 32
  for (int i = 0; i < static_cast<int>(kGroup); ++i) {
    const int shift = i * kWidth % 64;
    const auto value = static_cast<uint64_t>(values[i]);
    held |= value << shift;
    if (shift + kWidth < 64) continue;
    std::memcpy(to + i * kWidth / 64 * 8, &held, 8);
    held = shift + kWidth > 64 ? value >> (64 - shift) % 64 : 0;
  }
  if (kWidth % 2 != 0) std::memcpy(to + kWidth / 2 * 8, &held, 4);
}

template <typename T, int kWidth>
void unpack_group(const char* from, T* values) {
  constexpr uint64_t kMask = kWidth == 64 ? ~uint64_t{0} : (uint64_t{1} << kWidth) - 1;
  std::array<uint64_t, kWidth / 2 + 1> words{};
  std::memcpy(words.data(), from, kWidth * kGroup / 8);
#pragma GCC unroll 32
  for (int i = 0; i < static_cast<int>(kGroup); ++i) {
    const int at = i * kWidth / 64;
    const int shift = i * kWidth % 64;
    uint64_t word = words[static_cast<size_t>(at)] >> shift;
    if (shift + kWidth > 64) word |= words[static_cast<size_t>(at) + 1] << (64 - shift) % 64;
    values[i] = static_cast<T>(word & kMask);
  }
}

template <typename T>
constexpr size_t kWidths = sizeof(T) * 8 + 1;
template <typename T>
using PackGroup = void (*)(const T*, char*);
template <typename T>
using UnpackGroup = void (*)(const char*, T*);

template <typename T, size_t... kWidth>
constexpr std::array<PackGroup<T>, sizeof...(kWidth)> packers(std::index_sequence<kWidth...>) {
  return {pack_group<T, static_cast<int>(kWidth)>...};
}
template <typename T, size_t... kWidth>
constexpr std::array<UnpackGroup<T>, sizeof...(kWidth)> unpackers(std::index_sequence<kWidth...>) {
  return {unpack_group<T, static_cast<int>(kWidth)>...};
}
template <typename T>
constexpr auto kPackers = packers<T>(std::make_index_sequence<kWidths<T>>());
template <typename T>
constexpr auto kUnpackers = unpackers<T>(std::make_index_sequence<kWidths<T>>());

template <typename T>
void pack(std::span<const T> values, int width, std::string& out) {
  if (width == 0) return;
  const size_t at = out.size();
  const size_t bytes = packed_bytes(values.size(), width);
  const auto group_bytes = static_cast<size_t>(width) * kGroup / 8;
  out.resize(at + bytes);
  char* to = out.data() + at;
  const PackGroup<T> pack_whole = kPackers<T>[static_cast<size_t>(width)];
  size_t done = 0;
  for (; done + kGroup <= values.size(); done += kGroup, to += group_bytes) pack_whole(values.data() + done, to);
  if (done == values.size()) return;
  std::array<T, kGroup> last{};
  std::array<char, sizeof last> packed;
  std::ranges::copy(values.subspan(done), last.begin());
  pack_whole(last.data(), packed.data());
  std::memcpy(to, packed.data(), packed_bytes(values.size() - done, width));
}

template <typename T>
bool unpack(std::string_view bytes, int width, std::span<T> values) {
  if (bytes.size() < packed_bytes(values.size(), width)) return false;
  if (width == 0) {
    std::ranges::fill(values, T{0});
    return true;
  }
  const auto group_bytes = static_cast<size_t>(width) * kGroup / 8;
  const char* from = bytes.data();
  const UnpackGroup<T> unpack_whole = kUnpackers<T>[static_cast<size_t>(width)];
  size_t done = 0;
  for (; done + kGroup <= values.size(); done += kGroup, from += group_bytes) unpack_whole(from, values.data() + done);
  if (done == values.size()) return true;
  std::array<T, kGroup> last;
  std::array<char, sizeof last> packed{};
  std::memcpy(packed.data(), from, packed_bytes(values.size() - done, width));
  unpack_whole(packed.data(), last.data());
  std::copy_n(last.begin(), values.size() - done, values.begin() + static_cast<ptrdiff_t>(done));
  return true;
}

}  // namespace

void pack_bits(std::span<const uint32_t> values, int width, std::string& out) {
  pack(values, width, out);
}
void pack_bits(std::span<const uint64_t> values, int width, std::string& out) {
  pack(values, width, out);
}
bool unpack_bits(std::string_view bytes, int width, std::span<uint32_t> values) {
  return unpack(bytes, width, values);
}
bool unpack_bits(std::string_view bytes, int width, std::span<uint64_t> values) {
  return unpack(bytes, width, values);
}

}  // namespace clew::parquet
