// The units of one tenant, as one immutable list behind one pointer: a reader sees the state before or after an
// exchange (a segment for its block), never between.
//
// Thread rule: any thread; a lock is held for the copy of a pointer, or of the list by an exchange.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/block_catalog.h"
#include "store/segment.h"
#include "store/unit_mask.h"

namespace clew::store {

// A request for erasure that is kept (docs/internals/deletion.md). What it hides is in the masks of units.
struct Erasure {
  uint64_t number = 0;
  uint64_t received_ns = 0;
  uint64_t segments_below = 0;  // rows of segments with a lesser number came before it
  uint64_t traces = 0;
  uint64_t frame = 0;  // the last one of the log when it was made; 0 when that was before the start
};

struct UnitList {
  std::vector<std::shared_ptr<Segment>> segments;  // oldest first
  std::vector<std::shared_ptr<const StoredBlock>> blocks;
  std::map<SegmentName, MaskPointer> masks;  // of segments with erased rows; those of blocks are in their parts
  std::vector<Erasure> erasures;             // by number
  uint64_t last_erasure = 0;                 // the greatest number that was given, also to erasures that are gone
  // An erasure that failed may still be stored: until it is removed no block may have rows from before and after it.
  bool erasure_unfinished = false;

  MaskPointer mask_of(const Segment& segment) const {
    if (masks.empty()) return nullptr;
    auto found = masks.find(segment.name);
    return found == masks.end() ? nullptr : found->second;
  }
};

class UnitLists {
 public:
  std::shared_ptr<const UnitList> of(std::string_view tenant) const;  // never null
  std::vector<std::string> tenants() const;
  size_t tenant_count() const;
  bool has(std::string_view tenant) const;
  // `edit` gets a copy of the current list and makes it the new one.
  void exchange(std::string_view tenant, const std::function<void(UnitList&)>& edit);

 private:
  using Pointer = std::shared_ptr<const UnitList>;
  mutable std::mutex mutex_;
  std::map<std::string, Pointer, std::less<>> lists_;
};

}  // namespace clew::store
