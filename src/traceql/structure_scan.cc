#include "traceql/structure_scan.h"

#include <algorithm>

namespace clew::traceql {
namespace {

constexpr uint32_t kNoPosition = 0xffffffffU;
// Up to here comparing each with each is quicker than sorting.
constexpr size_t kFewSpans = 16;

}  // namespace

StructureScan::StructureScan(RowScan& scan, Relation relation, const std::vector<const SpansetFilter*>& left,
                             const std::vector<const SpansetFilter*>& right)
    : scan_(scan), relation_(relation), left_(side_of(left)), right_(side_of(right)) {}

StructureScan::Side StructureScan::side_of(const std::vector<const SpansetFilter*>& filters) const {
  Side out;
  for (const SpansetFilter* filter : filters) {
    // Without a mask nothing of it has been scanned because nothing can satisfy it.
    if (!filter->condition) {
      out.is_every = true;
    } else if (const RowMask* mask = scan_.known_mask(*filter)) {
      out.masks.push_back(mask);
    }
  }
  return out;
}

bool StructureScan::Side::may(uint32_t row) const {
  return is_every || std::ranges::any_of(masks, [row](const RowMask* mask) { return mask->may(row); });
}

bool StructureScan::has_a_pair() {
  is_left_.resize(rows_.size());
  is_right_.resize(rows_.size());
  size_t lefts = 0, rights = 0, both = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    is_left_[i] = left_.may(rows_[i]);
    is_right_[i] = right_.may(rows_[i]);
    lefts += is_left_[i];
    rights += is_right_[i];
    both += is_left_[i] & is_right_[i];
  }
  return lefts * rights > (both == 1 ? 1 : 0);
}

Status StructureScan::read_span_ids() {
  span_ids_.resize(rows_.size());
  const Unit& unit = scan_.fields().unit();
  for (size_t i = 0; i < rows_.size(); ++i) TRY(unit.span_ids({rows_[i], rows_[i] + 1}, &span_ids_[i]));
  return {};
}

// A block's rows of a trace are side by side.
Status StructureScan::read_parent_rows() {
  parent_rows_.resize(rows_.size());
  TRY(scan_.fields().unit().numbers(NumberColumn::parent_row, {rows_.front(), rows_.back() + 1}, parent_rows_.data()));
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (parent_rows_[i] >= 0) parents_[i] = static_cast<uint32_t>(parent_rows_[i]) - rows_.front();
  }
  return {};
}

Status StructureScan::read_parent_ids() {
  by_id_.clear();
  for (uint32_t i = 0; i < rows_.size(); ++i) by_id_.emplace_back(span_ids_[i], i);
  std::ranges::sort(by_id_);
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    uint64_t parent = 0;
    TRY(scan_.fields().unit().parent_ids({rows_[i], rows_[i] + 1}, &parent));
    if (parent == 0) continue;
    auto found = std::ranges::lower_bound(by_id_, std::pair(parent, 0U));
    if (found != by_id_.end() && found->first == parent && found->second != i) parents_[i] = found->second;
  }
  return {};
}

bool StructureScan::shares_ids() {
  if (span_ids_.size() <= kFewSpans) {
    for (size_t i = 1; i < span_ids_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (span_ids_[i] == span_ids_[j]) return true;
      }
    }
    return false;
  }
  by_id_.clear();
  for (uint64_t id : span_ids_) by_id_.emplace_back(id, 0);
  std::ranges::sort(by_id_);
  return std::ranges::adjacent_find(by_id_) != by_id_.end();
}

// Whether an upper span is above this one. A cycle of parents ends where it closes.
bool StructureScan::is_under(uint32_t lower, const std::vector<uint8_t>& is_upper) {
  path_.clear();
  Under verdict = Under::no;
  for (uint32_t at = lower;;) {
    if (under_[at] != Under::unknown) {
      verdict = under_[at];
      break;
    }
    under_[at] = Under::no;
    path_.push_back(at);
    at = parents_[at];
    if (at == kNoPosition) break;
    if (is_upper[at]) {
      verdict = Under::yes;
      break;
    }
  }
  for (uint32_t at : path_) under_[at] = verdict;
  return verdict == Under::yes;
}

bool StructureScan::may_be_above(bool far) {
  const bool downward = relation_ == Relation::child || relation_ == Relation::descendant;
  const std::vector<uint8_t>& is_upper = downward ? is_left_ : is_right_;
  const std::vector<uint8_t>& is_lower = downward ? is_right_ : is_left_;
  if (far) under_.assign(rows_.size(), Under::unknown);
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    if (!is_lower[i] || parents_[i] == kNoPosition) continue;
    if (far ? is_under(i, is_upper) : is_upper[parents_[i]] != 0) return true;
  }
  return false;
}

bool StructureScan::may_be_siblings() {
  // Family and position of the left spans, to be found by family.
  families_.clear();
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    if (parents_[i] != kNoPosition && is_left_[i]) families_.emplace_back(parents_[i], i);
  }
  std::ranges::sort(families_);
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    if (parents_[i] == kNoPosition || !is_right_[i]) continue;
    auto at = std::ranges::lower_bound(families_, std::pair(parents_[i], 0U));
    if (at != families_.end() && at->second == i) ++at;
    if (at != families_.end() && at->first == parents_[i]) return true;
  }
  return false;
}

Result<bool> StructureScan::may_match(uint32_t trace) {
  const Unit& unit = scan_.fields().unit();
  TRY(unit.trace_rows(trace, rows_));
  if (!has_a_pair()) return false;
  parents_.assign(rows_.size(), kNoPosition);
  if (!unit.is_live()) {
    TRY(read_parent_rows());
    return is_related() ? true : unit.shares_span_ids(trace);
  }
  TRY(read_span_ids());
  if (shares_ids()) return true;
  TRY(read_parent_ids());
  return is_related();
}

bool StructureScan::is_related() {
  switch (relation_) {
    case Relation::sibling: return may_be_siblings();
    case Relation::child:
    case Relation::parent: return may_be_above(false);
    default: return may_be_above(true);
  }
}

}  // namespace clew::traceql
