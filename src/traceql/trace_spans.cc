#include "traceql/trace_spans.h"

#include <absl/container/flat_hash_map.h>

namespace clew::traceql {

Result<std::unique_ptr<TraceSpans>> TraceSpans::load(UnitFields& fields, uint32_t trace) {
  auto out = std::unique_ptr<TraceSpans>(new TraceSpans(fields));
  const Unit& unit = fields.unit();
  ASSIGN_OR_RETURN(auto summaries, unit.summaries());
  out->summary_ = summaries[trace];
  TRY(unit.trace_rows(trace, out->rows_));
  size_t count = out->rows_.size();
  for (auto* column : {&out->span_ids_, &out->parent_ids_, &out->starts_, &out->durations_}) column->resize(count);
  out->kinds_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    uint32_t row = out->rows_[i];
    TRY(unit.span_ids({row, row + 1}, &out->span_ids_[i]));
    TRY(unit.parent_ids({row, row + 1}, &out->parent_ids_[i]));
    ASSIGN_OR_RETURN(int64_t start, fields.number_at(NumberColumn::start_ns, row));
    ASSIGN_OR_RETURN(int64_t duration, fields.number_at(NumberColumn::duration_ns, row));
    ASSIGN_OR_RETURN(int64_t kind, fields.number_at(NumberColumn::kind, row));
    out->starts_[i] = static_cast<uint64_t>(start);
    out->durations_[i] = static_cast<uint64_t>(duration);
    out->kinds_[i] = static_cast<uint8_t>(kind);
  }
  if (out->summary_.root_row != kNoRow) {
    ASSIGN_OR_RETURN(auto service, unit.attribute(Scope::resource, "service.name"));
    ASSIGN_OR_RETURN(out->root_service_, out->text_at(service, out->summary_.root_row));
    ASSIGN_OR_RETURN(out->root_name_, out->text_at(kNameColumn, out->summary_.root_row));
  }
  return out;
}

Result<std::optional<std::string>> TraceSpans::text_at(std::optional<ColumnId> column, uint32_t row) const {
  if (!column) return std::optional<std::string>{};
  const Unit& unit = fields_.unit();
  ASSIGN_OR_RETURN(uint32_t entries, unit.entries(*column));
  ASSIGN_OR_RETURN(auto codes, fields_.page_of({*column, false, entries}, row));
  uint32_t code = codes[row % unit.page_rows()];
  if (code == kNoCode) return std::optional<std::string>{};
  ValueView value = unit.entry(*column, code);
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

const TraceSpans::Tree& TraceSpans::tree() const {
  if (tree_) return *tree_;
  Tree tree;
  size_t count = rows_.size();
  tree.parents.assign(count, kNoSpan);
  tree.children.assign(count, 0);
  // Of two spans that share an id (Zipkin's client and server), children belong to the server, and the server to the
  // client.
  absl::flat_hash_map<uint64_t, uint32_t> by_id;
  constexpr auto kServer = static_cast<uint8_t>(SpanKind::server);
  for (uint32_t i = 0; i < count; ++i) {
    auto [slot, is_new] = by_id.try_emplace(span_ids_[i], i);
    if (is_new) continue;
    uint32_t other = slot->second;
    if (kinds_[i] == kServer && kinds_[other] != kServer) {
      slot->second = i;
      tree.parents[i] = other;
    } else if (kinds_[other] == kServer && kinds_[i] != kServer && tree.parents[other] == kNoSpan) {
      tree.parents[other] = i;
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (tree.parents[i] != kNoSpan || parent_ids_[i] == 0) continue;
    auto found = by_id.find(parent_ids_[i]);
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
  tree_ = std::move(tree);
  return *tree_;
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

FieldValue TraceSpans::value(Intrinsic intrinsic, size_t index) const {
  switch (intrinsic) {
    case Intrinsic::trace_duration:
      return FieldValue::of_duration(static_cast<int64_t>(summary_.end_ns - summary_.start_ns));
    case Intrinsic::root_name: return root_name_ ? FieldValue::of_text(*root_name_) : FieldValue{};
    case Intrinsic::root_service: return root_service_ ? FieldValue::of_text(*root_service_) : FieldValue{};
    case Intrinsic::child_count: return FieldValue::of_int(tree().children[index]);
    case Intrinsic::nested_set_left: return FieldValue::of_int(tree().left[index]);
    case Intrinsic::nested_set_right: return FieldValue::of_int(tree().right[index]);
    case Intrinsic::nested_set_parent: {
      if (!has_parent_id(index)) return FieldValue::of_int(-1);
      uint32_t up = parent(index);
      return FieldValue::of_int(up == kNoSpan ? 0 : tree().left[up]);
    }
    default: return FieldValue{};
  }
}

}  // namespace clew::traceql
