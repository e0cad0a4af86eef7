// Erasure of traces (docs/internals/deletion.md): makes and keeps the records, and has what they hide removed from the
// files. Which rows are hidden stands in the masks of the units.
//
// Thread rule: any thread. One erasure is made at a time; meanwhile no segment becomes a block and no block leaves its
// list, but spans are received and read. An erasure is in effect for every tenant's reader at one moment, by the
// exchange of the list of units.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "column/store_admin.h"
#include "env/clock.h"
#include "env/object_store.h"
#include "store/block_remover.h"
#include "store/erasure_record.h"
#include "store/log_writer.h"
#include "store/memory_budget.h"
#include "store/sealer.h"
#include "store/store.h"
#include "store/unit_list.h"

namespace clew::store {

// The oldest erasure of the tenant has waited long enough, or there are many.
bool is_erasure_due(const UnitList& list, const StoreOptions& options, uint64_t now_ns);

// The records that were found at the start, put to the units as they are shown.
class FoundErasures {
 public:
  explicit FoundErasures(std::shared_ptr<MemoryBudget> memory) : memory_(std::move(memory)) {}

  // Adds those that are there now; what was found before stays.
  Status read(env::ObjectStore& objects) { return read_erasures(objects, records_); }
  // The block with its masks. A part in which the erased traces cannot be told from the others is damaged. not_found:
  // a writer removed its files meanwhile.
  Result<std::shared_ptr<const StoredBlock>> mask(const std::shared_ptr<const StoredBlock>& block) const;
  MaskPointer mask(const Segment& segment) const;
  // Before the units.
  void show(UnitLists& units) const;
  // Above the number of every segment that may be hidden.
  uint64_t next_segment() const;
  void clear() { records_.clear(); }

 private:
  const std::shared_ptr<MemoryBudget> memory_;
  ErasureRecords records_;
};

class Erasures {
 public:
  // Closes the tenant's open segments; answers as Lane::cut_at_once().
  using Cut = std::function<uint64_t(std::string_view tenant)>;

  Erasures(const StoreOptions& options, const env::Clock& clock, env::ObjectStore& objects, UnitLists& units,
           LogWriter& log, Sealer& sealer, BlockRemover& remover, std::shared_ptr<MemoryBudget> memory, Cut cut);

  // As StoreAdmin::erase(). After an error nothing is erased, or all of it from the next start on.
  Result<Erased> erase(std::string_view tenant, std::span<const TraceId> ids);
  // Removes the records of which nothing is stored any more, and has sealed what keeps log files of due ones.
  void look();
  std::vector<ErasureStatus> statuses(std::string_view tenant) const;
  // Nothing is erased from now on, and nothing removed.
  void close();

 private:
  using BlockPointer = std::shared_ptr<const StoredBlock>;
  // What the erasure that is being made means for a block: the block with its masks.
  struct Prepared {
    BlockPointer block;
    std::vector<TraceId> found;
  };
  // One erasure, from the request to its exchange.
  struct Making {
    std::string tenant;
    std::vector<TraceId> wanted;
    uint64_t number = 0;
    std::map<BlockPointer, Prepared> blocks;
    std::map<SegmentName, MaskPointer> segments;
    std::set<TraceId> found;
  };
  Result<bool> is_anything_stored(const Making& making, const UnitList& list) const;
  Status prepare_blocks(Making& making, const UnitList& list) const;
  Status prepare_segments(Making& making, const UnitList& list, uint64_t segments_below) const;
  Result<std::vector<TraceId>> ids_to_record(const Making& making, const UnitList& list) const;
  Result<Erased> make(Making& making);
  Status put(const Making& making, const ErasureRecord& record);
  Status remove_unfinished(const std::string& tenant);
  bool is_outstanding(const std::string& tenant, const UnitList& list, const Erasure& erasure) const;
  void look(const std::string& tenant, std::set<SegmentName>& hastened);

  const StoreOptions& options_;
  const env::Clock& clock_;
  env::ObjectStore& objects_;
  UnitLists& units_;
  LogWriter& log_;
  Sealer& sealer_;
  BlockRemover& remover_;
  const std::shared_ptr<MemoryBudget> memory_;
  const Cut cut_;
  std::mutex making_;  // also while records are removed
  bool closed_ = false;
  std::map<std::string, uint64_t> unfinished_;  // by tenant: the number of a record that a failed put() may have left
};

// Of what is shown; `log_files` says how many may hold rows of the tenant's segments below a number.
std::vector<ErasureStatus> erasure_statuses(const UnitList& list,
                                            const std::function<uint64_t(uint64_t segments_below)>& log_files);

}  // namespace clew::store
