// Where queries read: implemented by the store, called by traceql's callers (api, cli).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "column/budget.h"
#include "column/snapshot.h"

namespace clew {

class SpanSource {
 public:
  virtual ~SpanSource() = default;
  // All units of the tenant now; an unknown tenant has none. Any thread.
  virtual std::shared_ptr<const Snapshot> snapshot(std::string_view tenant, std::shared_ptr<ReadBudget> budget) = 0;
  virtual std::vector<std::string> tenants() = 0;
};

}  // namespace clew
