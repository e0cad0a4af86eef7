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

namespace clew::store {

struct UnitList {
  std::vector<std::shared_ptr<Segment>> segments;  // oldest first
  std::vector<std::shared_ptr<const StoredBlock>> blocks;
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
