#include "store/parquet/delta.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "store/parquet/bit_packing.h"

namespace clew::parquet {
namespace {

constexpr size_t kBlock = 128;
constexpr size_t kMiniblocks = 4;
constexpr size_t kMiniblock = kBlock / kMiniblocks;
// Of what others write: a block of more is refused.
constexpr uint64_t kMaxBlock = 1 << 16;
constexpr uint64_t kMaxMiniblocks = 512;

template <typename Int>
using Unsigned = std::make_unsigned_t<Int>;

template <typename Int>
void encode(std::span<const int64_t> values, std::string& out) {
  using U = Unsigned<Int>;
  ByteWriter writer(out);
  writer.varint(kBlock);
  writer.varint(kMiniblocks);
  writer.varint(values.size());
  writer.zigzag(values.empty() ? 0 : static_cast<Int>(values[0]));
  if (values.empty()) return;
  U last = static_cast<U>(values[0]);
  for (size_t at = 1; at < values.size(); at += kBlock) {
    size_t count = std::min(kBlock, values.size() - at);
    std::array<U, kBlock> deltas{};
    Int least = 0;
    for (size_t i = 0; i < count; ++i) {
      U value = static_cast<U>(values[at + i]);
      deltas[i] = static_cast<U>(value - last);
      last = value;
      auto delta = static_cast<Int>(deltas[i]);
      least = i == 0 ? delta : std::min(least, delta);
    }
    writer.zigzag(least);
    std::array<int, kMiniblocks> widths{};
    for (size_t m = 0; m * kMiniblock < count; ++m) {
      uint64_t all = 0;
      for (size_t i = m * kMiniblock; i < std::min(count, (m + 1) * kMiniblock); ++i) {
        deltas[i] = static_cast<U>(deltas[i] - static_cast<U>(least));
        all |= deltas[i];
      }
      widths[m] = bits_for(all);
    }
    for (int width : widths) out.push_back(static_cast<char>(width));
    for (size_t m = 0; m * kMiniblock < count; ++m) {
      pack_bits(std::span<const U>(deltas).subspan(m * kMiniblock, kMiniblock), widths[m], out);
    }
  }
}

template <typename Int>
Result<size_t> decode(std::string_view bytes, size_t expected, std::span<int64_t> values) {
  using U = Unsigned<Int>;
  ByteReader reader(bytes);
  uint64_t block = reader.varint();
  uint64_t miniblocks = reader.varint();
  uint64_t total = reader.varint();
  auto last = static_cast<U>(reader.zigzag());
  if (!reader.ok() || block == 0 || block > kMaxBlock || miniblocks == 0 || miniblocks > kMaxMiniblocks ||
      block % miniblocks != 0 || (block / miniblocks) % 32 != 0) {
    return corrupt("a delta stream has a malformed head");
  }
  if (total != expected) return corrupt("a delta stream has another number of values");
  if (values.empty()) return reader.position();
  const size_t per_miniblock = block / miniblocks;
  values[0] = static_cast<Int>(last);
  std::array<U, kMaxBlock / 4> scratch;
  if (per_miniblock > scratch.size()) return corrupt("a delta stream has too long miniblocks");
  for (size_t at = 1; at < values.size();) {
    auto least = static_cast<U>(reader.zigzag());
    std::string_view widths = reader.take(miniblocks);
    if (!reader.ok()) return corrupt("a delta stream ends too early");
    for (size_t m = 0; m < miniblocks && at < values.size(); ++m) {
      auto width = static_cast<uint8_t>(widths[m]);
      if (width > sizeof(U) * 8) return corrupt("a delta stream has a bad bit width");
      size_t count = std::min(per_miniblock, values.size() - at);
      std::string_view packed = reader.take(packed_bytes(per_miniblock, width));
      if (!unpack_bits(packed, width, std::span<U>(scratch).first(count))) return corrupt("a delta stream is cut off");
      for (size_t i = 0; i < count; ++i) {
        last = static_cast<U>(last + scratch[i] + least);
        values[at + i] = static_cast<Int>(last);
      }
      at += count;
    }
  }
  return reader.position();
}

}  // namespace

void encode_delta(std::span<const int64_t> values, std::string& out) {
  encode<int64_t>(values, out);
}
void encode_delta32(std::span<const int64_t> values, std::string& out) {
  encode<int32_t>(values, out);
}
Result<size_t> decode_delta(std::string_view bytes, std::span<int64_t> values) {
  return decode<int64_t>(bytes, values.size(), values);
}
Result<size_t> decode_delta32(std::string_view bytes, std::span<int64_t> values) {
  return decode<int32_t>(bytes, values.size(), values);
}
Status decode_delta_begin(std::string_view bytes, size_t total, std::span<int64_t> values) {
  ASSIGN_OR_RETURN([[maybe_unused]] size_t used, decode<int64_t>(bytes, total, values));
  return {};
}
Status decode_delta32_begin(std::string_view bytes, size_t total, std::span<int64_t> values) {
  ASSIGN_OR_RETURN([[maybe_unused]] size_t used, decode<int32_t>(bytes, total, values));
  return {};
}

}  // namespace clew::parquet
