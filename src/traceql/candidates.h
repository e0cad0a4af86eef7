// Which traces of a unit may match a query, by a scan on codes.
//
// Of `{a} && {b}` and `{a} >> {b}` the side that fewer rows satisfy is scanned first, and the other only where the
// first has left traces. A structure is then looked at by parent rows, before anything of a trace is read.
//
// Traces that may be spread over units (listed) are judged by a part of theirs, so of such a pair one side is enough;
// it must be the same side in all units, which is why the order is chosen once for a search (ScanOrder).
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "column/budget.h"
#include "traceql/listed_traces.h"
#include "traceql/row_scan.h"
#include "traceql/trace_set.h"

namespace clew::traceql {

// By node of the syntax tree: whether its right side is scanned before its left one.
using ScanOrder = std::unordered_map<const void*, bool>;

class Candidates {
 public:
  // All outlive it.
  Candidates(RowScan& scan, const ListedTraces& listed, ScanOrder& order, ReadBudget& budget);

  // False when no trace that is whole in the unit can match, known from dictionaries alone.
  Result<bool> is_possible();
  // Of the traces in `within`, all of them from `first` to before `end`: those whole in the unit that may match, and
  // listed ones of which something may.
  Result<TraceSet> find(TraceSet within, uint32_t first, uint32_t end);
  // Whether the page on which the trace begins was scanned, and is in the budget's count of what was inspected.
  Result<bool> was_inspected(uint32_t trace) const;
  // The listed traces that are in the unit.
  Result<const TraceSet*> listed();

 private:
  struct PageTraces {
    uint32_t first;
    uint32_t last;
  };
  Result<PageTraces> traces_of(uint32_t page);
  RowRange rows_of(uint32_t page) const;
  Result<TraceSet> find(const PipelineExpression& expression, TraceSet within);
  Result<TraceSet> find(const Pipeline& pipeline, TraceSet within);
  Result<TraceSet> find(const SpansetExpression& expression, TraceSet within);
  Result<TraceSet> find(const SpansetFilter& filter, const TraceSet& within);
  // Left op right, whose nodes are both of one kind.
  template <typename Node>
  Result<TraceSet> join(const void* key, SpansetOperator op, const Node& left, const Node& right, TraceSet within);
  template <typename Node>
  Result<bool> right_is_first(const void* key, const Node& left, const Node& right);

  Result<bool> is_possible(const PipelineExpression& expression);
  Result<bool> is_possible(const Pipeline& pipeline);
  Result<bool> is_possible(const SpansetExpression& expression);
  Result<double> share(const PipelineExpression& expression);
  Result<double> share(const Pipeline& pipeline);
  Result<double> share(const SpansetExpression& expression);

  Status note_inspected(uint32_t page);
  Status add_traces(const RowMask& mask, uint32_t page, TraceSet& out);
  // Adds those of `from` that are not in `to` and are listed.
  Status add_listed(const TraceSet& from, TraceSet& to);
  Result<bool> page_has(uint32_t page, const TraceSet& within);

  RowScan& scan_;
  const Unit& unit_;
  const ListedTraces& listed_;
  ScanOrder& order_;
  ReadBudget& budget_;
  std::optional<TraceSet> listed_here_;
  std::vector<std::optional<PageTraces>> page_traces_;
  std::vector<bool> inspected_;
  // The pages that can have rows of the traces that are looked for.
  uint32_t first_page_ = 0;
  uint32_t end_page_ = 0;
  std::vector<uint32_t> trace_numbers_;
};

}  // namespace clew::traceql
