// All spans of one trace, in one unit, by start: what the structural operators and the trace's own intrinsics work on.
//
// Spans are named by their index here. Relations come from parent ids over whatever has arrived: a span whose parent is
// missing is the top of a tree of its own. Tree numbers as in Tempo: nestedSetParent is -1 for a span without a parent
// id, the parent's nestedSetLeft where it is here, else 0.
// Thread rule: one thread. The fields outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "traceql/unit_fields.h"

namespace clew::traceql {

inline constexpr uint32_t kNoSpan = 0xffffffffU;

class TraceSpans {
 public:
  static Result<std::unique_ptr<TraceSpans>> load(UnitFields& fields, uint32_t trace);

  TraceId id() const { return summary_.id; }
  const TraceSummary& summary() const { return summary_; }
  UnitFields& fields() const { return fields_; }
  size_t size() const { return rows_.size(); }
  uint32_t row(size_t index) const { return rows_[index]; }
  uint64_t span_id(size_t index) const { return span_ids_[index]; }
  uint64_t start_ns(size_t index) const { return starts_[index]; }
  uint64_t duration_ns(size_t index) const { return durations_[index]; }

  // The index of the parent span, or kNoSpan. Cycles are cut: following parents always ends.
  uint32_t parent(size_t index) const { return tree().parents[index]; }
  bool has_parent_id(size_t index) const { return parent_ids_[index] != 0; }

  // Intrinsics that need the trace.
  FieldValue value(Intrinsic intrinsic, size_t index) const;

  const std::optional<std::string>& root_service() const { return root_service_; }
  const std::optional<std::string>& root_name() const { return root_name_; }
  // service.name and status of each span, for the service statistics.
  Result<std::string> service_of(size_t index) const;
  Result<std::string> name_of(size_t index) const;

 private:
  struct Tree {
    std::vector<uint32_t> parents;
    std::vector<int64_t> left, right;
    std::vector<uint32_t> children;  // how many
  };
  explicit TraceSpans(UnitFields& fields) : fields_(fields) {}
  const Tree& tree() const;
  void number(Tree& tree) const;
  Result<std::optional<std::string>> text_at(std::optional<ColumnId> column, uint32_t row) const;

  UnitFields& fields_;
  TraceSummary summary_;
  std::vector<uint32_t> rows_;
  std::vector<uint64_t> span_ids_, parent_ids_, starts_, durations_;
  std::vector<uint8_t> kinds_;
  std::optional<std::string> root_service_, root_name_;
  mutable std::optional<Tree> tree_;  // made when a query asks
};

}  // namespace clew::traceql
