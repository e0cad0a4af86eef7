// The rows of a table in OTLP's order: by resource, within that by scope, within that as they came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "column/span_table.h"

namespace clew::wire {

class SpanGroups {
 public:
  explicit SpanGroups(const SpanTable& table) : table_(table), order_(table.rows()) {
    for (uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
    std::ranges::sort(order_, {}, [&](uint32_t i) { return std::tuple(table.resource(i), table.scope(i), i); });
  }

  // Calls each(rows) for the rows of each resource, in runs of equal resource.
  template <typename Each>
  void each_resource(Each&& each) const {
    runs(order_, [&](uint32_t i) { return table_.resource(i); }, each);
  }
  // The same for the scopes within the rows of a resource.
  template <typename Each>
  void each_scope(std::span<const uint32_t> rows, Each&& each) const {
    runs(rows, [&](uint32_t i) { return table_.scope(i); }, each);
  }

 private:
  template <typename Of, typename Each>
  static void runs(std::span<const uint32_t> rows, Of&& of, Each&& each) {
    while (!rows.empty()) {
      size_t length = 1;
      while (length < rows.size() && of(rows[length]) == of(rows[0])) ++length;
      each(rows.first(length));
      rows = rows.subspan(length);
    }
  }

  const SpanTable& table_;
  std::vector<uint32_t> order_;
};

}  // namespace clew::wire
