// Reading the tuples of a table's rows for an encoder. What a damaged log left incomplete reads as absent.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "column/nested.h"
#include "column/nested_records.h"
#include "column/span_table.h"

namespace clew::wire {

class TableReader {
 public:
  explicit TableReader(const SpanTable& table) : table_(table), vocabulary_(table.vocabulary) {}

  std::string_view text(uint32_t code) const {
    return code < vocabulary_.texts.size() ? vocabulary_.text_at(code) : std::string_view{};
  }
  std::string_view name(uint32_t code) const { return of(vocabulary_.names, code).text; }
  std::string_view event_name(uint32_t code) const { return of(vocabulary_.event_names, code).text; }
  std::span<const uint32_t> resource(uint32_t code) const { return tuple(vocabulary_.resources, code); }
  std::span<const uint32_t> scope(uint32_t code) const { return tuple(vocabulary_.scopes, code); }
  Envelope envelope(uint32_t code) const { return Envelope::from(tuple(vocabulary_.envelopes, code)); }
  static uint32_t word(std::span<const uint32_t> words, size_t at) { return at < words.size() ? words[at] : 0; }

  // each(key, value) for the pairs of a resource or scope from `first` on.
  template <typename Each>
  void pairs(std::span<const uint32_t> words, size_t first, Each&& each) const {
    for (size_t i = first; i + 1 < words.size(); i += 2) attribute(words[i], words[i + 1], each);
  }
  // each(key, value) for the values of a shape.
  template <typename Each>
  void shaped(uint32_t shape, std::span<const uint32_t> values, Each&& each) const {
    auto keys = tuple(vocabulary_.shapes, shape);
    for (size_t i = 0; i < std::min(keys.size(), values.size()); ++i) attribute(keys[i], values[i], each);
  }
  // each(bytes) for the encoded entity references of a resource.
  template <typename Each>
  void entity_refs(std::span<const uint32_t> resource, Each&& each) const {
    ByteReader reader(text(word(resource, kEntityRefsWord)));
    while (!reader.at_end()) {
      std::string_view encoded = reader.sized();
      if (!reader.ok()) return;
      each(encoded);
    }
  }
  template <typename OnEvent, typename OnLink>
  void nested(uint32_t row, OnEvent&& on_event, OnLink&& on_link) const {
    if (!(table_.bits(row) & kHasNested)) return;
    auto words = table_.words(row);
    size_t attributes = tuple(vocabulary_.shapes, table_.shape(row)).size();
    if (attributes <= words.size()) walk_nested(words.subspan(attributes), vocabulary_.shapes, on_event, on_link);
  }

 private:
  static ValueView of(const ValueDictionary& values, uint32_t code) {
    return code < values.size() ? values.at(code) : ValueView{};
  }
  static std::span<const uint32_t> tuple(const TupleDictionary& tuples, uint32_t code) {
    return code < tuples.size() ? tuples.at(code) : std::span<const uint32_t>{};
  }
  template <typename Each>
  void attribute(uint32_t key, uint32_t value, Each&& each) const {
    if (key < vocabulary_.key_count()) each(vocabulary_.key_at(key).name, of(vocabulary_.values(key), value));
  }

  const SpanTable& table_;
  const Vocabulary& vocabulary_;
};

}  // namespace clew::wire
