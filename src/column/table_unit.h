// A SpanTable, cut off at a number of published rows, as a Unit: a live segment as one query sees it, or a gathered
// trace.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <compare>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "column/span_table.h"
#include "column/unit.h"

namespace clew {

class TableUnit : public Unit {
 public:
  // `listed_before` (sorted) are traces known from earlier units; those without a root here are added.
  TableUnit(std::string name, std::shared_ptr<const SpanTable> table, uint32_t rows,
            std::vector<TraceId> listed_before = {});

  const std::string& name() const override { return name_; }
  bool is_live() const override { return true; }
  uint32_t rows() const override { return rows_; }
  uint32_t traces() const override { return traces_; }
  uint32_t page_rows() const override { return table_->page_rows(); }
  uint64_t min_start_ns() const override;
  uint64_t max_end_ns() const override;
  uint64_t stored_bytes() const override;
  Result<std::vector<AttributeColumn>> attributes() const override;
  Result<std::optional<ColumnId>> attribute(Scope scope, std::string_view name) const override;
  bool is_multi(ColumnId column) const override;
  Result<uint32_t> entries(ColumnId column) const override;
  ValueView entry(ColumnId column, uint32_t code) const override;
  Status find(ColumnId column, ValueView value, std::vector<uint32_t>& codes) const override;
  Status array_codes(ColumnId column, std::vector<uint32_t>& codes) const override;
  // Known, like a page's range of numbers, once somebody has read the whole page.
  bool page_may_contain(ColumnId column, uint32_t page, std::span<const uint32_t> codes) const override;
  Status codes(ColumnId column, RowRange rows, uint32_t* out) const override;
  Status multi_codes(ColumnId column, RowRange rows, std::vector<uint32_t>& begins,
                     std::vector<uint32_t>& codes) const override;
  Status numbers(NumberColumn column, RowRange rows, int64_t* out) const override;
  std::pair<int64_t, int64_t> page_number_range(NumberColumn column, uint32_t page) const override;
  Status nested_numbers(NestedNumber column, RowRange rows, std::vector<uint32_t>& begins,
                        std::vector<int64_t>& values) const override;
  Status span_ids(RowRange rows, uint64_t* out) const override;
  Status parent_ids(RowRange rows, uint64_t* out) const override;
  Status trace_numbers(RowRange rows, uint32_t* out) const override;
  Result<std::optional<uint32_t>> find_trace(TraceId id) const override;
  Result<std::span<const TraceSummary>> summaries() const override;
  Result<uint32_t> first_row(uint32_t trace) const override { return table_->first_row(trace); }
  Result<uint32_t> traces_before(uint32_t row) const override { return table_->trace_count(row); }
  Result<uint64_t> latest_start_ns(uint32_t traces) const override;
  Status trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const override;
  Result<std::span<const TraceId>> listed() const override;
  using Unit::copy_rows;
  Status copy_rows(std::span<const uint32_t> rows, const SpanParts& parts, SpanTable& out) const override;

  const SpanTable& table() const { return *table_; }

 private:
  // Per shape of the table: where the column's key stands in it, or -1. Kept.
  const std::vector<int32_t>& positions_in_shapes(uint32_t key) const;
  void span_attribute_codes(uint32_t key, RowRange rows, uint32_t* out) const;
  Status read_codes(ColumnId column, RowRange rows, uint32_t* out) const;
  Status read_numbers(NumberColumn column, RowRange rows, int64_t* out) const;
  // The page that these rows are, if they are a whole one.
  std::optional<uint32_t> whole_page(RowRange rows) const;
  // Per resource or scope of the table: the code of the key's value, or kNoCode.
  std::vector<uint32_t> codes_of_entities(const TupleDictionary& entities, size_t pairs, uint32_t key) const;
  const TraceSummaries& summarised() const;

  // The spans of a trace by span id; of those that share an id (Zipkin's client and server) the server first, then the
  // one received first: the first entry of an id is the parent of whoever names it, except of itself.
  struct FamilyMember {
    uint64_t span;
    bool not_server;
    uint32_t row;
    friend auto operator<=>(const FamilyMember&, const FamilyMember&) = default;
  };
  using Family = std::vector<FamilyMember>;
  std::shared_ptr<const Family> family_of(uint32_t trace) const;
  void parent_rows(RowRange rows, int64_t* out) const;

  std::string name_;
  std::shared_ptr<const SpanTable> table_;
  uint32_t rows_;
  uint32_t traces_;
  std::vector<TraceId> listed_before_;
  // Made on first use: most queries on most units never need them.
  mutable std::once_flag summarised_;
  mutable std::shared_ptr<const TraceSummaries> summaries_;
  mutable std::once_flag listed_once_;
  mutable std::vector<TraceId> listed_;
  mutable std::mutex positions_mutex_;
  mutable absl::flat_hash_map<uint32_t, std::unique_ptr<const std::vector<int32_t>>> positions_;
  // Families larger than a page are kept: a scan by pages asks for them once per page.
  mutable std::mutex large_families_mutex_;
  mutable absl::flat_hash_map<uint32_t, std::shared_ptr<const Family>> large_families_;
};

}  // namespace clew
