#include "store/block/block_columns.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <array>
#include <limits>

namespace clew::store {
namespace {

constexpr size_t kMarkValues = 256;
constexpr size_t kUsualTimeBytes = 5;
// Fewer are not worth asking which of their columns are alike.
constexpr size_t kRowsAnEntity = 8;

uint32_t word_at(std::span<const uint32_t> words, size_t at) {
  return at < words.size() ? words[at] : 0;
}

std::string number_bytes(uint64_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

BlockColumns::BlockColumns(const SpanTable& table, const TraceOrder& order, const AttributePlan& plan,
                           const BlockOptions& options)
    : table_(table),
      order_(order),
      plan_(plan),
      max_page_bytes_(options.max_page_bytes),
      residual_(table.vocabulary, true),
      nested_(table.vocabulary) {
  number_receive_times();
  make_writers(options.row_group_rows);
  for (auto& writer : writers_) writer->limit_pages(max_page_bytes_);
  derive_envelopes();
  derive_scopes();
  derive_resources();
  derive_marks();
  for (Entity* entity : {&envelopes_, &scopes_, &resources_}) find_equal_columns(*entity);
  attribute_codes_.resize(plan.leaves().size());
  page_codes_.resize(plan.leaves().size());
}

void BlockColumns::number_receive_times() {
  uint32_t rows = 0;
  for (uint32_t row : order_.rows) rows = std::max(rows, row + 1);
  received_of_row_.resize(rows);
  for (uint32_t row = 0; row < rows;) {
    uint32_t end = std::min(rows, table_.receive_run_end(row));
    uint32_t code = received_.intern(ValueView::of_int(static_cast<int64_t>(table_.receive_ns(row))));
    std::fill(received_of_row_.begin() + row, received_of_row_.begin() + end, code);
    row = end;
  }
}

void BlockColumns::make_writers(uint32_t row_group_rows) {
  const Vocabulary& vocabulary = table_.vocabulary;
  const auto& leaves = fixed_leaves();
  uint64_t rows = order_.rows.size();
  writers_.resize(kFixedLeaves + plan_.leaves().size());
  auto make = [&](uint32_t leaf, const ValueDictionary* values, bool may_be_plain = false) {
    writers_[leaf] = std::make_unique<LeafWriter>(leaves[leaf], values, may_be_plain);
  };
  for (uint32_t leaf :
       {kTraceIdLeaf, kSpanIdLeaf, kParentIdLeaf, kParentRowLeaf, kStartLeaf, kDurationLeaf, kEndBeforeStartLeaf}) {
    make(leaf, nullptr);
  }
  const uint64_t group_rows = std::min<uint64_t>(rows, row_group_rows);
  writers_[kSpanIdLeaf]->expect_bytes(group_rows * sizeof(uint64_t));
  for (uint32_t leaf : {kStartLeaf, kDurationLeaf}) writers_[leaf]->expect_bytes(group_rows * kUsualTimeBytes);
  make(kReceivedLeaf, &received_, is_mostly_distinct(received_.size(), rows));
  make(kNameLeaf, &vocabulary.names, is_mostly_distinct(vocabulary.names.size(), rows));
  make(kKindLeaf, &kind_names_);
  make(kStatusLeaf, &status_names_);
  for (uint32_t leaf : {kStatusMessageLeaf, kTraceStateLeaf}) {
    make(leaf, &vocabulary.texts, is_mostly_distinct(vocabulary.envelopes.size(), rows));
  }
  for (uint32_t leaf : {kFlagsLeaf, kDroppedAttributesLeaf, kDroppedEventsLeaf, kDroppedLinksLeaf, kBitsLeaf,
                        kWeightLeaf, kScopeDroppedLeaf, kResourceDroppedLeaf}) {
    make(leaf, &numbers_);
  }
  for (uint32_t leaf : {kScopeNameLeaf, kScopeVersionLeaf, kScopeSchemaLeaf, kResourceSchemaLeaf, kEntityRefsLeaf}) {
    make(leaf, &vocabulary.texts);
  }
  make(kResidualKeyLeaf, &residual_.names());
  make(kResidualValueLeaf, &residual_.values());
  for (uint32_t leaf : {kSpanExactLeaf, kResourceExactLeaf, kInstrumentationExactLeaf}) make(leaf, &residual_.exact());
  nested_.make_writers(writers_, rows);
  for (size_t i = 0; i < plan_.leaves().size(); ++i) {
    const auto& attribute = plan_.leaves()[i];
    writers_[kFixedLeaves + i] =
        std::make_unique<LeafWriter>(attribute.leaf, &vocabulary.values(attribute.key), attribute.may_be_plain);
  }
}

void BlockColumns::derive(Entity& entity, uint32_t leaf, std::vector<uint32_t> codes) {
  bool uniform = std::ranges::all_of(codes, [&](uint32_t code) { return code == codes[0]; });
  entity.columns.push_back({leaf, std::move(codes), uniform});
}

void BlockColumns::find_equal_columns(Entity& entity) {
  // By column: its codes numbered as they are first met.
  std::vector<std::vector<uint32_t>> numbered(entity.columns.size());
  for (size_t i = 0; i < entity.columns.size(); ++i) {
    Derived& column = entity.columns[i];
    const LeafWriter& of_column = *writers_[column.leaf];
    const bool worth = column.code_of.size() * kRowsAnEntity <= order_.rows.size();
    if (column.uniform || !worth || !of_column.is_always_coded()) continue;
    absl::flat_hash_map<uint32_t, uint32_t> numbers;
    for (uint32_t code : column.code_of) {
      const auto next = static_cast<uint32_t>(numbers.size());
      numbered[i].push_back(code == kNoCode ? kNoCode : numbers.try_emplace(code, next).first->second);
    }
    for (size_t j = 0; j < i && column.like == kNoLeaf; ++j) {
      const Derived& other = entity.columns[j];
      const bool same_shape = other.leaf < column.leaf && other.like == kNoLeaf &&
                              writers_[other.leaf]->leaf().max_definition == of_column.leaf().max_definition;
      if (same_shape && numbered[j] == numbered[i]) column.like = other.leaf;
    }
  }
}

// The column's dictionary in the order of that of the one it is like. Before that begins its next row group.
std::string BlockColumns::equal_entries(const Entity& entity, const Derived& column) const {
  const auto other = std::ranges::find(entity.columns, column.like, &Derived::leaf);
  const LeafWriter& like = *writers_[column.like];
  std::vector<uint32_t> codes(like.entries());
  for (size_t i = 0; i < column.code_of.size(); ++i) {
    const uint32_t place = like.chunk_code_of(other->code_of[i]);
    if (place != kNoCode) codes[place] = column.code_of[i];
  }
  return writers_[column.leaf]->plain_entries(codes);
}

void BlockColumns::derive_envelopes() {
  const auto& tuples = table_.vocabulary.envelopes;
  auto number = [&](uint32_t value) { return numbers_.intern(ValueView::of_int(value)); };
  auto each = [&](uint32_t leaf, auto&& code_of) {
    std::vector<uint32_t> codes;
    for (uint32_t i = 0; i < tuples.size(); ++i) codes.push_back(code_of(Envelope::from(tuples.at(i))));
    derive(envelopes_, leaf, std::move(codes));
  };
  each(kStatusMessageLeaf, [](const Envelope& e) { return e.status_message; });
  each(kTraceStateLeaf, [](const Envelope& e) { return e.trace_state; });
  each(kFlagsLeaf, [&](const Envelope& e) { return number(e.flags); });
  each(kDroppedAttributesLeaf, [&](const Envelope& e) { return number(e.dropped_attributes); });
  each(kDroppedEventsLeaf, [&](const Envelope& e) { return number(e.dropped_events); });
  each(kDroppedLinksLeaf, [&](const Envelope& e) { return number(e.dropped_links); });
  each(kWeightLeaf, [&](const Envelope& e) { return number(std::bit_cast<uint32_t>(e.weight)); });
}

// One word of each tuple: a code of texts, or a number.
void BlockColumns::derive_word(Entity& entity, const TupleDictionary& tuples, uint32_t leaf, size_t word,
                               bool is_number) {
  std::vector<uint32_t> codes;
  for (uint32_t i = 0; i < tuples.size(); ++i) {
    uint32_t value = word_at(tuples.at(i), word);
    codes.push_back(is_number ? numbers_.intern(ValueView::of_int(value)) : value);
  }
  derive(entity, leaf, std::move(codes));
}

void BlockColumns::derive_scopes() {
  const auto& tuples = table_.vocabulary.scopes;
  derive_word(scopes_, tuples, kScopeNameLeaf, kScopeNameWord, false);
  derive_word(scopes_, tuples, kScopeVersionLeaf, kScopeVersionWord, false);
  derive_word(scopes_, tuples, kScopeSchemaLeaf, kSchemaUrlWord, false);
  derive_word(scopes_, tuples, kScopeDroppedLeaf, kDroppedWord, true);
  derive_attributes(scopes_, tuples, kScopePairs, kInstrumentationExactLeaf, scope_residual_);
}

void BlockColumns::derive_resources() {
  const auto& tuples = table_.vocabulary.resources;
  derive_word(resources_, tuples, kResourceSchemaLeaf, kSchemaUrlWord, false);
  derive_word(resources_, tuples, kResourceDroppedLeaf, kDroppedWord, true);
  derive_word(resources_, tuples, kEntityRefsLeaf, kEntityRefsWord, false);
  derive_attributes(resources_, tuples, kResourcePairs, kResourceExactLeaf, resource_residual_);
}

// The attribute columns, map entries and exact column of a resource or scope.
void BlockColumns::derive_attributes(Entity& entity, const TupleDictionary& tuples, size_t pairs, FixedLeaf exact_leaf,
                                     std::vector<ResidualElement>& residual) {
  bool is_scope = exact_leaf == kInstrumentationExactLeaf;
  uint32_t count = tuples.size();
  residual.resize(count);
  std::vector<std::vector<uint32_t>> by_leaf(plan_.leaves().size());
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t rows = is_scope ? plan_.rows_of_scope(i) : plan_.rows_of_resource(i);
    if (rows == 0) continue;
    auto words = tuples.at(i);
    residual_.begin();
    for (size_t at = pairs; at + 1 < words.size(); at += 2) {
      uint32_t key = words[at];
      uint32_t code = words[at + 1];
      bool first = true;
      for (size_t before = pairs; before < at; before += 2) first = first && words[before] != key;
      AttributeStep step = plan_.step_of(key, first);
      uint32_t leaf = step.by_code ? plan_.leaf_of(key, code) : step.leaf;
      if (leaf == kNoLeaf) {
        residual_.add(key, code, first, residual[i]);
        residual_.count_again(key, rows - 1);
        continue;
      }
      auto& codes = by_leaf[leaf - kFixedLeaves];
      codes.resize(count, kNoCode);
      codes[i] = code;
    }
    residual_.end(residual[i]);
  }
  for (size_t i = 0; i < by_leaf.size(); ++i) {
    if (!by_leaf[i].empty()) derive(entity, static_cast<uint32_t>(kFixedLeaves + i), std::move(by_leaf[i]));
  }
  std::vector<uint32_t> exact;
  for (const ResidualElement& element : residual) exact.push_back(element.exact);
  if (exact.empty()) exact.push_back(kNoCode);
  derive(entity, exact_leaf, std::move(exact));
}

void BlockColumns::derive_marks() {
  std::vector<uint32_t> kinds, statuses, bits;
  for (uint32_t i = 0; i < kMarkValues; ++i) {
    auto kind = static_cast<SpanKind>(i);
    auto status = static_cast<StatusCode>(i);
    std::string kind_name(kind <= SpanKind::consumer ? std::string(name_of(kind)) : std::to_string(i));
    std::string status_name(status <= StatusCode::error ? std::string(name_of(status)) : std::to_string(i));
    kinds.push_back(kind_names_.intern(ValueView::of_string(kind_name)));
    statuses.push_back(status_names_.intern(ValueView::of_string(status_name)));
    bits.push_back(numbers_.intern(ValueView::of_int(i)));
  }
  derive(kinds_, kKindLeaf, std::move(kinds));
  derive(statuses_, kStatusLeaf, std::move(statuses));
  derive(bits_, kBitsLeaf, std::move(bits));
}

void BlockColumns::add_page(uint32_t begin, uint32_t end) {
  for (Entity* entity : {&envelopes_, &scopes_, &resources_, &kinds_, &statuses_, &bits_}) entity->page.clear();
  for (uint32_t i = begin; i < end; ++i) {
    uint32_t row = order_.rows[i];
    envelopes_.page.push_back(table_.envelope(row));
    scopes_.page.push_back(table_.scope(row));
    resources_.page.push_back(table_.resource(row));
    kinds_.page.push_back(table_.kind(row));
    statuses_.page.push_back(table_.status(row));
    bits_.page.push_back(table_.bits(row));
  }
  for (Entity* entity : {&envelopes_, &scopes_, &resources_, &kinds_, &statuses_, &bits_}) write_entity(*entity);
  write_traces(begin, end);
  write_ids(begin, end);
  write_parents(begin, end);
  write_times(begin, end);
  write_received(begin, end);
  write_attributes(begin, end);
  write_residual(begin, end);
  group_rows_ += end - begin;
}

void BlockColumns::write_traces(uint32_t begin, uint32_t end) {
  std::vector<uint32_t> codes;
  std::string entries;
  for (uint32_t i = begin; i < end; ++i) {
    while (i >= order_.traces[trace_].first_row + order_.traces[trace_].spans) ++trace_;
    if (group_trace_ != trace_) {
      group_trace_ = trace_;
      ++group_traces_;
      entries += order_.traces[trace_].id.bytes();
    }
    codes.push_back(group_traces_ - 1);
  }
  writer(kTraceIdLeaf).own_codes(codes, entries, group_traces_);
}

void BlockColumns::write_ids(uint32_t begin, uint32_t end) {
  std::string spans((end - begin) * size_t{8}, '\0');
  std::vector<uint32_t> names;
  for (uint32_t i = begin; i < end; ++i) {
    uint32_t row = order_.rows[i];
    SpanId{table_.span(row)}.copy_to(spans.data() + (i - begin) * size_t{8});
    names.push_back(table_.name(row));
  }
  writer(kSpanIdLeaf).fixed(spans, end - begin, {});
  writer(kNameLeaf).codes(names);
}

void BlockColumns::write_parents(uint32_t begin, uint32_t end) {
  size_t rows = end - begin;
  std::vector<uint64_t> has_row((rows + 63) / 64), has_id((rows + 63) / 64);
  std::vector<int64_t> parent_rows;
  std::string ids;
  for (uint32_t i = begin; i < end; ++i) {
    size_t at = i - begin;
    if (order_.parents[i] != kNoParentRow) {
      has_row[at / 64] |= uint64_t{1} << at % 64;
      parent_rows.push_back(order_.parents[i]);
    } else if (uint64_t parent = table_.parent(order_.rows[i]); parent != 0) {
      has_id[at / 64] |= uint64_t{1} << at % 64;
      ids += SpanId{parent}.bytes();
    }
  }
  writer(kParentRowLeaf).numbers(parent_rows, rows, has_row);
  writer(kParentIdLeaf).fixed(ids, rows, has_id);
}

void BlockColumns::write_times(uint32_t begin, uint32_t end) {
  size_t rows = end - begin;
  std::vector<int64_t> starts, durations, ends;
  std::vector<uint64_t> has_end((rows + 63) / 64);
  for (uint32_t i = begin; i < end; ++i) {
    uint32_t row = order_.rows[i];
    uint64_t start_ns = table_.start_ns(row);
    uint64_t end_ns = table_.end_ns(row);
    starts.push_back(static_cast<int64_t>(start_ns));
    durations.push_back(static_cast<int64_t>(end_ns < start_ns ? 0 : end_ns - start_ns));
    if (end_ns < start_ns) {
      size_t at = i - begin;
      has_end[at / 64] |= uint64_t{1} << at % 64;
      ends.push_back(static_cast<int64_t>(end_ns));
    }
    if (group_rows_ == 0 && i == begin) group_min_start_ = group_max_start_ = start_ns;
    group_min_start_ = std::min(group_min_start_, start_ns);
    group_max_start_ = std::max(group_max_start_, start_ns);
  }
  writer(kStartLeaf).numbers(starts, rows, {});
  writer(kDurationLeaf).numbers(durations, rows, {});
  writer(kEndBeforeStartLeaf).numbers(ends, rows, has_end);
}

void BlockColumns::write_received(uint32_t begin, uint32_t end) {
  std::vector<uint32_t> codes;
  uint32_t last = kNoCode;
  for (uint32_t i = begin; i < end; ++i) {
    uint32_t code = received_of_row_[order_.rows[i]];
    codes.push_back(code);
    if (code == last) continue;
    last = code;
    uint64_t receive_ns = received_.at(code).scalar;
    min_receive_ns_ = std::min(min_receive_ns_, receive_ns);
    max_receive_ns_ = std::max(max_receive_ns_, receive_ns);
  }
  writer(kReceivedLeaf).codes(codes);
}

void BlockColumns::write_entity(Entity& entity) {
  const auto& page = entity.page;
  bool same = std::ranges::all_of(page, [&](uint32_t code) { return code == page[0]; });
  std::vector<uint32_t> codes(page.size());
  for (Derived& column : entity.columns) {
    if (column.like != kNoLeaf) continue;
    if (same || column.uniform) {
      writer(column.leaf).same_code(column.code_of[same ? page[0] : 0], page.size());
      continue;
    }
    for (size_t i = 0; i < page.size(); ++i) codes[i] = column.code_of[page[i]];
    writer(column.leaf).codes(codes);
  }
}

void BlockColumns::write_attributes(uint32_t begin, uint32_t end) {
  const size_t rows = end - begin;
  std::ranges::fill(page_codes_, nullptr);
  row_residual_.resize(std::max(row_residual_.size(), rows));
  page_has_residual_ = false;
  nested_.begin_page();
  for (uint32_t i = begin; i < end; ++i) {
    const size_t at = i - begin;
    uint32_t row = order_.rows[i];
    uint32_t shape = table_.shape(row);
    auto steps = plan_.steps(shape);
    auto words = table_.words(row);
    bool may_have_residual = plan_.has_residual(shape);
    ResidualElement& residual = row_residual_[at];
    residual.names.clear();
    residual.values.clear();
    residual.exact = kNoCode;
    if (may_have_residual) residual_.begin();
    for (size_t j = 0; j < steps.size(); ++j) {
      const AttributeStep& step = steps[j];
      uint32_t leaf = step.by_code ? plan_.leaf_of(step.key, words[j]) : step.leaf;
      if (leaf == kNoLeaf) {
        residual_.add(step.key, words[j], step.first, residual);
        continue;
      }
      size_t column = leaf - kFixedLeaves;
      uint32_t*& codes = page_codes_[column];
      if (codes == nullptr) {
        attribute_codes_[column].assign(rows, kNoCode);
        codes = attribute_codes_[column].data();
      }
      codes[at] = words[j];
    }
    if (may_have_residual) {
      residual_.end(residual);
      page_has_residual_ |= !residual.names.empty() || residual.exact != kNoCode;
    }
    if (table_.bits(row) & kHasNested) {
      nested_.add_row(words.subspan(steps.size()));
    } else {
      nested_.add_rows(1);
    }
  }
  nested_.end_page(writers_);
  for (size_t column = 0; column < attribute_codes_.size(); ++column) {
    const auto& attribute = plan_.leaves()[column];
    if (table_.vocabulary.key_at(attribute.key).scope != Scope::span) continue;
    auto leaf = static_cast<uint32_t>(kFixedLeaves + column);
    if (page_codes_[column] != nullptr) {
      writer(leaf).codes(attribute_codes_[column]);
    } else {
      writer(leaf).same_code(kNoCode, rows);
    }
  }
}

void BlockColumns::write_residual(uint32_t begin, uint32_t end) {
  const size_t rows = end - begin;
  std::vector<uint32_t> repetition, definition, names, values, exact;
  for (size_t at = 0; at < rows; ++at) {
    size_t before = names.size();
    auto add = [&](const ResidualElement& element) {
      names.insert(names.end(), element.names.begin(), element.names.end());
      values.insert(values.end(), element.values.begin(), element.values.end());
    };
    add(row_residual_[at]);
    add(resource_residual_[resources_.page[at]]);
    add(scope_residual_[scopes_.page[at]]);
    exact.push_back(row_residual_[at].exact);
    size_t count = names.size() - before;
    repetition.push_back(0);
    definition.push_back(count == 0 ? 0 : 1);
    for (size_t i = 1; i < count; ++i) {
      repetition.push_back(1);
      definition.push_back(1);
    }
  }
  if (names.empty()) {
    writer(kResidualKeyLeaf).no_lists(rows);
    writer(kResidualValueLeaf).no_lists(rows);
  } else {
    Levels levels{repetition, definition};
    writer(kResidualKeyLeaf).codes(levels, names);
    writer(kResidualValueLeaf).codes(levels, values);
  }
  if (page_has_residual_) {
    writer(kSpanExactLeaf).codes(exact);
  } else {
    writer(kSpanExactLeaf).same_code(kNoCode, rows);
  }
}

Status BlockColumns::end_row_group(BlockAssembly& assembly) {
  assembly.begin_row_group(group_rows_);
  std::vector<std::pair<const Entity*, const Derived*>> equal(writers_.size());
  for (const Entity* entity : {&envelopes_, &scopes_, &resources_}) {
    for (const Derived& column : entity->columns) {
      if (column.like != kNoLeaf) equal[column.leaf] = {entity, &column};
    }
  }
  for (size_t leaf = 0; leaf < writers_.size(); ++leaf) {
    if (const auto [entity, column] = equal[leaf]; column != nullptr) {
      TRY(assembly.add_equal_chunk(writers_[leaf]->leaf(), equal_entries(*entity, *column), column->like,
                                   max_page_bytes_));
      continue;
    }
    std::string least, greatest;
    if (leaf == kStartLeaf && group_max_start_ <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      least = number_bytes(group_min_start_);
      greatest = number_bytes(group_max_start_);
    }
    TRY(assembly.add_chunk(*writers_[leaf], std::move(least), std::move(greatest)));
  }
  for (const auto& writer : writers_) writer->begin_row_group();
  group_rows_ = 0;
  group_traces_ = 0;
  group_trace_ = kNoLeaf;
  return {};
}

std::vector<uint64_t> BlockColumns::residual_counts() const {
  std::vector<uint64_t> out(table_.vocabulary.key_count());
  for (size_t key = 0; key < residual_.counts().size(); ++key) out[key] += residual_.counts()[key];
  nested_.add_counts(out);
  return out;
}

}  // namespace clew::store
