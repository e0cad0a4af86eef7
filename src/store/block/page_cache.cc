#include "store/block/page_cache.h"

namespace clew::store {
namespace {

// Map pages share the numbering of leaf pages, above all leaves.
constexpr uint32_t kMapLeaf = 0x10000;

uint64_t key_of(uint32_t leaf, uint32_t page) {
  return uint64_t{leaf} << 32 | page;
}

}  // namespace

void PageCache::note(uint64_t key, size_t bytes) {
  order_.push_back({key, bytes});
  bytes_ += bytes;
  while (bytes_ > kLimitBytes && order_.size() > 1) {
    pages_.erase(order_.front().key);
    maps_.erase(order_.front().key);
    bytes_ -= order_.front().bytes;
    order_.pop_front();
  }
}

Result<PageCache::Window> PageCache::window(uint32_t leaf, uint32_t page) {
  uint32_t group = file_.group_of_page(page);
  uint32_t first = group * file_.pages_per_group();
  const auto& chunk = file_.chunk(leaf, group);
  Window window;
  {
    std::lock_guard lock(mutex_);
    window = windows_[leaf];
  }
  if (window.bytes && page >= window.begin && page < window.end) return window;
  bool sequential = window.bytes && page == window.end;
  auto pages = static_cast<uint32_t>(chunk.codes_ends.size());
  uint32_t begin = page - first;
  uint32_t end = begin + 1;
  if (chunk.page_offsets.back() - chunk.page_offsets.front() <= kWholeChunkBytes) {
    begin = 0;
    end = pages;
  } else if (sequential) {
    while (end < pages && chunk.page_offsets[end + 1] - chunk.page_offsets[begin] <= kReadAheadBytes) ++end;
  }
  uint64_t bytes = chunk.page_offsets[end] - chunk.page_offsets[begin];
  if (budget_) TRY(budget_->charge(bytes));
  ASSIGN_OR_RETURN(std::string read, file_.read(chunk.page_offsets[begin], bytes));
  window = {first + begin, first + end, chunk.page_offsets[begin],
            std::make_shared<const std::string>(std::move(read))};
  std::lock_guard lock(mutex_);
  windows_[leaf] = window;
  return window;
}

Result<std::shared_ptr<const LeafPage>> PageCache::page(uint32_t leaf, uint32_t page) {
  uint64_t key = key_of(leaf, page);
  {
    std::lock_guard lock(mutex_);
    if (auto found = pages_.find(key); found != pages_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(Window window, this->window(leaf, page));
  uint32_t group = file_.group_of_page(page);
  uint32_t number = file_.page_in_group(page);
  const auto& chunk = file_.chunk(leaf, group);
  std::string_view bytes = std::string_view(*window.bytes)
                               .substr(chunk.page_offsets[number] - window.offset,
                                       chunk.page_offsets[number + 1] - chunk.page_offsets[number]);
  ASSIGN_OR_RETURN(LeafPage decoded, read_leaf_page(file_, leaf, group, number, bytes));
  auto shared = std::make_shared<const LeafPage>(std::move(decoded));
  std::lock_guard lock(mutex_);
  if (pages_.emplace(key, shared).second) note(key, shared->bytes());
  return shared;
}

Result<std::shared_ptr<const MapPage>> PageCache::map_page(ResidualPlace place, uint32_t page) {
  MapLeaves leaves = map_leaves(place);
  uint64_t key = key_of(kMapLeaf + leaves.key, page);
  {
    std::lock_guard lock(mutex_);
    if (auto found = maps_.find(key); found != maps_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(auto keys, this->page(leaves.key, page));
  // Without keys there are no values to look at: their page would say the same.
  auto values = keys;
  if (!keys->codes.empty()) {
    ASSIGN_OR_RETURN(values, this->page(leaves.value, page));
  }
  auto decoded = read_map_page(*keys, *values, place);
  if (!decoded) return std::unexpected(file_.in_leaf(std::move(decoded.error()), leaves.key));
  auto shared = std::make_shared<const MapPage>(std::move(*decoded));
  std::lock_guard lock(mutex_);
  if (maps_.emplace(key, shared).second) note(key, shared->bytes());
  return shared;
}

}  // namespace clew::store
