// A unit without the traces that are erased from it: fewer rows and traces, numbered without gaps, everything else as
// it is. Nobody who reads a unit needs to know of erasure.
//
// Its dictionaries, keys and time range may be those of all rows until the unit is written again without them: a
// dictionary may hold entries that no row uses. Thread rule: as a unit's.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "column/unit.h"
#include "store/unit_mask.h"

namespace clew::store {

class MaskedUnit final : public Unit {
 public:
  // Neither is null.
  MaskedUnit(std::shared_ptr<const Unit> unit, MaskPointer mask) : unit_(std::move(unit)), mask_(std::move(mask)) {}

  const std::string& name() const override { return unit_->name(); }
  bool is_live() const override { return unit_->is_live(); }
  uint32_t rows() const override { return mask_->rows(); }
  uint32_t traces() const override { return mask_->traces(); }
  uint32_t page_rows() const override { return unit_->page_rows(); }
  uint64_t min_start_ns() const override { return unit_->min_start_ns(); }
  uint64_t max_end_ns() const override { return unit_->max_end_ns(); }
  uint64_t stored_bytes() const override { return unit_->stored_bytes(); }
  Result<std::vector<AttributeColumn>> attributes() const override { return unit_->attributes(); }
  Result<std::optional<ColumnId>> attribute(Scope scope, std::string_view name) const override {
    return unit_->attribute(scope, name);
  }
  bool is_multi(ColumnId column) const override { return unit_->is_multi(column); }
  Result<uint32_t> entries(ColumnId column) const override { return unit_->entries(column); }
  ValueView entry(ColumnId column, uint32_t code) const override { return unit_->entry(column, code); }
  void entries_from(ColumnId column, uint32_t first, std::span<ValueView> out) const override {
    unit_->entries_from(column, first, out);
  }
  Result<uint64_t> text_numbers_from(ColumnId column, uint32_t first, std::span<uint32_t> out) const override {
    return unit_->text_numbers_from(column, first, out);
  }
  Result<ValueView> value(ColumnId column, uint32_t code) const override { return unit_->value(column, code); }
  Status find(ColumnId column, ValueView value, std::vector<uint32_t>& codes) const override {
    return unit_->find(column, value, codes);
  }
  Status array_codes(ColumnId column, std::vector<uint32_t>& codes) const override {
    return unit_->array_codes(column, codes);
  }
  Result<std::unique_ptr<KnownCodes>> known_codes(ColumnId column, std::string_view question) const override {
    return unit_->known_codes(column, question);
  }
  void keep_codes(ColumnId column, std::string_view question, const KnownCodes& known) const override {
    unit_->keep_codes(column, question, known);
  }
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
  Result<TraceSummary> summary(uint32_t trace) const override;
  Result<TraceTimes> trace_times(uint32_t trace) const override { return unit_->trace_times(mask_->trace_of(trace)); }
  Result<TraceId> trace_id(uint32_t trace) const override { return unit_->trace_id(mask_->trace_of(trace)); }
  Result<uint32_t> first_row(uint32_t trace) const override;
  Result<uint32_t> traces_before(uint32_t row) const override;
  Result<uint64_t> latest_start_ns(uint32_t traces) const override;
  Status trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const override;
  Result<bool> shares_span_ids(uint32_t trace) const override { return unit_->shares_span_ids(mask_->trace_of(trace)); }
  Result<std::span<const TraceId>> listed() const override;
  using Unit::copy_rows;
  Status copy_rows(std::span<const uint32_t> rows, const SpanParts& parts, SpanTable& out) const override;

 private:
  // Calls on_page(page of the unit) for all that rows of this page lie in.
  template <typename OnPage>
  void each_page(uint32_t page, OnPage&& on_page) const;

  const std::shared_ptr<const Unit> unit_;
  const MaskPointer mask_;
  mutable std::mutex mutex_;
  mutable std::optional<std::vector<TraceSummary>> summaries_;  // made when first asked for
  mutable std::optional<std::vector<TraceId>> listed_;
};

// The unit itself when nothing of it is erased.
inline std::shared_ptr<const Unit> masked(std::shared_ptr<const Unit> unit, const MaskPointer& mask) {
  if (!mask) return unit;
  return std::make_shared<MaskedUnit>(std::move(unit), mask);
}

}  // namespace clew::store
