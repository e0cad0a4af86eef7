// Makes one block of several (docs/internals/compaction.md): what compaction_choice.h chooses, one merge at a time.
//
// Erased rows are left out of what is merged; a block that has some is rewritten alone when an erasure of the tenant is
// due. Inputs are read, and merged, without a lock; the meta of the result and the exchange of the unit list come
// together under BlockRemover::taking_out(), when all inputs are still there. Thread rule: look() and compact() from
// any thread; end() and close() too.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "env/clock.h"
#include "env/files.h"
#include "env/object_store.h"
#include "store/block/block_merger.h"
#include "store/block_catalog.h"
#include "store/block_remover.h"
#include "store/memory_budget.h"
#include "store/store.h"
#include "store/unit_list.h"

namespace clew::store {

class Compactor {
 public:
  Compactor(const StoreOptions& options, env::Files& files, const env::Clock& clock, env::ObjectStore& objects,
            UnitLists& units, BlockRemover& remover, std::shared_ptr<MemoryBudget> memory)
      : options_(options),
        files_(files),
        clock_(clock),
        objects_(objects),
        units_(units),
        remover_(remover),
        memory_(std::move(memory)) {}

  // At most one merge a tenant, some more when an erasure is due; after a failure not for some looks.
  void look();
  // All that there is to merge.
  Status compact();
  // The same of one tenant, and of every block the erased rows. resource_exhausted when some are left because memory or
  // disk is short; what cannot be read is left too.
  Status compact(const std::string& tenant);
  // What is under way ends at its next read, and nothing begins.
  void end() { closing_.store(true, std::memory_order_release); }
  // Waits until it has ended.
  void close() {
    end();
    std::lock_guard lock(merging_);
  }

 private:
  using BlockPointer = std::shared_ptr<const StoredBlock>;
  using Blocks = std::vector<BlockPointer>;

  // What becomes one block, or none when all of it is erased.
  struct Choice {
    Blocks inputs;
    uint64_t last_erasure = 0;  // when it was chosen
  };
  // True when something was merged. `erased`: also what has erased rows.
  Result<bool> compact_once(const std::string& tenant, bool erased);
  Choice choose(const std::string& tenant, bool erased) const;
  bool has_room(const Blocks& inputs, uint64_t memory_bytes) const;
  Result<std::vector<NewPart>> merge(const std::string& tenant, const Blocks& inputs);
  Result<NewPart> merge_parts(const std::vector<const BlockPart*>& parts, MergeOptions options);
  std::vector<std::shared_ptr<const Unit>> others(const std::string& tenant, const Blocks& inputs,
                                                  bool displaced) const;
  Result<bool> exchange(const std::string& tenant, const Choice& choice, const std::vector<NewPart>& parts);
  Result<BlockPointer> store(const std::string& tenant, const Choice& choice, const std::vector<NewPart>& parts);
  bool is_erasure_due(const UnitList& list) const;
  void note_damage(const StoredBlock& block);
  void set_apart_damaged(const std::string& tenant, const Blocks& inputs);

  const StoreOptions& options_;
  env::Files& files_;
  const env::Clock& clock_;
  env::ObjectStore& objects_;
  UnitLists& units_;
  BlockRemover& remover_;
  const std::shared_ptr<MemoryBudget> memory_;
  std::atomic<bool> closing_{false};
  std::mutex merging_;                                     // what follows, and one merge at a time
  std::set<std::pair<std::string, std::string>> damaged_;  // tenant and id; left alone
  uint32_t failures_ = 0;                                  // one after the other
  uint32_t looks_to_pause_ = 0;
};

}  // namespace clew::store
