#include "store/block/row_copier.h"

#include <algorithm>
#include <bit>

#include "column/nested.h"
#include "store/block/block_unit.h"
#include "store/block/map_text.h"

namespace clew::store {
namespace {

constexpr FixedLeaf kResourceLeaves[] = {kResourceSchemaLeaf, kResourceDroppedLeaf, kEntityRefsLeaf,
                                         kResourceExactLeaf};
constexpr FixedLeaf kScopeLeaves[] = {kScopeNameLeaf, kScopeVersionLeaf, kScopeSchemaLeaf, kScopeDroppedLeaf,
                                      kInstrumentationExactLeaf};

}  // namespace

RowCopier::RowCopier(BlockReads& reads, const SpanParts& parts, SpanTable& out)
    : file_(reads.file()),
      reads_(reads),
      parts_(parts),
      out_(out),
      batch_{&out.vocabulary, {}, {}, {}},
      builder_(batch_),
      pages_(file_.leaves().size()) {
  for (const KeyEntry& key : file_.keys()) {
    if (!parts_.has_key(key.name)) continue;
    for (const auto& column : key.columns) {
      leaves_of_scope_[static_cast<size_t>(key.scope)].push_back({column.leaf, &key});
    }
  }
  wants_residual_ = wants_residual();
  wanted_leaves_ = wanted_leaves();
  announced_leaves_ = wanted_leaves_;
  announced_leaves_.push_back(kTraceIdLeaf);
  if (wants_residual_) announced_leaves_.push_back(kResidualKeyLeaf);
  if (parts_.everything) announced_leaves_.insert(announced_leaves_.end(), {kEventTimeLeaf, kLinkTraceLeaf});
}

Status RowCopier::copy(std::span<const uint32_t> rows) {
  const uint32_t page_rows = file_.page_rows();
  for (size_t first = 0; first < rows.size();) {
    const uint32_t page = rows[first] / page_rows;
    RowRange range{rows[first] % page_rows, 0};
    size_t end = first;
    for (; end < rows.size() && rows[end] / page_rows == page; ++end) {
      range.begin = std::min(range.begin, rows[end] % page_rows);
      range.end = std::max(range.end, rows[end] % page_rows + 1);
    }
    TRY(load(page, range));
    for (; first < end; ++first) TRY(copy_row(rows[first]));
  }
  return {};
}

Status RowCopier::load_list(ResidualPlace place, List& list) {
  uint32_t first = place == ResidualPlace::event ? kEventTimeLeaf : kLinkTraceLeaf;
  uint32_t exact_leaf = place == ResidualPlace::event ? kEventExactLeaf : kLinkExactLeaf;
  list.leaves.assign(1, nullptr);
  ASSIGN_OR_RETURN(list.leaves[0], reads_.page(first, page_));
  list.any = !list.leaves[0]->numbers.empty();
  if (!list.any) return {};
  for (uint32_t leaf = first + 1; leaf <= exact_leaf; ++leaf) {
    ASSIGN_OR_RETURN(list.leaves.emplace_back(), reads_.page(leaf, page_));
  }
  ASSIGN_OR_RETURN(list.map, reads_.map_page(place, page_));
  const CachedPage& exact = *list.leaves.back();
  list.exact.clear();
  std::vector<uint32_t> begins;
  size_t next = 0;
  for (size_t i = 0; i < exact.definition.size(); ++i) {
    const uint32_t definition = exact.definition[i];
    if (exact.repetition[i] == 0) begins.push_back(static_cast<uint32_t>(list.exact.size()));
    if (definition != 0) list.exact.push_back(definition == 2 ? exact.codes[next++] : kNoCode);
  }
  begins.push_back(static_cast<uint32_t>(list.exact.size()));
  if (!is_equal(begins, list.map->row_begins)) {
    return reads_.damaged(exact_leaf, "its levels differ from its map's");
  }
  // The other leaves of the list have the same elements when they have the same levels as each other and as these.
  for (uint32_t leaf = first; leaf < map_leaves(place).key; ++leaf) {
    const CachedPage& page = *list.leaves[leaf - first];
    bool same = page.repetition == exact.repetition;
    for (size_t i = 0; same && i < page.definition.size(); ++i) {
      same = (page.definition[i] != 0) == (exact.definition[i] != 0);
    }
    if (!same) return reads_.damaged(leaf, "its levels differ from those of its list");
  }
  return {};
}

bool RowCopier::wants_residual() const {
  return parts_.everything || std::ranges::any_of(file_.keys(), [&](const KeyEntry& key) {
           return key.residual > 0 && key.scope != Scope::event && key.scope != Scope::link && parts_.has_key(key.name);
         });
}

// Ids of traces are in the trace table; maps and lists have their own ways.
std::vector<uint32_t> RowCopier::wanted_leaves() const {
  std::vector<uint32_t> out;
  auto add = [&](uint32_t first, uint32_t last) {
    for (uint32_t leaf = first; leaf <= last; ++leaf) out.push_back(leaf);
  };
  add(kSpanIdLeaf, kStatusLeaf);
  if (parts_.everything) {
    add(kStatusMessageLeaf, kEntityRefsLeaf);
  } else {
    out.push_back(kBitsLeaf);
  }
  if (wants_residual_) add(kSpanExactLeaf, kInstrumentationExactLeaf);
  for (const auto& leaves : leaves_of_scope_) {
    for (const AttributeLeaf& attribute : leaves) out.push_back(attribute.leaf);
  }
  return out;
}

Status RowCopier::load(uint32_t page, RowRange rows) {
  page_ = page;
  rows_ = rows;
  residual_ = nullptr;
  reads_.announce(announced_leaves_, page);
  for (uint32_t leaf : wanted_leaves_) {
    ASSIGN_OR_RETURN(pages_[leaf], reads_.rows(leaf, page_, rows_));
  }
  if (wants_residual_) {
    ASSIGN_OR_RETURN(residual_, reads_.map_page(ResidualPlace::span, page));
  }
  if (!parts_.everything) return {};
  TRY(load_list(ResidualPlace::event, events_));
  return load_list(ResidualPlace::link, links_);
}

Result<uint32_t> RowCopier::number(uint32_t leaf, uint32_t at) const {
  ASSIGN_OR_RETURN(ValueView view, value(leaf, at));
  return static_cast<uint32_t>(view.scalar);
}

Status RowCopier::copy_row(uint32_t row) {
  const uint32_t at = row % file_.page_rows() - rows_.begin;
  TRY(fill_row(row, at));
  TRY(fill_attributes(at));
  if (parts_.everything) {
    TRY(fill_envelope(at));
    TRY(fill_events(rows_.begin + at));
    TRY(fill_links(rows_.begin + at));
  }
  builder_.finish();
  const SpanRow& built = batch_.rows.back();
  out_.append(built, std::span<const uint32_t>(batch_.words).subspan(built.words, built.word_count));
  batch_.clear();
  return {};
}

// Of the parent's row where there is one in the block, else as it stands.
Result<uint64_t> RowCopier::parent_id(uint32_t row, uint32_t at, uint32_t trace) {
  const LeafPage& parents = pages_[kParentRowLeaf];
  if (!parents.has(at)) {
    const LeafPage& ids = pages_[kParentIdLeaf];
    return ids.has(at) ? static_cast<uint64_t>(ids.numbers[at]) : 0;
  }
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  const int64_t parent = parents.numbers[at];
  if (parent < (*runs)[trace] || parent >= (*runs)[trace + 1] || parent == row) {
    return reads_.damaged(kParentRowLeaf, "a parent is outside its trace");
  }
  const auto page = static_cast<uint32_t>(parent) / file_.page_rows();
  const auto in_page = static_cast<uint32_t>(parent) % file_.page_rows();
  if (page == page_ && in_page >= rows_.begin && in_page < rows_.end) {
    return static_cast<uint64_t>(pages_[kSpanIdLeaf].numbers[in_page - rows_.begin]);
  }
  ASSIGN_OR_RETURN(LeafPage ids, reads_.rows(kSpanIdLeaf, page, {in_page, in_page + 1}));
  return static_cast<uint64_t>(ids.numbers[0]);
}

Status RowCopier::fill_row(uint32_t row, uint32_t at) {
  SpanRow& out = builder_.row();
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  const auto trace = static_cast<uint32_t>(std::ranges::upper_bound(*runs, row) - runs->begin() - 1);
  ASSIGN_OR_RETURN(out.trace, reads_.trace_id(trace));
  out.span = static_cast<uint64_t>(pages_[kSpanIdLeaf].numbers[at]);
  ASSIGN_OR_RETURN(out.parent, parent_id(row, at, trace));
  out.start_ns = static_cast<uint64_t>(pages_[kStartLeaf].numbers[at]);
  const LeafPage& ends = pages_[kEndBeforeStartLeaf];
  out.end_ns = ends.has(at) ? static_cast<uint64_t>(ends.numbers[at])
                            : out.start_ns + static_cast<uint64_t>(pages_[kDurationLeaf].numbers[at]);
  ASSIGN_OR_RETURN(ValueView received, value(kReceivedLeaf, at));
  out.receive_ns = received.scalar;
  ASSIGN_OR_RETURN(ValueView kind_name, value(kKindLeaf, at));
  ASSIGN_OR_RETURN(ValueView status_name, value(kStatusLeaf, at));
  auto kind = kind_number(kind_name.text);
  auto status = status_number(status_name.text);
  if (!kind) return reads_.damaged(kKindLeaf, "an entry is not of its kind");
  if (!status) return reads_.damaged(kStatusLeaf, "an entry is not of its kind");
  out.kind = static_cast<SpanKind>(*kind);
  out.status = static_cast<StatusCode>(*status);
  ASSIGN_OR_RETURN(uint32_t bits, number(kBitsLeaf, at));
  // The builder sets this one by what there is.
  out.bits = static_cast<uint8_t>(bits & ~uint32_t{kHasNested});
  ASSIGN_OR_RETURN(out.resource, resource(at));
  ASSIGN_OR_RETURN(out.scope, scope(at));
  ASSIGN_OR_RETURN(ValueView name, value(kNameLeaf, at));
  builder_.name(name.text);
  return {};
}

Status RowCopier::fill_envelope(uint32_t at) {
  ASSIGN_OR_RETURN(ValueView state, value(kTraceStateLeaf, at));
  ASSIGN_OR_RETURN(ValueView message, value(kStatusMessageLeaf, at));
  builder_.trace_state(state.text);
  builder_.status_message(message.text);
  Envelope& envelope = builder_.envelope();
  ASSIGN_OR_RETURN(envelope.flags, number(kFlagsLeaf, at));
  ASSIGN_OR_RETURN(envelope.dropped_attributes, number(kDroppedAttributesLeaf, at));
  ASSIGN_OR_RETURN(envelope.dropped_events, number(kDroppedEventsLeaf, at));
  ASSIGN_OR_RETURN(envelope.dropped_links, number(kDroppedLinksLeaf, at));
  ASSIGN_OR_RETURN(uint32_t weight, number(kWeightLeaf, at));
  envelope.weight = std::bit_cast<float>(weight);
  return {};
}

Status RowCopier::add_map_entry(ResidualPlace place, Scope wanted, uint32_t name, uint32_t value) {
  MapLeaves leaves = map_leaves(place);
  ASSIGN_OR_RETURN(ValueView name_text, reads_.value(leaves.key, name));
  auto key = residual_key(place, name_text.text);
  if (!key) return reads_.damaged(leaves.key, std::move(key.error().message));
  if (key->scope != wanted) return {};
  ASSIGN_OR_RETURN(ValueView value_text, reads_.value(leaves.value, value));
  std::string owned;
  MapEntry entry = read_map_entry(key->key, value_text.text, owned);
  if (entry.malformed) return reads_.damaged(leaves.value, "a text is not of its type");
  if (!entry.value) return {};
  ValueView view = *entry.value;
  if (view.type == ValueType::bytes) view.text = owned_.emplace_back(std::move(owned));
  attributes_.push_back({entry.key, view});
  return {};
}

Status RowCopier::add_exact(uint32_t leaf, uint32_t code) {
  if (code == kNoCode) return {};
  ASSIGN_OR_RETURN(ValueView bytes, reads_.value(leaf, code));
  NestedReader reader({ValueType::kvlist, 0, bytes.text});
  while (reader.next()) attributes_.push_back({reader.key(), reader.value()});
  if (!reader.ok()) return reads_.damaged(leaf, "a list of attributes is malformed");
  return {};
}

Status RowCopier::collect(Scope scope, uint32_t at) {
  attributes_.clear();
  owned_.clear();
  for (const AttributeLeaf& attribute : leaves_of_scope_[static_cast<size_t>(scope)]) {
    uint32_t code = pages_[attribute.leaf].codes[at];
    if (code == kNoCode) continue;
    ASSIGN_OR_RETURN(ValueView view, reads_.value(attribute.leaf, code));
    attributes_.push_back({attribute.key->name, view});
  }
  if (!residual_) return {};
  for (uint32_t i = residual_->entry_begins[rows_.begin + at]; i < residual_->entry_begins[rows_.begin + at + 1]; ++i) {
    TRY(add_map_entry(ResidualPlace::span, scope, residual_->names[i], residual_->values[i]));
  }
  uint32_t exact = scope == Scope::span       ? kSpanExactLeaf
                   : scope == Scope::resource ? kResourceExactLeaf
                                              : kInstrumentationExactLeaf;
  return add_exact(exact, pages_[exact].codes[at]);
}

std::vector<uint32_t> RowCopier::signature(Scope scope, std::span<const FixedLeaf> leaves, uint32_t at) const {
  std::vector<uint32_t> out;
  for (FixedLeaf leaf : leaves) {
    if (!pages_[leaf].codes.empty()) out.push_back(pages_[leaf].codes[at]);
  }
  for (const AttributeLeaf& attribute : leaves_of_scope_[static_cast<size_t>(scope)]) {
    out.push_back(pages_[attribute.leaf].codes[at]);
  }
  if (!residual_) return out;
  // The span's own residual attributes are among these: at worst a resource is put together twice.
  for (uint32_t i = residual_->entry_begins[rows_.begin + at]; i < residual_->entry_begins[rows_.begin + at + 1]; ++i) {
    out.push_back(residual_->names[i]);
    out.push_back(residual_->values[i]);
  }
  return out;
}

Result<uint32_t> RowCopier::resource(uint32_t at) {
  auto key = signature(Scope::resource, kResourceLeaves, at);
  if (auto found = resources_.find(key); found != resources_.end()) return found->second;
  TRY(collect(Scope::resource, at));
  if (!parts_.everything) return resources_[key] = add_resource(out_.vocabulary, attributes_);
  ASSIGN_OR_RETURN(ValueView schema, value(kResourceSchemaLeaf, at));
  ASSIGN_OR_RETURN(uint32_t dropped, number(kResourceDroppedLeaf, at));
  ASSIGN_OR_RETURN(ValueView refs, value(kEntityRefsLeaf, at));
  return resources_[key] = add_resource(out_.vocabulary, attributes_, schema.text, dropped, refs.text);
}

Result<uint32_t> RowCopier::scope(uint32_t at) {
  auto key = signature(Scope::instrumentation, kScopeLeaves, at);
  if (auto found = scopes_.find(key); found != scopes_.end()) return found->second;
  TRY(collect(Scope::instrumentation, at));
  if (!parts_.everything) return scopes_[key] = add_scope(out_.vocabulary, {}, {}, attributes_);
  ASSIGN_OR_RETURN(ValueView name, value(kScopeNameLeaf, at));
  ASSIGN_OR_RETURN(ValueView version, value(kScopeVersionLeaf, at));
  ASSIGN_OR_RETURN(ValueView schema, value(kScopeSchemaLeaf, at));
  ASSIGN_OR_RETURN(uint32_t dropped, number(kScopeDroppedLeaf, at));
  return scopes_[key] = add_scope(out_.vocabulary, name.text, version.text, attributes_, schema.text, dropped);
}

Status RowCopier::fill_attributes(uint32_t at) {
  TRY(collect(Scope::span, at));
  for (const AttributeView& attribute : attributes_) builder_.attribute(attribute.key, attribute.value);
  return {};
}

Status RowCopier::collect_element(ResidualPlace place, const List& list, uint32_t element, uint32_t exact_leaf) {
  attributes_.clear();
  owned_.clear();
  Scope scope = place == ResidualPlace::event ? Scope::event : Scope::link;
  for (uint32_t i = list.map->entry_begins[element]; i < list.map->entry_begins[element + 1]; ++i) {
    TRY(add_map_entry(place, scope, list.map->names[i], list.map->values[i]));
  }
  return add_exact(exact_leaf, list.exact[element]);
}

Result<ValueView> RowCopier::list_value(const List& list, uint32_t leaf, uint32_t element) const {
  const uint32_t first = leaf < kLinkTraceLeaf ? kEventTimeLeaf : kLinkTraceLeaf;
  return reads_.value(leaf, list.leaves[leaf - first]->codes[element]);
}

Status RowCopier::fill_events(uint32_t in_page) {
  if (!events_.any) return {};
  for (uint32_t i = events_.map->row_begins[in_page]; i < events_.map->row_begins[in_page + 1]; ++i) {
    ASSIGN_OR_RETURN(ValueView name, list_value(events_, kEventNameLeaf, i));
    ASSIGN_OR_RETURN(ValueView dropped, list_value(events_, kEventDroppedLeaf, i));
    builder_.begin_event(events_.leaves[0]->numbers[i], name.text, static_cast<uint32_t>(dropped.scalar));
    TRY(collect_element(ResidualPlace::event, events_, i, kEventExactLeaf));
    for (const AttributeView& attribute : attributes_) builder_.attribute(attribute.key, attribute.value);
  }
  return {};
}

Status RowCopier::fill_links(uint32_t in_page) {
  if (!links_.any) return {};
  const auto& traces = links_.leaves[0]->numbers;
  const auto& spans = links_.leaves[kLinkSpanLeaf - kLinkTraceLeaf]->numbers;
  for (uint32_t i = links_.map->row_begins[in_page]; i < links_.map->row_begins[in_page + 1]; ++i) {
    TraceId trace{static_cast<uint64_t>(traces[i * 2]), static_cast<uint64_t>(traces[i * 2 + 1])};
    SpanId span{static_cast<uint64_t>(spans[i])};
    ASSIGN_OR_RETURN(ValueView state, list_value(links_, kLinkStateLeaf, i));
    ASSIGN_OR_RETURN(ValueView flags, list_value(links_, kLinkFlagsLeaf, i));
    ASSIGN_OR_RETURN(ValueView dropped, list_value(links_, kLinkDroppedLeaf, i));
    builder_.begin_link(trace, span, state.text, static_cast<uint32_t>(flags.scalar),
                        static_cast<uint32_t>(dropped.scalar));
    TRY(collect_element(ResidualPlace::link, links_, i, kLinkExactLeaf));
    for (const AttributeView& attribute : attributes_) builder_.attribute(attribute.key, attribute.value);
  }
  return {};
}

}  // namespace clew::store
