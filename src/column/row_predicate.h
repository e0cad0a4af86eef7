// A compiled filter on the rows of a unit: implemented by traceql, used by sampling policies and live tail.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "column/unit.h"

namespace clew {

class RowPredicate {
 public:
  virtual ~RowPredicate() = default;
  // Appends the rows of the range that match, ascending. Not thread-safe: one predicate per thread.
  virtual Status matches(const Unit& unit, RowRange rows, std::vector<uint32_t>& out) = 0;
};

}  // namespace clew
