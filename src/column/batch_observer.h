// Who wants to see every batch as it is appended, as codes: implemented by insight, called by the store on the lane's
// writer. Must be quick, must not block, and must not keep the references.
#pragma once

#include <string_view>

#include "column/span_table.h"
#include "column/unit.h"

namespace clew {

class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  // Rows [rows.begin, rows.end) of the table were appended; `replayed` when they come from the log at start.
  virtual void on_batch(std::string_view tenant, const SpanTable& table, RowRange rows, bool replayed) = 0;
};

}  // namespace clew
