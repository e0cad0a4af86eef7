#include "store/block/row_copier.h"

#include <array>

#include "column/nested.h"
#include "store/block/map_text.h"

namespace clew::store {
namespace {

constexpr FixedLeaf kResourceLeaves[] = {kResourceSchemaLeaf, kResourceDroppedLeaf, kEntityRefsLeaf,
                                         kResourceExactLeaf};
constexpr FixedLeaf kScopeLeaves[] = {kScopeNameLeaf, kScopeVersionLeaf, kScopeSchemaLeaf, kScopeDroppedLeaf,
                                      kInstrumentationExactLeaf};

}  // namespace

RowCopier::RowCopier(const BlockUnit& unit, BlockReads& reads, SpanTable& out)
    : file_(reads.file()),
      unit_(unit),
      reads_(reads),
      out_(out),
      batch_{&out.vocabulary, {}, {}, {}},
      builder_(batch_) {
  for (const KeyEntry& key : file_.keys()) {
    for (const auto& column : key.columns) {
      leaves_of_scope_[static_cast<size_t>(key.scope)].push_back({column.leaf, &key});
    }
  }
}

Status RowCopier::load(uint32_t first_leaf, uint32_t end_leaf) {
  for (uint32_t leaf = first_leaf; leaf < end_leaf; ++leaf) {
    ASSIGN_OR_RETURN(pages_[leaf], reads_.page(leaf, page_));
  }
  return {};
}

Status RowCopier::load_list(ResidualPlace place, List& list) {
  uint32_t first = place == ResidualPlace::event ? kEventTimeLeaf : kLinkTraceLeaf;
  uint32_t exact_leaf = place == ResidualPlace::event ? kEventExactLeaf : kLinkExactLeaf;
  TRY(load(first, first + 1));
  list.any = !pages_[first]->numbers.empty();
  if (!list.any) return {};
  TRY(load(first + 1, exact_leaf + 1));
  ASSIGN_OR_RETURN(list.map, reads_.map_page(place, page_));
  const LeafPage& exact = *pages_[exact_leaf];
  list.exact.clear();
  std::vector<uint32_t> begins;
  size_t next = 0;
  for (size_t i = 0; i < exact.definition.size(); ++i) {
    if (exact.repetition[i] == 0) begins.push_back(static_cast<uint32_t>(list.exact.size()));
    if (exact.definition[i] != 0) list.exact.push_back(exact.definition[i] == 2 ? exact.codes[next++] : kNoCode);
  }
  begins.push_back(static_cast<uint32_t>(list.exact.size()));
  if (begins != list.map->row_begins) return reads_.damaged(exact_leaf, "its levels differ from its map's");
  // The other leaves of the list have the same elements when they have the same levels as each other and as these.
  for (uint32_t leaf = first; leaf < map_leaves(place).key; ++leaf) {
    const LeafPage& page = *pages_[leaf];
    bool same = page.repetition == exact.repetition;
    for (size_t i = 0; same && i < page.definition.size(); ++i) {
      same = (page.definition[i] != 0) == (exact.definition[i] != 0);
    }
    if (!same) return reads_.damaged(leaf, "its levels differ from those of its list");
  }
  return {};
}

Status RowCopier::load_page(uint32_t page) {
  if (page == page_) return {};
  page_ = page;
  pages_.resize(file_.leaves().size());
  Status status = [&]() -> Status {
    // Ids of traces are in the trace table, parents come from the unit, maps and lists have their own ways.
    TRY(load(kSpanIdLeaf, kSpanIdLeaf + 1));
    TRY(load(kStartLeaf, kResidualKeyLeaf));
    TRY(load(kSpanExactLeaf, kEventTimeLeaf));
    TRY(load(kFixedLeaves, static_cast<uint32_t>(file_.leaves().size())));
    ASSIGN_OR_RETURN(residual_, reads_.map_page(ResidualPlace::span, page));
    TRY(load_list(ResidualPlace::event, events_));
    return load_list(ResidualPlace::link, links_);
  }();
  if (!status) page_ = kNoRow;
  return status;
}

Result<ValueView> RowCopier::value(uint32_t leaf, uint32_t at) const {
  return reads_.value(leaf, pages_[leaf]->codes[at]);
}

Result<uint32_t> RowCopier::number(uint32_t leaf, uint32_t at) const {
  ASSIGN_OR_RETURN(ValueView view, value(leaf, at));
  return static_cast<uint32_t>(view.scalar);
}

Status RowCopier::copy(uint32_t row) {
  TRY(load_page(row / file_.page_rows()));
  uint32_t at = row % file_.page_rows();
  TRY(fill_row(row, at));
  TRY(fill_envelope(at));
  TRY(fill_attributes(at));
  TRY(fill_events(at));
  TRY(fill_links(at));
  builder_.finish();
  const SpanRow& built = batch_.rows.back();
  out_.append(built, std::span<const uint32_t>(batch_.words).subspan(built.words, built.word_count));
  batch_.clear();
  return {};
}

Status RowCopier::fill_row(uint32_t row, uint32_t at) {
  SpanRow& out = builder_.row();
  uint32_t trace = 0;
  TRY(unit_.trace_numbers({row, row + 1}, &trace));
  ASSIGN_OR_RETURN(out.trace, reads_.trace_id(trace));
  out.span = static_cast<uint64_t>(pages_[kSpanIdLeaf]->numbers[at]);
  TRY(unit_.parent_ids({row, row + 1}, &out.parent));
  out.start_ns = static_cast<uint64_t>(pages_[kStartLeaf]->numbers[at]);
  const LeafPage& ends = *pages_[kEndBeforeStartLeaf];
  out.end_ns = ends.has(at) ? static_cast<uint64_t>(ends.numbers[at])
                            : out.start_ns + static_cast<uint64_t>(pages_[kDurationLeaf]->numbers[at]);
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
    uint32_t code = pages_[attribute.leaf]->codes[at];
    if (code == kNoCode) continue;
    ASSIGN_OR_RETURN(ValueView view, reads_.value(attribute.leaf, code));
    attributes_.push_back({attribute.key->name, view});
  }
  for (uint32_t i = residual_->entry_begins[at]; i < residual_->entry_begins[at + 1]; ++i) {
    TRY(add_map_entry(ResidualPlace::span, scope, residual_->names[i], residual_->values[i]));
  }
  uint32_t exact = scope == Scope::span       ? kSpanExactLeaf
                   : scope == Scope::resource ? kResourceExactLeaf
                                              : kInstrumentationExactLeaf;
  return add_exact(exact, pages_[exact]->codes[at]);
}

std::vector<uint32_t> RowCopier::signature(Scope scope, std::span<const FixedLeaf> leaves, uint32_t at) const {
  std::vector<uint32_t> out;
  for (FixedLeaf leaf : leaves) out.push_back(pages_[leaf]->codes[at]);
  for (const AttributeLeaf& attribute : leaves_of_scope_[static_cast<size_t>(scope)]) {
    out.push_back(pages_[attribute.leaf]->codes[at]);
  }
  // The span's own residual attributes are among these: at worst a resource is put together twice.
  for (uint32_t i = residual_->entry_begins[at]; i < residual_->entry_begins[at + 1]; ++i) {
    out.push_back(residual_->names[i]);
    out.push_back(residual_->values[i]);
  }
  return out;
}

Result<uint32_t> RowCopier::resource(uint32_t at) {
  auto key = signature(Scope::resource, kResourceLeaves, at);
  if (auto found = resources_.find(key); found != resources_.end()) return found->second;
  TRY(collect(Scope::resource, at));
  ASSIGN_OR_RETURN(ValueView schema, value(kResourceSchemaLeaf, at));
  ASSIGN_OR_RETURN(uint32_t dropped, number(kResourceDroppedLeaf, at));
  ASSIGN_OR_RETURN(ValueView refs, value(kEntityRefsLeaf, at));
  return resources_[key] = add_resource(out_.vocabulary, attributes_, schema.text, dropped, refs.text);
}

Result<uint32_t> RowCopier::scope(uint32_t at) {
  auto key = signature(Scope::instrumentation, kScopeLeaves, at);
  if (auto found = scopes_.find(key); found != scopes_.end()) return found->second;
  TRY(collect(Scope::instrumentation, at));
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

Status RowCopier::fill_events(uint32_t at) {
  if (!events_.any) return {};
  for (uint32_t i = events_.map->row_begins[at]; i < events_.map->row_begins[at + 1]; ++i) {
    ASSIGN_OR_RETURN(ValueView name, value(kEventNameLeaf, i));
    ASSIGN_OR_RETURN(uint32_t dropped, number(kEventDroppedLeaf, i));
    builder_.begin_event(pages_[kEventTimeLeaf]->numbers[i], name.text, dropped);
    TRY(collect_element(ResidualPlace::event, events_, i, kEventExactLeaf));
    for (const AttributeView& attribute : attributes_) builder_.attribute(attribute.key, attribute.value);
  }
  return {};
}

Status RowCopier::fill_links(uint32_t at) {
  if (!links_.any) return {};
  for (uint32_t i = links_.map->row_begins[at]; i < links_.map->row_begins[at + 1]; ++i) {
    const auto& traces = pages_[kLinkTraceLeaf]->numbers;
    TraceId trace{static_cast<uint64_t>(traces[i * 2]), static_cast<uint64_t>(traces[i * 2 + 1])};
    SpanId span{static_cast<uint64_t>(pages_[kLinkSpanLeaf]->numbers[i])};
    ASSIGN_OR_RETURN(ValueView state, value(kLinkStateLeaf, i));
    ASSIGN_OR_RETURN(uint32_t flags, number(kLinkFlagsLeaf, i));
    ASSIGN_OR_RETURN(uint32_t dropped, number(kLinkDroppedLeaf, i));
    builder_.begin_link(trace, span, state.text, flags, dropped);
    TRY(collect_element(ResidualPlace::link, links_, i, kLinkExactLeaf));
    for (const AttributeView& attribute : attributes_) builder_.attribute(attribute.key, attribute.value);
  }
  return {};
}

}  // namespace clew::store
