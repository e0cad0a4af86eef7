// What a query sees: the units of one tenant at one moment, newest first, and the traces that may be spread over them.
//
// A trace in listed() is never judged by one unit's part: it is gathered from all units, deduplicated and evaluated
// once. Thread rule: const, any thread. Never held while a socket is waited for, nor beyond the query's time limit.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "column/budget.h"
#include "column/unit.h"

namespace clew {

class Snapshot {
 public:
  Snapshot(std::vector<std::shared_ptr<const Unit>> units, std::shared_ptr<ReadBudget> budget)
      : units_(std::move(units)), budget_(std::move(budget)) {}

  const std::vector<std::shared_ptr<const Unit>>& units() const { return units_; }
  ReadBudget& budget() const { return *budget_; }

  // The lists of all units, whatever the query's time range: one set, in which an id may be several times. Valid as
  // long as the snapshot.
  Result<std::vector<std::span<const TraceId>>> listed() const;

  // All spans of these traces from all units, with these parts at least, in one table, published; of spans with the
  // same (trace, span id, kind) the first received stays. Traces that are nowhere are simply absent.
  Result<std::shared_ptr<const SpanTable>> gather(std::span<const TraceId> ids, const SpanParts& parts = {}) const;

 private:
  std::vector<std::shared_ptr<const Unit>> units_;
  std::shared_ptr<ReadBudget> budget_;
};

}  // namespace clew
