#include "store/block/trace_lookup.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "store/block/key_sort.h"
#include "store/parquet/bit_packing.h"

namespace clew::store {
namespace {

constexpr uint32_t kRemainderBits = 16;
constexpr uint32_t kMaxBucketBits = 16;
constexpr uint64_t kTracesOfBucket = 16;  // at least, on average; at most twice as many

uint32_t bucket_bits_for(uint64_t traces) {
  return std::min(kMaxBucketBits, static_cast<uint32_t>(std::bit_width(traces / kTracesOfBucket | 1)) - 1);
}

int number_bits(uint64_t traces) {
  return parquet::bits_for(traces == 0 ? 0 : traces - 1);
}

}  // namespace

// The upper bits of the hash: lanes are chosen by the lower ones.
std::pair<uint32_t, uint16_t> TraceLookup::fingerprint(TraceId id, uint32_t bucket_bits) {
  uint64_t top = id.hash() >> (64 - kRemainderBits - bucket_bits);
  return {static_cast<uint32_t>(top >> kRemainderBits), static_cast<uint16_t>(top)};
}

TraceLookup::Sections TraceLookup::encode(std::span<const TraceRun> runs) {
  const uint32_t bits = bucket_bits_for(runs.size());
  std::vector<KeyedItem> prints;
  prints.reserve(runs.size());
  for (const TraceRun& run : runs) {
    auto [bucket, remainder] = fingerprint(run.id, bits);
    prints.push_back({uint64_t{bucket} << kRemainderBits | remainder, static_cast<uint32_t>(prints.size())});
  }
  KeySorter().sort(prints);
  Sections out;
  ByteWriter writer(out.fingerprints);
  writer.varint(bits);
  size_t at = 0;
  for (uint32_t bucket = 0; bucket < 1U << bits; ++bucket) {
    size_t begin = at;
    while (at < prints.size() && prints[at].key >> kRemainderBits == bucket) ++at;
    writer.varint(at - begin);
  }
  std::vector<uint32_t> numbers;
  numbers.reserve(prints.size());
  for (const KeyedItem& print : prints) {
    writer.fixed(static_cast<uint16_t>(print.key));
    numbers.push_back(print.item);
  }
  parquet::pack_bits(std::span<const uint32_t>(numbers), number_bits(runs.size()), out.numbers);
  return out;
}

Result<TraceLookup> TraceLookup::decode(std::string_view fingerprints, uint64_t traces) {
  auto malformed = [] { return corrupt("the block index's section of fingerprints is malformed"); };
  TraceLookup out;
  ByteReader reader(fingerprints);
  uint64_t bits = reader.varint();
  if (!reader.ok() || bits > kMaxBucketBits) return malformed();
  out.bucket_bits_ = static_cast<uint32_t>(bits);
  out.begins_.reserve((size_t{1} << bits) + 1);
  out.begins_.push_back(0);
  uint64_t total = 0;
  for (uint64_t bucket = 0; bucket < uint64_t{1} << bits; ++bucket) {
    uint64_t count = reader.varint();
    if (!reader.ok() || count > traces - total) return malformed();
    total += count;
    out.begins_.push_back(static_cast<uint32_t>(total));
  }
  if (total != traces || reader.left() != traces * sizeof(uint16_t)) return malformed();
  out.remainders_.resize(traces);
  reader.array(std::span(out.remainders_));
  return out;
}

TraceLookup::NumberPlace TraceLookup::number_place(uint32_t position, uint64_t traces) {
  auto width = static_cast<uint64_t>(number_bits(traces));
  uint64_t bit = position * width;
  uint64_t end = (bit + width + 7) / 8;
  return {bit / 8, static_cast<uint32_t>(end - bit / 8), static_cast<uint32_t>(bit % 8), (uint64_t{1} << width) - 1};
}

uint32_t TraceLookup::NumberPlace::number(std::string_view stored) const {
  uint64_t word = 0;
  std::memcpy(&word, stored.data(), std::min(stored.size(), sizeof word));
  return static_cast<uint32_t>(word >> shift & mask);
}

uint64_t TraceLookup::numbers_bytes(uint64_t traces) {
  return parquet::packed_bytes(traces, number_bits(traces));
}

}  // namespace clew::store
