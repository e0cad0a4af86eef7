// Turns closed segments into blocks, one after the other, on a thread of its own; and has segments cut when memory or
// the log asks.
//
// A closed segment waits one idle time (in recorded receive times) for stragglers of its traces, unless memory or the
// log is short. It becomes one block of up to two parts (block_catalog.h). The exchange of a segment for its block is
// one store of the tenant's unit list. Thread rule: close() once; seal_closed() and seal_all() from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "env/object_store.h"
#include "store/block_catalog.h"
#include "store/log_writer.h"
#include "store/memory_budget.h"
#include "store/segment.h"
#include "store/store.h"
#include "store/unit_list.h"

namespace clew::store {

class Sealer {
 public:
  // Closes the open segments for which the function says so, in all lanes.
  using Cut = std::function<void(const std::function<bool(const Segment&)>&)>;

  Sealer(const StoreOptions& options, env::ObjectStore& objects, UnitLists& units, LogWriter& log,
         std::shared_ptr<MemoryBudget> memory, Cut cut);
  ~Sealer();
  // Begins to seal by itself; once. Before, seal_closed() does it.
  void start();

  // A segment was closed; from any thread, also under a lane's lock.
  void add(std::shared_ptr<Segment> segment);
  // The newest receive time known: what idle times are measured against.
  void note_receive_time(uint64_t receive_ns);
  uint64_t newest_receive_ns() const { return newest_receive_ns_.load(std::memory_order_relaxed); }
  // Seals what is closed, ready or not.
  Status seal_closed();
  // Cuts and seals everything.
  Status seal_all();
  // Cuts these segments and has them sealed soon, whatever their idle time; each call says all there are.
  void hasten(std::set<SegmentName> segments);
  // No segment becomes a block as long as it is held. Waits for the one under way.
  [[nodiscard]] std::unique_lock<std::mutex> pause() { return std::unique_lock(sealing_); }
  // Ends the thread after the block it is at.
  void close();

 private:
  void run();
  void relieve();
  bool is_ready(const Segment& segment) const;
  std::shared_ptr<Segment> next_ready();
  Status seal(const std::shared_ptr<Segment>& segment);
  // Null when all of its rows are erased.
  Result<std::shared_ptr<const StoredBlock>> write(const Segment& segment);

  const StoreOptions& options_;
  env::ObjectStore& objects_;
  UnitLists& units_;
  LogWriter& log_;
  const std::shared_ptr<MemoryBudget> memory_;
  Cut cut_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Segment>> waiting_;
  std::set<SegmentName> hastened_;
  bool closing_ = false;
  std::mutex sealing_;  // what follows, and one block at a time
  // Their blocks could not be stored and may be there all the same, with rows that are erased before the next attempt:
  // they are removed first.
  std::set<SegmentName> unfinished_;
  std::atomic<uint64_t> newest_receive_ns_{0};
  std::thread thread_;
};

}  // namespace clew::store
