// Whether a trace of a unit may hold two spans in a relation, by masks and parent rows alone.
//
// Spans that share an id (Zipkin's client and server) have other parents than their rows say; a trace with such spans
// always may. Thread rule: one thread.
#pragma once

#include <vector>

#include "traceql/row_scan.h"

namespace clew::traceql {

class StructureScan {
 public:
  // A left span has satisfied one of `left`, a right one one of `right`. The scan outlives it.
  StructureScan(RowScan& scan, Relation relation, const std::vector<const SpansetFilter*>& left,
                const std::vector<const SpansetFilter*>& right);

  Result<bool> may_match(uint32_t trace);

 private:
  // Masks of one side; none where every row may be.
  struct Side {
    std::vector<const RowMask*> masks;
    bool is_every = false;
    bool may(uint32_t row) const;
  };
  Side side_of(const std::vector<const SpansetFilter*>& filters) const;
  // Two different rows, one of each side.
  bool has_a_pair();
  Status read_span_ids();
  // Parents by row in blocks, by id elsewhere.
  Status read_parent_rows();
  Status read_parent_ids();
  bool shares_ids();
  bool is_related();
  bool may_be_above(bool far);
  bool is_under(uint32_t lower, const std::vector<uint8_t>& is_upper);
  bool may_be_siblings();

  RowScan& scan_;
  Relation relation_;
  Side left_, right_;

  // Of the trace looked at, by position in rows_.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> parents_;  // positions, or kNoPosition
  std::vector<int64_t> parent_rows_;
  std::vector<uint64_t> span_ids_;
  std::vector<std::pair<uint64_t, uint32_t>> by_id_;
  std::vector<uint8_t> is_left_, is_right_;
  enum class Under : uint8_t { unknown, no, yes };
  std::vector<Under> under_;
  std::vector<uint32_t> path_;
  std::vector<std::pair<uint32_t, uint32_t>> families_;
};

}  // namespace clew::traceql
