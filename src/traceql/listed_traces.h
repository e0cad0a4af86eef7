// The traces of a snapshot that may be spread over units (DESIGN: listed), for many questions most of which are denied.
// Made anew for each search: hence a table of its own that takes thousands of ids in a fraction of a millisecond.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "model/ids.h"

namespace clew::traceql {

class ListedTraces {
 public:
  // The lists of all units; an id may be in several.
  explicit ListedTraces(std::span<const std::span<const TraceId>> lists = {}) {
    size_t count = 0;
    for (const auto& list : lists) count += list.size();
    slots_.resize(std::bit_ceil(count * 2 + 1));
    filter_.resize(std::bit_ceil(count / 4 + 1));
    for (const auto& list : lists) {
      for (TraceId id : list) insert(id);
    }
  }

  bool empty() const { return size_ == 0; }
  // Different ones.
  size_t size() const { return size_; }
  bool contains(TraceId id) const {
    uint64_t hash = id.hash();
    if ((filter_[hash & (filter_.size() - 1)] & bit(hash)) == 0) return false;
    if (id.is_zero()) return has_zero_;
    for (uint64_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == id) return true;
      if (slots_[at].is_zero()) return false;
    }
  }
  template <typename Each>
  void for_each(Each&& each) const {
    if (has_zero_) each(TraceId{});
    for (TraceId id : slots_) {
      if (!id.is_zero()) each(id);
    }
  }

 private:
  static uint64_t bit(uint64_t hash) { return uint64_t{1} << (hash >> 58); }

  void insert(TraceId id) {
    uint64_t hash = id.hash();
    filter_[hash & (filter_.size() - 1)] |= bit(hash);
    if (id.is_zero()) {
      size_ += !has_zero_;
      has_zero_ = true;
      return;
    }
    uint64_t at = hash & (slots_.size() - 1);
    for (; !slots_[at].is_zero(); at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == id) return;
    }
    slots_[at] = id;
    ++size_;
  }

  std::vector<TraceId> slots_;  // open addressing, at most half full; the zero id marks a free slot
  std::vector<uint64_t> filter_;
  size_t size_ = 0;
  bool has_zero_ = false;
};

}  // namespace clew::traceql
