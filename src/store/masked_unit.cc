#include "store/masked_unit.h"

#include <algorithm>
#include <iterator>

namespace clew::store {
namespace {

// Appends what `read` answers of some rows, as (begins, values), to what there is of the rows before.
template <typename Value, typename Read>
Status append_several(std::vector<uint32_t>& begins, std::vector<Value>& values, Read&& read) {
  std::vector<uint32_t> more_begins;
  std::vector<Value> more;
  TRY(read(more_begins, more));
  const uint32_t base = begins.back();
  for (size_t i = 1; i < more_begins.size(); ++i) begins.push_back(base + more_begins[i]);
  values.insert(values.end(), more.begin(), more.end());
  return {};
}

}  // namespace

template <typename OnPage>
void MaskedUnit::each_page(uint32_t page, OnPage&& on_page) const {
  const uint32_t page_rows = unit_->page_rows();
  RowRange seen{page * page_rows, std::min(rows(), (page + 1) * page_rows)};
  (void)mask_->each_run(seen, [&](RowRange run) -> Status {
    for (uint32_t own = run.begin / page_rows; own <= (run.end - 1) / page_rows; ++own) on_page(own);
    return {};
  });
}

bool MaskedUnit::page_may_contain(ColumnId column, uint32_t page, std::span<const uint32_t> codes) const {
  bool may = false;
  each_page(page, [&](uint32_t own) { may = may || unit_->page_may_contain(column, own, codes); });
  return may;
}

std::pair<int64_t, int64_t> MaskedUnit::page_number_range(NumberColumn column, uint32_t page) const {
  // Rows have other numbers here.
  if (column == NumberColumn::parent_row) return {INT64_MIN, INT64_MAX};
  std::pair<int64_t, int64_t> out{INT64_MAX, INT64_MIN};
  each_page(page, [&](uint32_t own) {
    auto range = unit_->page_number_range(column, own);
    out = {std::min(out.first, range.first), std::max(out.second, range.second)};
  });
  return out;
}

Status MaskedUnit::codes(ColumnId column, RowRange rows, uint32_t* out) const {
  return mask_->each_run(rows, [&](RowRange run) -> Status {
    TRY(unit_->codes(column, run, out));
    out += run.size();
    return {};
  });
}

Status MaskedUnit::multi_codes(ColumnId column, RowRange rows, std::vector<uint32_t>& begins,
                               std::vector<uint32_t>& codes) const {
  begins.assign(1, 0);
  codes.clear();
  return mask_->each_run(rows, [&](RowRange run) {
    return append_several(begins, codes, [&](auto& run_begins, auto& found) {
      return unit_->multi_codes(column, run, run_begins, found);
    });
  });
}

Status MaskedUnit::numbers(NumberColumn column, RowRange rows, int64_t* out) const {
  return mask_->each_run(rows, [&](RowRange run) -> Status {
    TRY(unit_->numbers(column, run, out));
    if (column == NumberColumn::parent_row) {
      for (uint32_t i = 0; i < run.size(); ++i) {
        if (out[i] >= 0) out[i] = mask_->seen_row_of(static_cast<uint32_t>(out[i]));
      }
    }
    out += run.size();
    return {};
  });
}

Status MaskedUnit::nested_numbers(NestedNumber column, RowRange rows, std::vector<uint32_t>& begins,
                                  std::vector<int64_t>& values) const {
  begins.assign(1, 0);
  values.clear();
  return mask_->each_run(rows, [&](RowRange run) {
    return append_several(begins, values, [&](auto& run_begins, auto& found) {
      return unit_->nested_numbers(column, run, run_begins, found);
    });
  });
}

Status MaskedUnit::span_ids(RowRange rows, uint64_t* out) const {
  return mask_->each_run(rows, [&](RowRange run) -> Status {
    TRY(unit_->span_ids(run, out));
    out += run.size();
    return {};
  });
}

Status MaskedUnit::parent_ids(RowRange rows, uint64_t* out) const {
  return mask_->each_run(rows, [&](RowRange run) -> Status {
    TRY(unit_->parent_ids(run, out));
    out += run.size();
    return {};
  });
}

Status MaskedUnit::trace_numbers(RowRange rows, uint32_t* out) const {
  return mask_->each_run(rows, [&](RowRange run) -> Status {
    TRY(unit_->trace_numbers(run, out));
    uint32_t last = kNoTrace, seen = kNoTrace;
    for (uint32_t i = 0; i < run.size(); ++i) {
      if (out[i] != last) {
        last = out[i];
        seen = mask_->seen_trace_of(last);
      }
      out[i] = seen;
    }
    out += run.size();
    return {};
  });
}

Result<std::optional<uint32_t>> MaskedUnit::find_trace(TraceId id) const {
  if (mask_->hides_id(id)) return std::optional<uint32_t>{};
  ASSIGN_OR_RETURN(auto trace, unit_->find_trace(id));
  if (trace) trace = mask_->seen_trace_of(*trace);
  return trace;
}

Result<std::span<const TraceSummary>> MaskedUnit::summaries() const {
  std::lock_guard lock(mutex_);
  if (!summaries_) {
    ASSIGN_OR_RETURN(auto all, unit_->summaries());
    std::vector<TraceSummary> out;
    out.reserve(traces());
    for (uint32_t trace = 0; trace < all.size(); ++trace) {
      if (mask_->hides_trace(trace)) continue;
      TraceSummary& summary = out.emplace_back(all[trace]);
      if (summary.root_row != kNoRow) summary.root_row = mask_->seen_row_of(summary.root_row);
    }
    summaries_ = std::move(out);
  }
  return std::span<const TraceSummary>(*summaries_);
}

Result<TraceSummary> MaskedUnit::summary(uint32_t trace) const {
  ASSIGN_OR_RETURN(TraceSummary out, unit_->summary(mask_->trace_of(trace)));
  if (out.root_row != kNoRow) out.root_row = mask_->seen_row_of(out.root_row);
  return out;
}

Result<uint32_t> MaskedUnit::first_row(uint32_t trace) const {
  ASSIGN_OR_RETURN(const uint32_t row, unit_->first_row(mask_->trace_of(trace)));
  return mask_->seen_row_of(row);
}

Result<uint32_t> MaskedUnit::traces_before(uint32_t row) const {
  if (row == rows()) return traces();
  ASSIGN_OR_RETURN(const uint32_t before, unit_->traces_before(mask_->row_of(row)));
  return mask_->seen_trace_of(before);
}

Result<uint64_t> MaskedUnit::latest_start_ns(uint32_t traces) const {
  return unit_->latest_start_ns(mask_->trace_of(traces - 1) + 1);
}

Status MaskedUnit::trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const {
  TRY(unit_->trace_rows(mask_->trace_of(trace), rows));
  for (uint32_t& row : rows) row = mask_->seen_row_of(row);
  return {};
}

Result<std::span<const TraceId>> MaskedUnit::listed() const {
  std::lock_guard lock(mutex_);
  if (!listed_) {
    ASSIGN_OR_RETURN(auto all, unit_->listed());
    std::vector<TraceId> out;
    std::ranges::set_difference(all, mask_->ids(), std::back_inserter(out));
    listed_ = std::move(out);
  }
  return std::span<const TraceId>(*listed_);
}

Status MaskedUnit::copy_rows(std::span<const uint32_t> rows, const SpanParts& parts, SpanTable& out) const {
  std::vector<uint32_t> own;
  own.reserve(rows.size());
  for (uint32_t row : rows) own.push_back(mask_->row_of(row));
  return unit_->copy_rows(own, parts, out);
}

}  // namespace clew::store
