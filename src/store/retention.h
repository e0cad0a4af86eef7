// Removes blocks that are too old (by the newest receive time in them), and the oldest ones when blocks and log take
// too much of the disk.
//
// A block leaves the list of units first; its files go when its last reader is gone. While the log still has frames of
// what the block replaced, an empty meta stays in its place, else replay would bring its spans back (block_catalog.h).
// Whatever fails is tried again. Thread rule: look() from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "env/clock.h"
#include "env/files.h"
#include "env/object_store.h"
#include "store/block_catalog.h"
#include "store/log_writer.h"
#include "store/store.h"
#include "store/unit_list.h"

namespace clew::store {

class Retention {
 public:
  Retention(const StoreOptions& options, env::Files& files, const env::Clock& clock, env::ObjectStore& objects,
            UnitLists& units, LogWriter& log)
      : options_(options), files_(files), clock_(clock), objects_(objects), units_(units), log_(log) {}

  // Blocks that were emptied before the start; before the first look().
  void adopt(std::vector<std::shared_ptr<const StoredBlock>> emptied) { emptied_ = std::move(emptied); }

  // Removes what is due now.
  void look();

 private:
  using BlockPointer = std::shared_ptr<const StoredBlock>;
  // Over all tenants, oldest first. Without those of damaged metas, of which nothing is known.
  std::vector<BlockPointer> blocks() const;
  uint64_t limit_bytes(uint64_t blocks_bytes) const;
  void drop_what_is_due();
  void drop(const BlockPointer& block, const char* reason);
  void remove_dropped();
  void remove_emptied();

  const StoreOptions& options_;
  env::Files& files_;
  const env::Clock& clock_;
  env::ObjectStore& objects_;
  UnitLists& units_;
  LogWriter& log_;
  std::mutex mutex_;
  std::vector<BlockPointer> dropped_;  // nobody's unit any more, but their files are there
  std::vector<BlockPointer> emptied_;  // only the meta is there
};

}  // namespace clew::store
