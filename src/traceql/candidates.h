// Which traces of a unit may match a query, by a scan on codes. Two readings of the same masks:
//   for a trace that is whole in the unit, the query's structure is used: {a} && {b} needs both;
//   for one that may be spread over units (listed), any row that may match any filter is enough.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "column/budget.h"
#include "traceql/row_scan.h"

namespace clew::traceql {

struct Candidates {
  std::vector<uint8_t> whole;  // per trace of the unit
  std::vector<uint8_t> part;
};

// `scan_listed` false: nothing is listed, so a unit may be dismissed by its dictionaries alone.
// The budget's time is looked at for every page.
Result<Candidates> find_candidates(UnitFields& fields, bool scan_listed, ReadBudget& budget);

}  // namespace clew::traceql
