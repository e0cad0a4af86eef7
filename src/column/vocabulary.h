// All dictionaries that the rows of one table are coded by. A connection's batch, a lane's live segment and a gathered
// trace each have one; codes of different vocabularies mean nothing to each other (recode.h translates).
//
// Layouts of the tuples, all words being uint32:
//   shape     [key …]                      the keys of a span's (event's, link's) attributes, in order
//   resource  [schema URL, dropped attributes, entity refs, (key, value) …]
//   scope     [schema URL, dropped attributes, name, version, (key, value) …]
//   envelope  [trace state, flags, dropped attributes, dropped events, dropped links, status message, weight]
// where schema URL, entity refs (the raw bytes of Resource.entity_refs, each with its length), name, version, trace
// state and status message are codes of `texts`; key is a code of key(); value is a code of values(key); weight holds
// the bits of a float. Text 0 is the empty text, shape 0 the empty shape, envelope 0 says nothing (weight 1).
//
// Thread rule: as the dictionaries have it: one writer, any number of readers.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "column/dictionary.h"
#include "model/span_words.h"

namespace clew {

inline constexpr uint32_t kEmptyText = 0;
inline constexpr uint32_t kEmptyShape = 0;
inline constexpr uint32_t kPlainEnvelope = 0;

// Positions within the tuples above.
inline constexpr size_t kSchemaUrlWord = 0;
inline constexpr size_t kDroppedWord = 1;
inline constexpr size_t kEntityRefsWord = 2;
inline constexpr size_t kResourcePairs = 3;
inline constexpr size_t kScopeNameWord = 2;
inline constexpr size_t kScopeVersionWord = 3;
inline constexpr size_t kScopePairs = 4;

struct Envelope {
  uint32_t trace_state = kEmptyText;
  uint32_t flags = 0;
  uint32_t dropped_attributes = 0;
  uint32_t dropped_events = 0;
  uint32_t dropped_links = 0;
  uint32_t status_message = kEmptyText;
  float weight = 1;

  using Words = std::array<uint32_t, 7>;
  Words words() const {
    return {trace_state,
            flags,
            dropped_attributes,
            dropped_events,
            dropped_links,
            status_message,
            std::bit_cast<uint32_t>(weight)};
  }
  // Missing words (a hole left by a damaged log) read as the plain envelope's.
  static Envelope from(std::span<const uint32_t> words) {
    if (words.size() != 7) return {};
    return {words[0], words[1], words[2], words[3], words[4], words[5], std::bit_cast<float>(words[6])};
  }
};

struct KeyView {
  Scope scope = Scope::span;
  std::string_view name;
  friend bool operator==(const KeyView&, const KeyView&) = default;
};

class Vocabulary {
 public:
  Vocabulary();

  ValueDictionary names;  // span names
  ValueDictionary event_names;
  ValueDictionary texts;  // everything else that is text
  TupleDictionary shapes;
  TupleDictionary resources;
  TupleDictionary scopes;
  TupleDictionary envelopes;

  uint32_t text(std::string_view text) { return texts.intern(ValueView::of_string(text)); }
  std::string_view text_at(uint32_t code) const { return texts.at(code).text; }

  // Keys: an attribute's name together with where it stands.
  uint32_t intern_key(KeyView key);
  uint32_t find_key(KeyView key) const;
  uint32_t key_count() const { return keys_.size(); }
  KeyView key_at(uint32_t code) const;
  bool place_key(uint32_t code, KeyView key);

  // Precondition: key < key_count(). The dictionary lives as long as the vocabulary.
  ValueDictionary& values(uint32_t key) { return *values_.mutable_at(key); }
  const ValueDictionary& values(uint32_t key) const { return *values_[key]; }

  size_t allocated_bytes() const;

 private:
  void add_value_dictionaries();

  // A key as a value: type bytes, content = scope byte + name.
  ValueDictionary keys_;
  ChunkedVector<ValueDictionary*, 16> values_;
  std::vector<std::unique_ptr<ValueDictionary>> owned_values_;
};

}  // namespace clew
