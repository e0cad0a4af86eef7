#include "store/trace_filter.h"

#include <algorithm>
#include <bit>

namespace clew::store {
namespace {

// One cache line of 512 bits per id, 6 bits within it: the hash's parts choose both.
struct Probe {
  size_t line;
  uint64_t hash;
};

Probe probe_of(TraceId id, size_t words) {
  uint64_t hash = id.hash();
  return {static_cast<size_t>((hash >> 40) % (words / 8)) * 8, mix64(hash)};
}

template <typename Visit>
bool each_bit(const Probe& probe, Visit&& visit) {
  uint64_t hash = probe.hash;
  for (int i = 0; i < 6; ++i, hash >>= 9) {
    if (!visit(probe.line + ((hash >> 6) & 7), uint64_t{1} << (hash & 63))) return false;
  }
  return true;
}

}  // namespace

void TraceFilter::open_link() {
  size_t bytes = links_.empty() ? kFirstLinkBytes : links_.back().words.size() * sizeof(uint64_t) * 2;
  bytes = std::min(bytes, std::max<size_t>(kFirstLinkBytes, std::bit_floor(limit_bytes_ / 4)));
  while (!links_.empty() && allocated_bytes_ + bytes > limit_bytes_) {
    allocated_bytes_ -= links_.front().words.size() * sizeof(uint64_t);
    links_.pop_front();
  }
  links_.emplace_back().words.resize(bytes / sizeof(uint64_t));
  allocated_bytes_ += bytes;
}

void TraceFilter::add(TraceId id) {
  if (links_.empty() || links_.back().is_full()) open_link();
  Link& link = links_.back();
  ++link.count;
  each_bit(probe_of(id, link.words.size()), [&](size_t word, uint64_t bit) {
    link.words[word] |= bit;
    return true;
  });
}

bool TraceFilter::may_contain(TraceId id) const {
  for (auto link = links_.rbegin(); link != links_.rend(); ++link) {
    Probe probe = probe_of(id, link->words.size());
    if (each_bit(probe, [&](size_t word, uint64_t bit) { return (link->words[word] & bit) != 0; })) return true;
  }
  return false;
}

}  // namespace clew::store
