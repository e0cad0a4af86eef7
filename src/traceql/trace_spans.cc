#include "traceql/trace_spans.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "traceql/row_scan.h"

namespace clew::traceql {

Result<std::unique_ptr<TraceSpans>> TraceSpans::load(UnitFields& fields, const RowScan* scan, uint32_t trace) {
  auto out = std::unique_ptr<TraceSpans>(new TraceSpans(fields, scan));
  ASSIGN_OR_RETURN(out->summary_, fields.unit().summary(trace));
  TRY(fields.unit().trace_rows(trace, out->rows_));
  return out;
}

std::optional<bool> TraceSpans::known(const SpansetFilter& filter, size_t index) const {
  const RowMask* mask = scan_ == nullptr ? nullptr : scan_->known_mask(filter);
  if (mask == nullptr || !mask->is_scanned(rows_[index])) return std::nullopt;
  bool may = mask->may(rows_[index]);
  if (may && !mask->is_exact()) return std::nullopt;
  return may;
}

Result<uint64_t> TraceSpans::start_ns(size_t index) const {
  ASSIGN_OR_RETURN(int64_t start, fields_.number_at(NumberColumn::start_ns, rows_[index]));
  return static_cast<uint64_t>(start);
}

Result<uint64_t> TraceSpans::duration_ns(size_t index) const {
  ASSIGN_OR_RETURN(int64_t duration, fields_.number_at(NumberColumn::duration_ns, rows_[index]));
  return static_cast<uint64_t>(duration);
}

Result<bool> TraceSpans::overlaps(uint64_t start_ns, uint64_t end_ns) const {
  if (start_ns == 0 && end_ns == 0) return true;
  for (size_t i = 0; i < size(); ++i) {
    ASSIGN_OR_RETURN(uint64_t start, this->start_ns(i));
    ASSIGN_OR_RETURN(uint64_t duration, duration_ns(i));
    if ((end_ns == 0 || start <= end_ns) && start + duration >= start_ns) return true;
  }
  return false;
}

Result<std::optional<std::string>> TraceSpans::text_at(std::optional<ColumnId> column, uint32_t row) const {
  if (!column) return std::optional<std::string>{};
  const Unit& unit = fields_.unit();
  ASSIGN_OR_RETURN(uint32_t code, fields_.code_at({*column, false}, row));
  if (code == kNoCode) return std::optional<std::string>{};
  ASSIGN_OR_RETURN(ValueView value, unit.value(*column, code));
  if (value.type != ValueType::string) return std::optional<std::string>{};
  return std::optional<std::string>(value.text);
}

Result<std::string> TraceSpans::service_of(size_t index) const {
  ASSIGN_OR_RETURN(auto column, fields_.unit().attribute(Scope::resource, "service.name"));
  ASSIGN_OR_RETURN(auto text, text_at(column, rows_[index]));
  return text.value_or("");
}

Result<std::string> TraceSpans::name_of(size_t index) const {
  ASSIGN_OR_RETURN(auto text, text_at(kNameColumn, rows_[index]));
  return text.value_or("");
}

Result<std::optional<std::string>> TraceSpans::root_service() const {
  if (summary_.root_row == kNoRow) return std::optional<std::string>{};
  ASSIGN_OR_RETURN(auto column, fields_.unit().attribute(Scope::resource, "service.name"));
  return text_at(column, summary_.root_row);
}

Result<std::optional<std::string>> TraceSpans::root_name() const {
  if (summary_.root_row == kNoRow) return std::optional<std::string>{};
  return text_at(kNameColumn, summary_.root_row);
}

Result<const TraceSpans::Tree*> TraceSpans::tree() const {
  if (!tree_) {
    ASSIGN_OR_RETURN(tree_, relate());
  }
  return &*tree_;
}

Result<std::span<const uint32_t>> TraceSpans::parents() const {
  ASSIGN_OR_RETURN(const Tree* tree, this->tree());
  return std::span<const uint32_t>(tree->parents);
}

Result<std::optional<TraceSpans::Tree>> TraceSpans::relate() const {
  Tree tree;
  size_t count = rows_.size();
  std::vector<uint64_t> span_ids(count);
  std::vector<uint8_t> kinds(count);
  auto& parent_ids = tree.parent_ids;
  parent_ids.resize(count);
  // The rows of a block's trace are side by side: one read instead of many.
  bool side_by_side = rows_.back() - rows_.front() + 1 == count && std::ranges::is_sorted(rows_);
  if (side_by_side) TRY(fields_.unit().parent_ids({rows_.front(), rows_.back() + 1}, parent_ids.data()));
  for (size_t i = 0; i < count; ++i) {
    if (!side_by_side) TRY(fields_.unit().parent_ids({rows_[i], rows_[i] + 1}, &parent_ids[i]));
    ASSIGN_OR_RETURN(span_ids[i], span_id(i));
    ASSIGN_OR_RETURN(int64_t kind, fields_.number_at(NumberColumn::kind, rows_[i]));
    kinds[i] = static_cast<uint8_t>(kind);
  }
  tree.parents.assign(count, kNoSpan);
  tree.children.assign(count, 0);
  // Of two spans that share an id (Zipkin's client and server), children belong to the server, and the server to the
  // client.
  absl::flat_hash_map<uint64_t, uint32_t> by_id;
  constexpr auto kServer = static_cast<uint8_t>(SpanKind::server);
  for (uint32_t i = 0; i < count; ++i) {
    auto [slot, is_new] = by_id.try_emplace(span_ids[i], i);
    if (is_new) continue;
    uint32_t other = slot->second;
    if (kinds[i] == kServer && kinds[other] != kServer) {
      slot->second = i;
      tree.parents[i] = other;
    } else if (kinds[other] == kServer && kinds[i] != kServer && tree.parents[other] == kNoSpan) {
      tree.parents[other] = i;
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (tree.parents[i] != kNoSpan || parent_ids[i] == 0) continue;
    auto found = by_id.find(parent_ids[i]);
    if (found != by_id.end() && found->second != i) tree.parents[i] = found->second;
  }
  // 0 unseen, 1 on the way up, 2 known to end.
  std::vector<uint8_t> state(count);
  std::vector<uint32_t> path;
  for (uint32_t i = 0; i < count; ++i) {
    path.clear();
    uint32_t at = i;
    while (at != kNoSpan && state[at] == 0) {
      state[at] = 1;
      path.push_back(at);
      at = tree.parents[at];
    }
    if (at != kNoSpan && state[at] == 1) tree.parents[path.back()] = kNoSpan;
    for (uint32_t seen : path) state[seen] = 2;
  }
  for (uint32_t parent : tree.parents) {
    if (parent != kNoSpan) ++tree.children[parent];
  }
  number(tree);
  return std::optional(std::move(tree));
}

void TraceSpans::number(Tree& tree) const {
  size_t count = rows_.size();
  tree.left.assign(count, 0);
  tree.right.assign(count, 0);
  std::vector<std::vector<uint32_t>> children(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (tree.parents[i] != kNoSpan) children[tree.parents[i]].push_back(i);
  }
  int64_t next = 1;
  // The span and the next of its children to visit: deep traces must not recurse.
  std::vector<std::pair<uint32_t, size_t>> open;
  for (uint32_t top = 0; top < count; ++top) {
    if (tree.parents[top] != kNoSpan) continue;
    tree.left[top] = next++;
    open.emplace_back(top, 0);
    while (!open.empty()) {
      auto& [span, child] = open.back();
      if (child < children[span].size()) {
        uint32_t down = children[span][child++];
        tree.left[down] = next++;
        open.emplace_back(down, 0);
      } else {
        tree.right[span] = next++;
        open.pop_back();
      }
    }
  }
}

Result<FieldValue> TraceSpans::value(Intrinsic intrinsic, size_t index) const {
  switch (intrinsic) {
    case Intrinsic::trace_duration:
      return FieldValue::of_duration(static_cast<int64_t>(summary_.end_ns - summary_.start_ns));
    case Intrinsic::root_name:
    case Intrinsic::root_service: {
      ASSIGN_OR_RETURN(auto text, intrinsic == Intrinsic::root_name ? root_name() : root_service());
      if (!text) return FieldValue{};
      std::string& kept = intrinsic == Intrinsic::root_name ? root_name_ : root_service_;
      kept = std::move(*text);
      return FieldValue::of_text(kept);
    }
    default: break;
  }
  ASSIGN_OR_RETURN(const Tree* tree, this->tree());
  switch (intrinsic) {
    case Intrinsic::child_count: return FieldValue::of_int(tree->children[index]);
    case Intrinsic::nested_set_left: return FieldValue::of_int(tree->left[index]);
    case Intrinsic::nested_set_right: return FieldValue::of_int(tree->right[index]);
    case Intrinsic::nested_set_parent: {
      if (tree->parent_ids[index] == 0) return FieldValue::of_int(-1);
      uint32_t up = tree->parents[index];
      return FieldValue::of_int(up == kNoSpan ? 0 : tree->left[up]);
    }
    default: return FieldValue{};
  }
}

}  // namespace clew::traceql
