#include "store/block/value_filter.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/mix.h"

namespace clew::store {
namespace {

constexpr size_t kBitsPerPlainValue = 10;
constexpr uint32_t kPlainProbes = 6;
constexpr size_t kBitsPerEntry = 5;
constexpr uint32_t kEntryProbes = 3;

// The row of the i-th probe: double hashing, spread over the rows by multiplication.
uint32_t row_of(uint64_t hash, uint32_t probe, uint32_t rows) {
  auto mixed = static_cast<uint32_t>(hash) + probe * (static_cast<uint32_t>(hash >> 32) | 1);
  return static_cast<uint32_t>(uint64_t{mixed} * rows >> 32);
}

}  // namespace

uint64_t value_hash(std::string_view stored) {
  uint64_t hash = mix64(stored.size());
  while (!stored.empty()) {
    uint64_t word = 0;
    size_t count = std::min<size_t>(stored.size(), sizeof word);
    std::memcpy(&word, stored.data(), count);
    stored.remove_prefix(count);
    hash = mix64((hash ^ word) + 0x9e3779b97f4a7c15ULL);
  }
  return hash;
}

bool has_value_filter(uint32_t leaf, LeafKind kind) {
  switch (leaf) {
    case kNameLeaf:
    case kStatusMessageLeaf:
    case kTraceStateLeaf:
    case kScopeNameLeaf:
    case kScopeVersionLeaf:
    case kEventNameLeaf:
    case kResidualValueLeaf:
    case kEventValueLeaf:
    case kLinkValueLeaf: return true;
    default: return leaf >= kFixedLeaves && kind != LeafKind::boolean;
  }
}

Result<ValueFilter> ValueFilter::decode(std::string raw, uint32_t pages) {
  ValueFilter out;
  ByteReader reader(raw);
  uint64_t own_pages = reader.varint();
  uint64_t rows = reader.varint();
  uint64_t probes = reader.varint();
  constexpr uint64_t kMostRows = 0xffffffffU;
  if (!reader.ok() || own_pages != pages || rows == 0 || rows > kMostRows || probes == 0 || probes > kMaxProbes ||
      reader.left() != (rows * own_pages + 7) / 8) {
    return corrupt("a value filter is malformed");
  }
  out.begin_ = reader.position();
  out.pages_ = pages;
  out.rows_ = static_cast<uint32_t>(rows);
  out.probes_ = static_cast<uint32_t>(probes);
  out.raw_ = std::move(raw);
  return out;
}

void ValueFilter::find(uint64_t hash, std::vector<uint32_t>& pages) const {
  constexpr uint32_t kPagesAtOnce = 32;
  std::string_view bits = std::string_view(raw_).substr(begin_);
  for (uint32_t first = 0; first < pages_; first += kPagesAtOnce) {
    uint32_t count = std::min(kPagesAtOnce, pages_ - first);
    uint64_t may = (uint64_t{1} << count) - 1;
    for (uint32_t probe = 0; probe < probes_ && may != 0; ++probe) {
      uint64_t bit = uint64_t{row_of(hash, probe, rows_)} * pages_ + first;
      uint64_t word = 0;
      std::memcpy(&word, bits.data() + bit / 8, std::min<size_t>(sizeof word, bits.size() - bit / 8));
      may &= word >> bit % 8;
    }
    for (; may != 0; may &= may - 1) pages.push_back(first + static_cast<uint32_t>(std::countr_zero(may)));
  }
}

ValueFilterBuilder::ValueFilterBuilder(uint32_t pages, size_t values, size_t bits_per_value, uint32_t probes)
    : pages_(pages),
      rows_(static_cast<uint32_t>(std::max<size_t>(1, values * bits_per_value))),
      probes_(probes),
      bits_((uint64_t{rows_} * pages + 7) / 8, '\0') {}

ValueFilterBuilder ValueFilterBuilder::of_pages(uint32_t pages, size_t values) {
  return {pages, values, kBitsPerPlainValue, kPlainProbes};
}

ValueFilterBuilder ValueFilterBuilder::of_dictionary(size_t values) {
  return {1, values, kBitsPerEntry, kEntryProbes};
}

void ValueFilterBuilder::add(uint32_t page, uint64_t hash) {
  for (uint32_t probe = 0; probe < probes_; ++probe) {
    uint64_t bit = uint64_t{row_of(hash, probe, rows_)} * pages_ + page;
    bits_[bit / 8] = static_cast<char>(bits_[bit / 8] | 1 << bit % 8);
  }
}

std::string ValueFilterBuilder::finish() const {
  std::string out;
  ByteWriter writer(out);
  writer.varint(pages_);
  writer.varint(rows_);
  writer.varint(probes_);
  writer.raw(bits_);
  return out;
}

}  // namespace clew::store
