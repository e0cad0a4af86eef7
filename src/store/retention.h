// Removes blocks that are too old (by the newest receive time in them), and the oldest ones when blocks and log take
// too much of the disk.
//
// A block leaves the list of units; the BlockRemover does the rest. Thread rule: look() from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "env/clock.h"
#include "env/files.h"
#include "store/block_catalog.h"
#include "store/block_remover.h"
#include "store/log_writer.h"
#include "store/store.h"
#include "store/unit_list.h"

namespace clew::store {

class Retention {
 public:
  Retention(const StoreOptions& options, env::Files& files, const env::Clock& clock, UnitLists& units, LogWriter& log,
            BlockRemover& remover)
      : options_(options), files_(files), clock_(clock), units_(units), log_(log), remover_(remover) {}

  // Takes out what is due now.
  void look();

 private:
  using BlockPointer = std::shared_ptr<const StoredBlock>;
  // Over all tenants, oldest first. Without those of damaged metas, of which nothing is known.
  std::vector<BlockPointer> blocks() const;
  uint64_t limit_bytes(uint64_t blocks_bytes) const;
  void drop(const BlockPointer& block, const char* reason);

  const StoreOptions& options_;
  env::Files& files_;
  const env::Clock& clock_;
  UnitLists& units_;
  LogWriter& log_;
  BlockRemover& remover_;
};

}  // namespace clew::store
