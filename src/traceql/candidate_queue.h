// What a search has in hand: the units it reads, how far each has been read, and the traces to be judged, newest first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "column/table_unit.h"
#include "traceql/candidates.h"

namespace clew::traceql {

// A piece of data under search: a unit of the snapshot, or gathered traces.
struct SearchedUnit {
  const Unit* unit = nullptr;
  std::unique_ptr<TableUnit> gathered;
  std::unique_ptr<UnitFields> fields;
  std::unique_ptr<RowScan> scan;
  std::unique_ptr<Candidates> candidates;
  // Not looked at yet: traces below, in pages below; all of them start at the bound or before.
  uint32_t traces_left = 0;
  uint32_t pages_left = 0;
  uint32_t slice_pages = 1;
  uint64_t bound_ns = 0;
  size_t pending = 0;  // candidates not evaluated yet

  bool is_done() const { return traces_left == 0; }
  void release_if_done() {
    if (!is_done() || pending > 0) return;
    candidates.reset();
    scan.reset();
    fields.reset();
  }
};

// A trace that may match, with the start of the whole.
struct Candidate {
  uint64_t start_ns = 0;
  TraceId id;
  SearchedUnit* searched = nullptr;  // null: listed, to be gathered
  uint32_t trace = 0;
};

inline bool is_older(const Candidate& a, const Candidate& b) {
  return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.id > b.id;
}

// The newest first.
class CandidateQueue {
 public:
  bool empty() const { return heap_.empty(); }
  const Candidate& top() const { return heap_.front(); }
  void push(const Candidate& candidate) {
    heap_.push_back(candidate);
    std::ranges::push_heap(heap_, is_older);
  }
  Candidate pop() {
    std::ranges::pop_heap(heap_, is_older);
    Candidate out = heap_.back();
    heap_.pop_back();
    return out;
  }

 private:
  std::vector<Candidate> heap_;
};

}  // namespace clew::traceql
