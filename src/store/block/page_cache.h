// The decoded pages one query has looked at lately, and the raw bytes behind them.
//
// A leaf that is read page after page is fetched kReadAheadBytes at a time; a single page costs its own bytes only.
// Thread rule: any thread.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "column/budget.h"
#include "store/block/block_file.h"
#include "store/block/leaf_reader.h"
#include "store/block/residual_index.h"

namespace clew::store {

class PageCache {
 public:
  // Decoded bytes kept; the oldest pages go first. A page in use lives on with its user.
  static constexpr size_t kLimitBytes = size_t{64} << 20;
  static constexpr size_t kReadAheadBytes = size_t{256} << 10;
  static constexpr size_t kWholeChunkBytes = size_t{16} << 10;

  // The file outlives the cache; the budget may be null.
  PageCache(const BlockFile& file, std::shared_ptr<ReadBudget> budget) : file_(file), budget_(std::move(budget)) {}

  // The page (counted over the whole block) of a leaf.
  Result<std::shared_ptr<const LeafPage>> page(uint32_t leaf, uint32_t page);
  Result<std::shared_ptr<const MapPage>> map_page(ResidualPlace place, uint32_t page);

 private:
  // Some pages of one leaf, side by side.
  struct Window {
    uint32_t begin = 0;  // pages over the whole block
    uint32_t end = 0;
    uint64_t offset = 0;
    std::shared_ptr<const std::string> bytes;
  };
  template <typename T>
  using Pages = absl::flat_hash_map<uint64_t, std::shared_ptr<const T>>;

  Result<Window> window(uint32_t leaf, uint32_t page);
  void note(uint64_t key, size_t bytes);

  const BlockFile& file_;
  const std::shared_ptr<ReadBudget> budget_;
  std::mutex mutex_;
  Pages<LeafPage> pages_;
  Pages<MapPage> maps_;
  absl::flat_hash_map<uint32_t, Window> windows_;
  struct Noted {
    uint64_t key;
    size_t bytes;
  };
  std::deque<Noted> order_;
  size_t bytes_ = 0;
};

}  // namespace clew::store
