#include "store/block/nested_columns.h"

#include <algorithm>

#include "column/nested_records.h"

namespace clew::store {

NestedColumns::NestedColumns(const Vocabulary& vocabulary)
    : vocabulary_(vocabulary), event_texts_(vocabulary, false), link_texts_(vocabulary, false) {}

void NestedColumns::make_writers(std::vector<std::unique_ptr<LeafWriter>>& writers, uint64_t rows) const {
  const auto& leaves = fixed_leaves();
  auto make = [&](uint32_t leaf, const ValueDictionary* values, bool may_be_plain = false) {
    writers[leaf] = std::make_unique<LeafWriter>(leaves[leaf], values, may_be_plain);
  };
  make(kEventTimeLeaf, nullptr);
  make(kEventNameLeaf, &vocabulary_.event_names, is_mostly_distinct(vocabulary_.event_names.size(), rows));
  make(kEventDroppedLeaf, &numbers_);
  make(kEventKeyLeaf, &event_texts_.names());
  make(kEventValueLeaf, &event_texts_.values());
  make(kEventExactLeaf, &event_texts_.exact());
  make(kLinkTraceLeaf, nullptr);
  make(kLinkSpanLeaf, nullptr);
  make(kLinkStateLeaf, &vocabulary_.texts);
  make(kLinkFlagsLeaf, &numbers_);
  make(kLinkDroppedLeaf, &numbers_);
  make(kLinkKeyLeaf, &link_texts_.names());
  make(kLinkValueLeaf, &link_texts_.values());
  make(kLinkExactLeaf, &link_texts_.exact());
}

void NestedColumns::List::clear() {
  for (auto* codes : {&repetition, &definition, &map_repetition, &map_definition, &exact_definition, &map_names,
                      &map_values, &exact, &names, &dropped, &flags}) {
    codes->clear();
  }
  times.clear();
  traces.clear();
  spans.clear();
  rows = 0;
  any = false;
}

void NestedColumns::List::add(const ResidualElement& attributes) {
  uint32_t level = row_has_any ? 1 : 0;
  repetition.push_back(level);
  definition.push_back(1);
  exact_definition.push_back(attributes.exact == kNoCode ? 1 : 2);
  if (attributes.exact != kNoCode) exact.push_back(attributes.exact);
  if (attributes.names.empty()) {
    map_repetition.push_back(level);
    map_definition.push_back(1);
  }
  for (size_t i = 0; i < attributes.names.size(); ++i) {
    map_repetition.push_back(i == 0 ? level : 2);
    map_definition.push_back(2);
  }
  map_names.insert(map_names.end(), attributes.names.begin(), attributes.names.end());
  map_values.insert(map_values.end(), attributes.values.begin(), attributes.values.end());
  row_has_any = any = true;
}

void NestedColumns::List::end_row() {
  ++rows;
  if (row_has_any) return;
  for (auto* levels : {&repetition, &definition, &map_repetition, &map_definition, &exact_definition}) {
    levels->push_back(0);
  }
}

void NestedColumns::List::end_rows(size_t without_any) {
  rows += without_any;
  for (auto* levels : {&repetition, &definition, &map_repetition, &map_definition, &exact_definition}) {
    levels->resize(levels->size() + without_any);
  }
}

void NestedColumns::settle_rows_without() {
  events_.end_rows(rows_without_);
  links_.end_rows(rows_without_);
  rows_without_ = 0;
}

ResidualElement NestedColumns::attributes(ResidualWriter& writer, uint32_t shape, std::span<const uint32_t> values) {
  ResidualElement out;
  auto keys = vocabulary_.shapes.at(shape);
  writer.begin();
  for (size_t i = 0; i < keys.size(); ++i) {
    auto here = keys.begin() + static_cast<ptrdiff_t>(i);
    writer.add(keys[i], values[i], std::find(keys.begin(), here, keys[i]) == here, out);
  }
  writer.end(out);
  return out;
}

void NestedColumns::begin_page() {
  events_.clear();
  links_.clear();
}

void NestedColumns::add_row(std::span<const uint32_t> nested_words) {
  settle_rows_without();
  events_.begin_row();
  links_.begin_row();
  walk_nested(
      nested_words, vocabulary_.shapes,
      [&](const EventRecord& event) {
        events_.times.push_back(event.since_start_ns);
        events_.names.push_back(event.name);
        events_.dropped.push_back(numbers_.intern(ValueView::of_int(event.dropped_attributes)));
        events_.add(attributes(event_texts_, event.shape, event.values));
      },
      [&](const LinkRecord& link) {
        links_.traces += link.trace.bytes();
        links_.spans += link.span.bytes();
        links_.names.push_back(link.trace_state);
        links_.flags.push_back(numbers_.intern(ValueView::of_int(link.flags)));
        links_.dropped.push_back(numbers_.intern(ValueView::of_int(link.dropped_attributes)));
        links_.add(attributes(link_texts_, link.shape, link.values));
      });
  events_.end_row();
  links_.end_row();
}

void NestedColumns::end_page(std::vector<std::unique_ptr<LeafWriter>>& writers) {
  settle_rows_without();
  auto nothing = [&](uint32_t first, uint32_t last, size_t rows) {
    for (uint32_t leaf = first; leaf <= last; ++leaf) writers[leaf]->no_lists(rows);
  };
  auto map = [&](const List& list, uint32_t key, uint32_t exact) {
    Levels levels{list.map_repetition, list.map_definition};
    writers[key]->codes(levels, list.map_names);
    writers[key + 1]->codes(levels, list.map_values);
    writers[exact]->codes(Levels{list.repetition, list.exact_definition}, list.exact);
  };
  if (!events_.any) {
    nothing(kEventTimeLeaf, kEventExactLeaf, events_.rows);
  } else {
    Levels levels{events_.repetition, events_.definition};
    writers[kEventTimeLeaf]->numbers(levels, events_.times);
    writers[kEventNameLeaf]->codes(levels, events_.names);
    writers[kEventDroppedLeaf]->codes(levels, events_.dropped);
    map(events_, kEventKeyLeaf, kEventExactLeaf);
  }
  if (!links_.any) {
    nothing(kLinkTraceLeaf, kLinkExactLeaf, links_.rows);
  } else {
    Levels levels{links_.repetition, links_.definition};
    writers[kLinkTraceLeaf]->fixed(levels, links_.traces);
    writers[kLinkSpanLeaf]->fixed(levels, links_.spans);
    writers[kLinkStateLeaf]->codes(levels, links_.names);
    writers[kLinkFlagsLeaf]->codes(levels, links_.flags);
    writers[kLinkDroppedLeaf]->codes(levels, links_.dropped);
    map(links_, kLinkKeyLeaf, kLinkExactLeaf);
  }
}

void NestedColumns::add_counts(std::vector<uint64_t>& by_key) const {
  for (const ResidualWriter* writer : {&event_texts_, &link_texts_}) {
    for (size_t key = 0; key < writer->counts().size(); ++key) by_key[key] += writer->counts()[key];
  }
}

}  // namespace clew::store
