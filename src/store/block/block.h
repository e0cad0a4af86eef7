// A block in object storage, opened: what stays in memory of it. Everything else of it is read when a query needs it,
// and kept in the ReadCache as far as that has room (block_reads.h).
//
// Thread rule: any thread. The object store and the cache outlive the block; the block outlives nothing, its units hold
// it.
// Errors: corruption for whatever does not fit together, naming block and column; else the object store's.
#pragma once

#include <memory>
#include <string>

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

  // --- of its reads ---
  const BlockFile& file() const { return *file_; }
  ReadCache& cache() const { return cache_; }
  uint64_t number() const { return number_; }

 private:
  Block(std::unique_ptr<const BlockFile> file, ReadCache& cache);

  const std::unique_ptr<const BlockFile> file_;
  ReadCache& cache_;
  const uint64_t number_;
};

}  // namespace clew::store
