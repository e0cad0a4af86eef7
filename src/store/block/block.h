// A block in object storage, opened: what stays in memory of it. Everything else of it is read when a query needs it,
// and kept in the ReadCache as far as that has room (block_reads.h).
//
// Thread rule: any thread. The object store and the cache outlive the block; the block outlives nothing, its units hold
// it.
// Errors: corruption for whatever does not fit together, naming block and column; else the object store's. From the
// first corruption on the block is damaged, until it is opened again: the store leaves it out of every answer.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/counters.h"
#include "base/result.h"
#include "column/budget.h"
#include "column/unit.h"
#include "env/object_store.h"
#include "store/block/block_file.h"
#include "store/block/read_cache.h"

namespace clew::store {

class Block : public std::enable_shared_from_this<Block> {
 public:
  static Result<std::shared_ptr<const Block>> open(env::ObjectStore& store, const std::string& key,
                                                   parquet::Checksums checksums = parquet::Checksums::verify,
                                                   ReadCache& cache = process_read_cache());
  ~Block();

  // The block as one query sees it: reads are charged to the budget, which may be null.
  std::shared_ptr<const Unit> unit(std::shared_ptr<ReadBudget> budget) const;

  const BlockCounts& counts() const { return file_->counts(); }
  uint64_t bytes() const { return file_->size(); }
  // In memory beside the cache.
  size_t resident_bytes() const { return file_->resident_bytes() + sizeof *this; }

  bool is_damaged() const { return is_damaged_.load(std::memory_order_acquire); }
  std::string damage() const;  // why; empty when it is not
  // Told once, in the log and in clew_store_damaged_blocks.
  void note_damage(const std::string& damage) const;

  // --- of its reads ---
  const BlockFile& file() const { return *file_; }
  // A part of the block from the cache, or made.
  template <typename T, typename Make>
  Result<std::shared_ptr<const T>> get(const ReadCache::Key& key, Make&& make) const {
    auto part = cache_.get<T>(key, std::forward<Make>(make));
    if (!part && part.error().code == ErrorCode::corruption) note_damage(part.error().message);
    return part;
  }
  // The part when it is there already, else null.
  template <typename T>
  std::shared_ptr<const T> find(const ReadCache::Key& key) const {
    return cache_.peek<T>(key);
  }
  template <typename T>
  void put(const ReadCache::Key& key, std::shared_ptr<const T> part) const {
    cache_.put(key, std::move(part));
  }
  uint64_t number() const { return number_; }

 private:
  Block(std::unique_ptr<const BlockFile> file, ReadCache& cache);

  const std::unique_ptr<const BlockFile> file_;
  ReadCache& cache_;
  const uint64_t number_;
  mutable std::atomic<bool> is_damaged_{false};
  mutable std::mutex damage_mutex_;
  mutable std::string damage_;
};

// The gauge of damaged units; and one more, said in the log.
Counter& damaged_units();
void report_damaged_unit(const std::string& unit, const std::string& damage);

}  // namespace clew::store
