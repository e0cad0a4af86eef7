// The traces of a snapshot that may be spread over units (DESIGN: listed), for many questions most of which are denied.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <bit>
#include <cstdint>
#include <vector>

#include "model/ids.h"

namespace clew::traceql {

class ListedTraces {
 public:
  ListedTraces() : ListedTraces(absl::flat_hash_set<TraceId>()) {}
  explicit ListedTraces(absl::flat_hash_set<TraceId> ids)
      : ids_(std::move(ids)), filter_(std::bit_ceil(ids_.size() / 4 + 1)) {
    for (TraceId id : ids_) word(id) |= bit(id);
  }

  bool empty() const { return ids_.empty(); }
  size_t size() const { return ids_.size(); }
  const absl::flat_hash_set<TraceId>& ids() const { return ids_; }
  bool contains(TraceId id) const {
    return (filter_[id.hash() & (filter_.size() - 1)] & bit(id)) != 0 && ids_.contains(id);
  }

 private:
  uint64_t& word(TraceId id) { return filter_[id.hash() & (filter_.size() - 1)]; }
  static uint64_t bit(TraceId id) { return uint64_t{1} << (id.hash() >> 58); }

  absl::flat_hash_set<TraceId> ids_;
  std::vector<uint64_t> filter_;
};

}  // namespace clew::traceql
