// A lane owns the traces whose id hashes to it: their open segments (one a tenant), what it knows of earlier traces and
// of the spans of the last minutes. Nothing about one trace ever crosses lanes.
//
// Invariants: rows of a batch are appended, published and submitted to the log under the lane's lock, so the log has a
// segment's rows in their order; what a batch repeats was submitted before.
// Thread rule: any thread; one lock, taken once per batch, never while waiting for I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "column/recode.h"
#include "column/span_batch.h"
#include "store/duplicates.h"
#include "store/log_writer.h"
#include "store/memory_budget.h"
#include "store/segment.h"
#include "store/store.h"
#include "store/trace_filter.h"

namespace clew::store {

class Lane {
 public:
  // Told of segments as they begin and end, under the lane's lock.
  struct Events {
    std::function<void(const std::shared_ptr<Segment>&)> opened;
    std::function<void(const std::shared_ptr<Segment>&)> closed;
  };
  Lane(uint32_t number, const StoreOptions& options, std::shared_ptr<MemoryBudget> memory, LogWriter& log,
       Events events);
  // Before the first append: segments get numbers from here on.
  void number_from(uint64_t next_segment);

  struct Appended {
    uint64_t frame = 0;       // wait for this one
    uint64_t duplicates = 0;  // rows that were known, and not appended
  };
  // The rows of the batch with these indices, which all hash to this lane.
  Appended append(std::string_view tenant, const SpanBatch& batch, std::span<const uint32_t> rows);

  // At start: what a replayed segment or a block says of traces and recent spans.
  // True when the trace was known already.
  bool remember_trace(TraceId id);
  void remember_span(std::string_view tenant, const SpanRow& row, uint64_t receive_ns);

  // Closes the open segments for which `which` says so; they are told to Events::closed.
  void cut(const std::function<bool(const Segment&)>& which);
  void forget(const Vocabulary& vocabulary);
  // Closes the tenant's open segments of all lanes at one moment: the segments that are there have lesser numbers than
  // the answered one, those that come later have not.
  static uint64_t cut_at_once(std::span<const std::unique_ptr<Lane>> lanes, std::string_view tenant);

 private:
  // Of a connection's codes; serves one segment only.
  struct Translation {
    Translation(const Vocabulary& from, Vocabulary& to, const std::shared_ptr<MemoryBudget>& budget)
        : recoder(from, to), memory(budget, MemoryUse::translations) {}
    Recoder recoder;
    MemoryShare memory;
  };
  struct Open {
    std::shared_ptr<Segment> segment;
    std::unordered_map<const Vocabulary*, Translation> translations;
  };
  Open& open_segment(std::string_view tenant, uint64_t receive_ns);
  void close_segment(Open& open);
  bool is_complete(const Segment& segment, uint64_t receive_ns) const;
  void note_traces(Segment& segment, uint32_t traces_before);
  void count_memory(Segment& segment, Translation& translation);

  const uint32_t number_;
  const StoreOptions& options_;
  const std::shared_ptr<MemoryBudget> memory_;
  LogWriter& log_;
  Events events_;

  std::mutex mutex_;
  uint64_t next_segment_ = 1;
  uint64_t last_frame_ = 0;
  std::map<std::string, Open, std::less<>> open_;
  DuplicateTable duplicates_;
  TraceFilter earlier_;
  MemoryShare duplicates_memory_;
  MemoryShare earlier_memory_;
  std::vector<uint32_t> fresh_;
};

}  // namespace clew::store
