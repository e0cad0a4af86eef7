// Which traces of a unit are erased (docs/internals/deletion.md): the numbers of what is left, as a reader sees them.
//
//   rows of the unit      0 1 2 3 4 5 6 7        rows 2, 3 and 6 are erased
//   as a reader sees them 0 1     2 3   4
//
// The same for the numbers of traces. Thread rule: const, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "column/unit.h"
#include "store/memory_budget.h"

namespace clew::store {

class UnitMask {
 public:
  UnitMask(const UnitMask& other);
  UnitMask(std::shared_ptr<MemoryBudget> budget, uint32_t rows, uint32_t traces);

  // Of what is left.
  uint32_t rows() const { return rows_ - hidden_rows_; }
  uint32_t traces() const { return traces_ - static_cast<uint32_t>(erased_.size()); }

  bool hides_id(TraceId id) const;
  bool hides_trace(uint32_t trace) const;
  // Ascending.
  std::span<const TraceId> ids() const { return ids_; }
  // Of the erasures that found something here.
  bool has(uint64_t erasure) const;

  // From a reader's numbers to the unit's, and back. Precondition: not hidden.
  uint32_t row_of(uint32_t seen) const;
  uint32_t seen_row_of(uint32_t row) const;
  uint32_t trace_of(uint32_t seen) const;
  uint32_t seen_trace_of(uint32_t trace) const;  // also of a hidden one: how many a reader sees of those before it
  // Calls on_run(rows of the unit) for each run of a reader's rows that lies side by side in the unit.
  template <typename OnRun>
  Status each_run(RowRange seen, OnRun&& on_run) const;

 private:
  friend Result<std::shared_ptr<const UnitMask>> mask_unit(const Unit&, uint64_t, std::span<const TraceId>,
                                                           std::shared_ptr<const UnitMask>,
                                                           std::shared_ptr<MemoryBudget>);
  // Rows begin … end - 1 of the unit; `at` is the reader's number of the first row behind them.
  struct Hidden {
    uint32_t at;
    uint32_t begin;
    uint32_t end;
  };
  size_t hidden_before(uint32_t seen) const;
  Status add(const Unit& unit, uint64_t erasure, std::vector<uint32_t> traces, std::vector<TraceId> ids);
  void count_memory();

  std::shared_ptr<MemoryBudget> budget_;
  MemoryShare memory_;
  uint32_t rows_;
  uint32_t traces_;
  uint32_t hidden_rows_ = 0;
  std::vector<uint32_t> erased_;  // numbers, ascending
  std::vector<TraceId> ids_;
  std::vector<Hidden> hidden_;
  std::vector<uint64_t> erasures_;  // ascending
};

using MaskPointer = std::shared_ptr<const UnitMask>;

// What `before` hides (null: nothing), and of the traces `ids` (ascending) those that the unit has. `before` itself
// when it has none. Errors: those of reading the unit.
Result<MaskPointer> mask_unit(const Unit& unit, uint64_t erasure, std::span<const TraceId> ids, MaskPointer before,
                              std::shared_ptr<MemoryBudget> budget);

// Of the traces `ids` (ascending) the numbers of those that the unit has, in no order.
Result<std::vector<std::pair<TraceId, uint32_t>>> find_traces(const Unit& unit, std::span<const TraceId> ids);

template <typename OnRun>
Status UnitMask::each_run(RowRange seen, OnRun&& on_run) const {
  size_t next = hidden_before(seen.begin);
  uint32_t shift = next == 0 ? 0 : hidden_[next - 1].end - hidden_[next - 1].at;
  while (seen.begin < seen.end) {
    uint32_t end = next == hidden_.size() ? seen.end : std::min(seen.end, hidden_[next].at);
    if (end > seen.begin) TRY(on_run(RowRange{seen.begin + shift, end + shift}));
    seen.begin = end;
    if (next == hidden_.size()) continue;
    shift = hidden_[next].end - hidden_[next].at;
    ++next;
  }
  return {};
}

}  // namespace clew::store
