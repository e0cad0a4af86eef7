// Saves what can still be read of damaged blocks (StoreAdmin::repair).
//
// A damaged block is read whole; its readable rows become a new block `<id>-r<n>` that names it in "replaces_blocks",
// so that the exchange is the one of compaction (docs/internals/compaction.md), and a stop at any moment leaves either.
// Before that its files are copied to DATA/damaged/<tenant>/<id>/, from where nothing of Clew reads or removes them.
//
//   1. damaged/<tenant>/<id>/…      a stop leaves copies, which the next repair writes again
//   2. the new block, meta last     from here on the damaged one is replaced: start ignores and removes it
//   3. exchange of the unit list    4. the damaged block's files are removed when nobody reads them
//
// Where no row can be saved, the block leaves like an expired one. Thread rule: one thread at a time; `ended` may be
// set by another.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "column/store_admin.h"
#include "env/object_store.h"
#include "store/block/block_check.h"
#include "store/block_catalog.h"
#include "store/block_remover.h"
#include "store/memory_budget.h"
#include "store/unit_list.h"

namespace clew::store {

class BlockRepairer {
 public:
  BlockRepairer(env::ObjectStore& objects, UnitLists& units, BlockRemover& remover,
                std::shared_ptr<MemoryBudget> memory, const std::atomic<bool>& ended)
      : objects_(objects), units_(units), remover_(remover), memory_(std::move(memory)), ended_(ended) {}

  // Checks every block of the tenant, and repairs those with problems. What cannot be repaired now stays as it is, and
  // is said in the report. Errors: cancelled.
  Result<RepairReport> repair(const std::string& tenant);

 private:
  using BlockPointer = std::shared_ptr<const StoredBlock>;
  // What becomes of one damaged block.
  struct Saved {
    std::vector<NewPart> parts;
    std::vector<std::pair<std::string, std::string>> files;  // name and bytes of the damaged ones
    uint64_t rows_saved = 0;
    uint64_t rows_lost = 0;
    bool loss_known = true;
  };

  Status look_at(const BlockPointer& block, RepairReport& report);
  Result<bool> is_intact(const StoredBlock& block, std::vector<bool>& parts) const;
  Status repair_block(const BlockPointer& block, const std::vector<bool>& intact, RepairReport& report);
  Result<Saved> save(const StoredBlock& block, const std::vector<bool>& intact) const;
  Status save_part(const StoredBlock& block, const BlockPart& part, bool intact, Saved& out) const;
  Status keep_files(const StoredBlock& block, const Saved& saved);
  Result<bool> exchange(const BlockPointer& block, const StoredBlock& known, const std::string& id, Saved saved);

  env::ObjectStore& objects_;
  UnitLists& units_;
  BlockRemover& remover_;
  const std::shared_ptr<MemoryBudget> memory_;
  const std::atomic<bool>& ended_;
};

// The id of what is saved of a block: "<id>-r1", of "…-r1" "…-r2".
std::string repaired_id(std::string_view id);

}  // namespace clew::store
