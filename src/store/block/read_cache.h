// What is decoded of blocks, kept within a number of bytes for all of them: pages, dictionaries, pieces of the index.
//
// What was asked for again gets a second chance before it goes, so that one long scan does not drive out what all
// queries use. Whatever somebody holds lives on with its holder, beside the limit.
// Thread rule: any thread. Two that miss at the same time both make it; the first one's stays.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include "base/result.h"

namespace clew::store {

// Each has one type.
enum class CachedKind : uint32_t {
  leaf_page,
  map_page,
  dictionary,
  plain_values,
  filter,
  page_sets,
  runs,
  facts,
  summaries,
  trace_ids,
  trace_numbers,
  listed,
  shared_ids,
  residual,
  known_codes,
  text_numbers,
};

class ReadCache {
 public:
  static constexpr size_t kDefaultLimitBytes = size_t{256} << 20;

  struct Key {
    uint64_t block = 0;  // of number_block()
    CachedKind kind = CachedKind::leaf_page;
    uint32_t leaf = 0;
    uint32_t part = 0;

    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.block, static_cast<uint32_t>(key.kind), key.leaf, key.part);
    }
  };

  explicit ReadCache(size_t limit_bytes = kDefaultLimitBytes) : limit_bytes_(limit_bytes) {}
  ~ReadCache();
  ReadCache(const ReadCache&) = delete;
  ReadCache& operator=(const ReadCache&) = delete;

  // A lower limit is kept at once.
  void set_limit_bytes(size_t limit_bytes);
  size_t bytes() const;

  // make() answers Result<std::unique_ptr<T>>, T has bytes(). What alone is above the limit is not kept.
  template <typename T, typename Make>
  Result<std::shared_ptr<const T>> get(const Key& key, Make&& make) {
    if (auto known = find(key)) return std::static_pointer_cast<const T>(std::move(known));
    auto made = make();
    if (!made) return std::unexpected(std::move(made.error()));
    std::shared_ptr<const T> shared = std::move(*made);
    return std::static_pointer_cast<const T>(keep(key, shared, shared->bytes()));
  }

  // What is there under the key, or null.
  template <typename T>
  std::shared_ptr<const T> peek(const Key& key) {
    return std::static_pointer_cast<const T>(find(key));
  }

  // Takes the place of what is there under the key.
  template <typename T>
  void put(const Key& key, std::shared_ptr<const T> value) {
    drop(key);
    keep(key, value, value->bytes());
  }

  // Every block that reads through the cache has a number, and forgets what it left when it goes.
  uint64_t number_block();
  void forget(uint64_t block);

 private:
  struct Entry {
    Key key;
    std::shared_ptr<const void> value;
    size_t bytes = 0;
    bool used_again = false;
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const void> find(const Key& key);
  std::shared_ptr<const void> keep(const Key& key, std::shared_ptr<const void> value, size_t bytes);
  void drop(const Key& key);
  void shrink();
  void remove(Entries::iterator entry);

  mutable std::mutex mutex_;
  size_t limit_bytes_;
  size_t bytes_ = 0;
  uint64_t blocks_ = 0;
  Entries entries_;  // the next to go first
  absl::flat_hash_map<Key, Entries::iterator> by_key_;
};

// The one of this process (`read.cache_bytes`).
ReadCache& process_read_cache();

}  // namespace clew::store
