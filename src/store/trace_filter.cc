#include "store/trace_filter.h"

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

void TraceFilter::add(TraceId id) {
  if (links_.empty() || links_.back().count == kTracesPerLink) {
    links_.emplace_back();
    if (links_.size() > kMaxLinks) links_.pop_front();
  }
  Link& link = links_.back();
  ++link.count;
  each_bit(probe_of(id, kWordsPerLink), [&](size_t word, uint64_t bit) {
    link.words[word] |= bit;
    return true;
  });
}

bool TraceFilter::may_contain(TraceId id) const {
  Probe probe = probe_of(id, kWordsPerLink);
  for (auto link = links_.rbegin(); link != links_.rend(); ++link) {
    if (each_bit(probe, [&](size_t word, uint64_t bit) { return (link->words[word] & bit) != 0; })) return true;
  }
  return false;
}

}  // namespace clew::store
