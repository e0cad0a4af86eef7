// A lane's live segment: one tenant's recent spans of one lane, from its first row until it is a block.
//
// Invariants: the name (tenant, lane, number) is never used twice in a data folder; rows are only added while open.
// Thread rule: the lane's writer appends; everyone may read what is published; `continues` grows as the table does.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "column/chunked.h"
#include "column/span_table.h"
#include "column/table_unit.h"
#include "store/memory_budget.h"

namespace clew::store {

struct SegmentName {
  std::string tenant;
  uint32_t lane = 0;
  uint64_t number = 0;

  friend auto operator<=>(const SegmentName&, const SegmentName&) = default;
  // "0-17": lane and number; unique within a tenant.
  std::string text() const { return std::to_string(lane) + "-" + std::to_string(number); }
};

struct Segment : std::enable_shared_from_this<Segment> {
  explicit Segment(SegmentName n, std::shared_ptr<MemoryBudget> budget = nullptr)
      : name(std::move(n)), table(std::make_shared<SpanTable>()), memory(std::move(budget), MemoryUse::segments) {}

  const SegmentName name;
  const std::shared_ptr<SpanTable> table;
  // Traces that an earlier unit of the lane may hold too.
  ChunkedVector<TraceId, 16> continues;
  // Counted until the last reader is gone too; set by the writer.
  MemoryShare memory;
  // Recorded receive times, of the writer.
  uint64_t first_receive_ns = 0;
  uint64_t last_receive_ns = 0;
  // The last log frame of this segment, its cut included; set by the log.
  std::atomic<uint64_t> last_frame{0};
  std::atomic<bool> closed{false};
  std::atomic<uint64_t> closed_receive_ns{0};

  std::vector<TraceId> continuing_traces() const {
    std::vector<TraceId> out;
    uint32_t count = continues.size();
    out.reserve(count);
    for (uint32_t i = 0; i < count; ++i) out.push_back(continues[i]);
    return out;
  }
  std::shared_ptr<const Unit> unit() const {
    // Rows first: what they continue was published before them.
    uint32_t rows = table->rows();
    // The unit holds the segment, not only its table: the memory is counted as long as it is taken.
    std::shared_ptr<const SpanTable> held(shared_from_this(), table.get());
    return std::make_shared<TableUnit>(name.text(), std::move(held), rows, continuing_traces());
  }
};

}  // namespace clew::store
