#include "store/parquet/rle.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "store/parquet/bit_packing.h"

namespace clew::parquet {
namespace {

void append_run(uint32_t value, size_t count, int width, std::string& out) {
  ByteWriter(out).varint(uint64_t{count} << 1);
  for (int shift = 0; shift < width; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

// Values in groups of eight; the last group of all is padded with zeros.
void append_packed(std::span<const uint32_t> values, int width, std::string& out) {
  size_t groups = (values.size() + 7) / 8;
  ByteWriter(out).varint(groups << 1 | 1);
  size_t whole = out.size() + groups * static_cast<size_t>(width);
  pack_bits(values, width, out);
  out.resize(whole, '\0');
}

// Where the run that ends with values[last] begins, at the earliest at `from`.
size_t run_start(std::span<const uint32_t> values, size_t from, size_t last) {
  size_t at = last;
  while (at > from && values[at - 1] == values[last]) --at;
  return at;
}

}  // namespace

void encode_rle_run(uint32_t value, size_t count, int width, std::string& out) {
  if (count > 0) append_run(value, count, width, out);
}

void encode_rle_bits(std::span<const uint64_t> bits, size_t count, std::string& out) {
  size_t groups = (count + 7) / 8;
  ByteWriter(out).varint(groups << 1 | 1);
  out.append(reinterpret_cast<const char*>(bits.data()), groups);
}

void encode_rle(std::span<const uint32_t> values, int width, std::string& out) {
  const size_t run_bits = 8 * (1 + (static_cast<size_t>(width) + 7) / 8);
  // A run must pay for its own head and for that of the packed values it interrupts.
  const size_t worth = width == 0 ? 1 : (run_bits + 8) / static_cast<size_t>(width) + 1;
  const size_t worth_alone = width == 0 ? 1 : run_bits / static_cast<size_t>(width) + 1;
  size_t packed_from = 0;
  for (size_t at = 0; at < values.size();) {
    // A run from here on that is worth it covers both of these; where they differ, none begins before the second.
    const size_t probe = at + worth_alone - 1;
    if (probe >= values.size()) break;
    if (probe > at && values[probe] != values[probe - 1]) {
      at = probe;
      continue;
    }
    const uint32_t value = values[probe];
    at = run_start(values, at, probe);
    size_t end = probe + 1;
    while (end < values.size() && values[end] == value) ++end;
    // Packed values come in groups of eight: a run gives up its first values to fill the group before it.
    size_t fill = (8 - (at - packed_from) % 8) % 8;
    size_t begin = std::min(at + fill, end);
    if (end - begin >= (begin == packed_from ? worth_alone : worth)) {
      if (begin > packed_from) append_packed(values.subspan(packed_from, begin - packed_from), width, out);
      append_run(value, end - begin, width, out);
      packed_from = end;
    }
    at = end;
  }
  if (packed_from < values.size()) append_packed(values.subspan(packed_from), width, out);
}

namespace {

// Values of a packed run after its first `skip`; none of whole groups of eight is unpacked in vain.
bool unpack_after(std::string_view packed, int width, size_t skip, std::span<uint32_t> values) {
  const size_t groups_bytes = skip / 8 * static_cast<size_t>(width);
  if (groups_bytes > packed.size()) return false;
  packed.remove_prefix(groups_bytes);
  skip %= 8;
  if (skip == 0) return unpack_bits(packed, width, values);
  std::vector<uint32_t> from_group(skip + values.size());
  if (!unpack_bits(packed, width, std::span<uint32_t>(from_group))) return false;
  std::copy(from_group.begin() + static_cast<ptrdiff_t>(skip), from_group.end(), values.begin());
  return true;
}

}  // namespace

Status decode_rle(std::string_view bytes, int width, std::span<uint32_t> values, size_t skip) {
  if (width < 0 || width > 32) return corrupt("a bit width is above 32");
  const uint64_t limit = uint64_t{1} << width;
  ByteReader reader(bytes);
  size_t at = 0;
  while (at < values.size()) {
    uint64_t head = reader.varint();
    if (!reader.ok()) return corrupt("runs end too early");
    uint64_t count = head >> 1;
    size_t left = values.size() - at;
    if (head & 1) {
      if (count == 0 || count > uint64_t{1} << 28) return corrupt("a packed run has a bad length");
      const size_t skipped = std::min<size_t>(skip, count * 8);
      size_t take = std::min<size_t>(left, count * 8 - skipped);
      // The last group may be cut off after its last value.
      size_t stored = std::min(reader.left(), static_cast<size_t>(count) * static_cast<size_t>(width));
      if (!unpack_after(reader.take(stored), width, skipped, values.subspan(at, take))) {
        return corrupt("a packed run is cut off");
      }
      at += take;
      skip -= skipped;
    } else {
      if (count == 0) return corrupt("a run has no length");
      uint64_t value = 0;
      for (int shift = 0; shift < width; shift += 8) value |= uint64_t{reader.fixed<uint8_t>()} << shift;
      if (!reader.ok() || value >= limit) return corrupt("a run has a bad value");
      const size_t skipped = std::min<size_t>(skip, count);
      size_t take = std::min<size_t>(left, count - skipped);
      skip -= skipped;
      std::fill_n(values.begin() + static_cast<ptrdiff_t>(at), take, static_cast<uint32_t>(value));
      at += take;
    }
  }
  return {};
}

Result<std::vector<uint64_t>> decode_rle_bits(std::string_view bytes, size_t count) {
  std::vector<uint64_t> out((count + 63) / 64);
  auto clear_rest = [&] {
    if (count % 64 != 0) out.back() &= (uint64_t{1} << count % 64) - 1;
  };
  ByteReader reader(bytes);
  uint64_t head = reader.varint();
  // One run for all is what we write ourselves.
  if (reader.ok() && (head & 1) && head >> 1 >= (count + 7) / 8 && reader.left() >= (count + 7) / 8) {
    if (count > 0) std::memcpy(out.data(), reader.take((count + 7) / 8).data(), (count + 7) / 8);
    clear_rest();
    return out;
  }
  std::vector<uint32_t> values(count);
  TRY(decode_rle(bytes, 1, values));
  for (size_t i = 0; i < count; ++i) out[i / 64] |= uint64_t{values[i]} << i % 64;
  return out;
}

}  // namespace clew::parquet
