#include "store/unit_list.h"

namespace clew::store {

std::shared_ptr<const UnitList> UnitLists::of(std::string_view tenant) const {
  static const auto empty = std::make_shared<const UnitList>();
  std::lock_guard lock(mutex_);
  auto found = lists_.find(tenant);
  return found == lists_.end() ? empty : found->second;
}

std::vector<std::string> UnitLists::tenants() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [tenant, list] : lists_) out.push_back(tenant);
  return out;
}

size_t UnitLists::tenant_count() const {
  std::lock_guard lock(mutex_);
  return lists_.size();
}

bool UnitLists::has(std::string_view tenant) const {
  std::lock_guard lock(mutex_);
  return lists_.contains(tenant);
}

void UnitLists::exchange(std::string_view tenant, const std::function<void(UnitList&)>& edit) {
  std::lock_guard lock(mutex_);
  auto found = lists_.find(tenant);
  auto fresh = std::make_shared<UnitList>(found == lists_.end() ? UnitList{} : *found->second);
  edit(*fresh);
  if (found == lists_.end()) {
    lists_.emplace(std::string(tenant), std::move(fresh));
  } else {
    found->second = std::move(fresh);
  }
}

}  // namespace clew::store
