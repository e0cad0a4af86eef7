#include "store/unit_mask.h"

#include <algorithm>

namespace clew::store {
namespace {

// A look-up costs about as much as so many traces passed by.
constexpr size_t kTracesPerLookUp = 32;

}  // namespace

UnitMask::UnitMask(std::shared_ptr<MemoryBudget> budget, uint32_t rows, uint32_t traces)
    : budget_(std::move(budget)), memory_(budget_, MemoryUse::erasures), rows_(rows), traces_(traces) {}

UnitMask::UnitMask(const UnitMask& other)
    : budget_(other.budget_),
      memory_(budget_, MemoryUse::erasures),
      rows_(other.rows_),
      traces_(other.traces_),
      hidden_rows_(other.hidden_rows_),
      erased_(other.erased_),
      ids_(other.ids_),
      hidden_(other.hidden_),
      erasures_(other.erasures_) {
  count_memory();
}

void UnitMask::count_memory() {
  memory_.set(sizeof *this + erased_.capacity() * sizeof(uint32_t) + ids_.capacity() * sizeof(TraceId) +
              hidden_.capacity() * sizeof(Hidden) + erasures_.capacity() * sizeof(uint64_t));
}

bool UnitMask::hides_id(TraceId id) const {
  return std::ranges::binary_search(ids_, id);
}

bool UnitMask::hides_trace(uint32_t trace) const {
  return std::ranges::binary_search(erased_, trace);
}

bool UnitMask::has(uint64_t erasure) const {
  return std::ranges::binary_search(erasures_, erasure);
}

size_t UnitMask::hidden_before(uint32_t seen) const {
  return static_cast<size_t>(std::ranges::upper_bound(hidden_, seen, {}, &Hidden::at) - hidden_.begin());
}

uint32_t UnitMask::row_of(uint32_t seen) const {
  size_t before = hidden_before(seen);
  return before == 0 ? seen : seen + (hidden_[before - 1].end - hidden_[before - 1].at);
}

uint32_t UnitMask::seen_row_of(uint32_t row) const {
  auto after = std::ranges::upper_bound(hidden_, row, {}, &Hidden::begin);
  if (after == hidden_.begin()) return row;
  const Hidden& last = *(after - 1);
  return row - (last.end - last.at);
}

uint32_t UnitMask::trace_of(uint32_t seen) const {
  // erased_[i] - i, the number of traces left before an erased one, never falls.
  size_t low = 0, high = erased_.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (erased_[middle] - middle <= seen) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return seen + static_cast<uint32_t>(low);
}

uint32_t UnitMask::seen_trace_of(uint32_t trace) const {
  return trace - static_cast<uint32_t>(std::ranges::lower_bound(erased_, trace) - erased_.begin());
}

Status UnitMask::add(const Unit& unit, uint64_t erasure, std::vector<uint32_t> traces, std::vector<TraceId> ids) {
  std::vector<uint32_t> rows;
  for (uint32_t trace : traces) {
    TRY(unit.trace_rows(trace, rows));
    std::ranges::sort(rows);
    for (uint32_t row : rows) {
      if (!hidden_.empty() && hidden_.back().end == row) {
        ++hidden_.back().end;
      } else {
        hidden_.push_back({0, row, row + 1});
      }
    }
  }
  std::ranges::sort(hidden_, {}, &Hidden::begin);
  size_t kept = 0;
  hidden_rows_ = 0;
  for (const Hidden& next : hidden_) {
    bool touches = kept > 0 && hidden_[kept - 1].end == next.begin;
    if (touches) {
      hidden_[kept - 1].end = next.end;
    } else {
      hidden_[kept++] = {next.begin - hidden_rows_, next.begin, next.end};
    }
    hidden_rows_ += next.end - next.begin;
  }
  hidden_.resize(kept);
  erased_.insert(erased_.end(), traces.begin(), traces.end());
  std::ranges::sort(erased_);
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  std::ranges::sort(ids_);
  erasures_.push_back(erasure);
  std::ranges::sort(erasures_);
  count_memory();
  return {};
}

Result<std::vector<std::pair<TraceId, uint32_t>>> find_traces(const Unit& unit, std::span<const TraceId> ids) {
  std::vector<std::pair<TraceId, uint32_t>> out;
  if (ids.size() < unit.traces() / kTracesPerLookUp + 1) {
    for (TraceId id : ids) {
      ASSIGN_OR_RETURN(auto trace, unit.find_trace(id));
      if (trace) out.emplace_back(id, *trace);
    }
    return out;
  }
  ASSIGN_OR_RETURN(auto summaries, unit.summaries());
  for (uint32_t trace = 0; trace < summaries.size(); ++trace) {
    if (std::ranges::binary_search(ids, summaries[trace].id)) out.emplace_back(summaries[trace].id, trace);
  }
  return out;
}

Result<MaskPointer> mask_unit(const Unit& unit, uint64_t erasure, std::span<const TraceId> ids, MaskPointer before,
                              std::shared_ptr<MemoryBudget> budget) {
  ASSIGN_OR_RETURN(auto found, find_traces(unit, ids));
  std::vector<uint32_t> traces;
  std::vector<TraceId> fresh;
  for (auto [id, trace] : found) {
    if (before && before->hides_trace(trace)) continue;
    traces.push_back(trace);
    fresh.push_back(id);
  }
  if (traces.empty()) return before;
  auto out = before ? std::make_shared<UnitMask>(*before)
                    : std::make_shared<UnitMask>(std::move(budget), unit.rows(), unit.traces());
  TRY(out->add(unit, erasure, std::move(traces), std::move(fresh)));
  return MaskPointer(std::move(out));
}

}  // namespace clew::store
