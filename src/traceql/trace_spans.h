// All spans of one trace, in one unit, by start: what the structural operators and the trace's own intrinsics work on.
//
// Spans are named by their index here. Relations come from parent ids over whatever has arrived: a span whose parent is
// missing is the top of a tree of its own. Tree numbers as in Tempo: nestedSetParent is -1 for a span without a parent
// id, the parent's nestedSetLeft where it is here, else 0.
// Thread rule: one thread. The fields outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "traceql/unit_fields.h"

namespace clew::traceql {

class RowScan;

inline constexpr uint32_t kNoSpan = 0xffffffffU;

class TraceSpans {
 public:
  // Precondition: trace_numbers() of the unit has it. `scan` may be null; what it knows exactly is not evaluated again.
  static Result<std::unique_ptr<TraceSpans>> load(UnitFields& fields, const RowScan* scan, uint32_t trace);

  TraceId id() const { return summary_.id; }
  const TraceSummary& summary() const { return summary_; }
  UnitFields& fields() const { return fields_; }
  size_t size() const { return rows_.size(); }
  uint32_t row(size_t index) const { return rows_[index]; }
  // Whether the span satisfies the filter, where the scan knows exactly.
  std::optional<bool> known(const SpansetFilter& filter, size_t index) const;
  Result<uint64_t> span_id(size_t index) const { return fields_.span_id_at(rows_[index]); }
  Result<uint64_t> start_ns(size_t index) const;
  Result<uint64_t> duration_ns(size_t index) const;
  // A trace is in a range when one of its spans overlaps it; 0 leaves that end open.
  Result<bool> overlaps(uint64_t start_ns, uint64_t end_ns) const;

  // Per span the index of its parent, or kNoSpan. Cycles are cut: following parents always ends.
  Result<std::span<const uint32_t>> parents() const;

  // Intrinsics that need the trace. Texts are this object's.
  Result<FieldValue> value(Intrinsic intrinsic, size_t index) const;

  Result<std::optional<std::string>> root_service() const;
  Result<std::optional<std::string>> root_name() const;
  // service.name and status of each span, for the service statistics.
  Result<std::string> service_of(size_t index) const;
  Result<std::string> name_of(size_t index) const;

 private:
  struct Tree {
    std::vector<uint32_t> parents;
    std::vector<int64_t> left, right;
    std::vector<uint32_t> children;  // how many
    std::vector<uint64_t> parent_ids;
  };
  TraceSpans(UnitFields& fields, const RowScan* scan) : fields_(fields), scan_(scan) {}
  Result<const Tree*> tree() const;
  Result<std::optional<Tree>> relate() const;
  void number(Tree& tree) const;
  Result<std::optional<std::string>> text_at(std::optional<ColumnId> column, uint32_t row) const;

  UnitFields& fields_;
  const RowScan* scan_;
  TraceSummary summary_;
  std::vector<uint32_t> rows_;
  mutable std::optional<Tree> tree_;              // made when a query asks
  mutable std::string root_name_, root_service_;  // that values point to
};

}  // namespace clew::traceql
