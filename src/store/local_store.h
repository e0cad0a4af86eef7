// The Store on a local folder: puts lanes, log and unit lists together. local_store_open.cc is the way from a folder to
// a running store.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "env/object_store.h"
#include "store/block_catalog.h"
#include "store/block_remover.h"
#include "store/block_repair.h"
#include "store/compactor.h"
#include "store/erasures.h"
#include "store/lane.h"
#include "store/log_replay.h"
#include "store/log_writer.h"
#include "store/memory_budget.h"
#include "store/periodic.h"
#include "store/retention.h"
#include "store/sealer.h"
#include "store/store.h"
#include "store/unit_list.h"

namespace clew::store {

class LocalStore final : public Store, SpanSink, SpanSource, StoreAdmin {
 public:
  LocalStore(const StoreOptions& options, env::Files& files, const env::Clock& clock);
  ~LocalStore() override;
  Status start();

  SpanSink& sink() override { return *this; }
  SpanSource& source() override { return *this; }
  StoreAdmin& admin() override { return *this; }
  Status close() override;
  Status seal_all() override;
  void expire() override;
  Status compact() override;

 private:
  // SpanSink
  void append(std::string_view tenant, const SpanBatch& batch, Done done) override;
  Status check_room(uint64_t request_bytes) const override;
  uint32_t retry_delay_ms() const override { return options_.retry_delay_ms; }
  void forget(const Vocabulary& vocabulary) override;
  // SpanSource
  std::shared_ptr<const Snapshot> snapshot(std::string_view tenant, std::shared_ptr<ReadBudget> budget) override;
  std::vector<std::string> tenants() override { return units_.tenants(); }
  // StoreAdmin
  std::vector<UnitStatus> list(std::string_view tenant) override;
  std::vector<std::string> complaints() override;
  Result<VerifyReport> verify(std::string_view tenant) override;
  Result<RepairReport> repair(std::string_view tenant) override;
  void end_work() override;
  Result<Erased> erase(std::string_view tenant, std::span<const TraceId> ids) override;
  std::vector<ErasureStatus> erasures(std::string_view tenant) override;
  Status compact(std::string_view tenant) override;

  Status admit(std::string_view tenant, const SpanBatch& batch);
  Status check_open_for(uint64_t bytes) const;
  Status open_to_read();
  Status try_to_read();
  Status open_to_write();
  void make_lanes();
  void show(std::vector<std::shared_ptr<const StoredBlock>> blocks);
  void show(const std::shared_ptr<Segment>& segment, const MaskPointer& mask = nullptr);
  // The catalog's blocks, with what is erased of them.
  Result<std::vector<std::shared_ptr<const StoredBlock>>> masked_blocks(const Catalog& catalog) const;
  // not_found: a block went meanwhile.
  Status list_continuing(const Catalog& catalog, const std::vector<std::shared_ptr<Segment>>& segments) const;
  void remember(const Catalog& catalog);
  Status remember(const std::string& tenant, const BlockPart& part, uint64_t now_ns);
  bool is_passed_over(const Segment& segment, TraceId id) const;
  void adopt(const std::shared_ptr<Segment>& segment);
  void relieve_replay();
  std::set<SegmentName> live_segments() const;
  void look_after();
  void look_after_blocks();
  Lane& lane_of(TraceId id) { return *lanes_[id.hash() % lanes_.size()]; }

  const StoreOptions options_;
  env::Files& files_;
  const env::Clock& clock_;
  std::unique_ptr<env::FileLock> lock_;
  std::unique_ptr<env::ObjectStore> objects_;
  const std::shared_ptr<MemoryBudget> memory_;
  MemoryShare reads_memory_;
  UnitLists units_;
  FoundErasures found_erasures_;                        // while the store is opened
  std::map<uint64_t, std::set<SegmentName>> log_read_;  // read-only: the segments in each file of the log
  std::unique_ptr<LogWriter> log_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<BlockRemover> remover_;
  std::unique_ptr<Retention> retention_;
  std::unique_ptr<Compactor> compactor_;
  std::mutex working_;  // held by what an operator asked for, as long as it takes
  std::atomic<bool> work_ended_{false};
  std::unique_ptr<BlockRepairer> repairer_;
  std::unique_ptr<Erasures> erasures_;
  // While the store is opened: parts of blocks whose traces the lanes do not remember.
  std::vector<std::pair<std::shared_ptr<const StoredBlock>, const BlockPart*>> passed_over_;
  std::atomic<bool> closing_{false};
  uint64_t looks_ = 0;  // of the keeper's thread
  std::unique_ptr<Periodic> keeper_;
  std::unique_ptr<Periodic> block_keeper_;
};

}  // namespace clew::store
