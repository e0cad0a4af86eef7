// Translates rows from one vocabulary into another by table look-up: connection → lane, lane → gathered trace,
// segments → block. Each distinct thing is looked up once; after that a code is an array access.
//
// Thread rule: one thread, the writer of `to`. Both vocabularies outlive the recoder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "column/span_batch.h"
#include "column/vocabulary.h"

namespace clew {

class Recoder {
 public:
  Recoder(const Vocabulary& from, Vocabulary& to) : from_(from), to_(to) {}

  // The row with the codes of `to`; its words are appended to `words` (row.words is set to their place, relative to the
  // vector's start). Precondition: `in_words` are the row's own words, well-formed.
  SpanRow row(const SpanRow& in, std::span<const uint32_t> in_words, std::vector<uint32_t>& words);

  // Looks up all values of these rows that were not met before, many at a time: what follows finds them in tables.
  void learn(const SpanBatch& batch, std::span<const uint32_t> rows);

  // What a shape of `from` is in `to`.
  struct Shape {
    uint32_t to = kNoCode;
    std::vector<uint32_t> keys;  // of `from`
  };
  // Valid until the next call of shape(), row() or words().
  const Shape& shape(uint32_t code);
  // One code per key of the shape, from in[] to out[].
  void values(const Shape& shape, const uint32_t* in, uint32_t* out);
  // All words of a row: its values, then its events and links if its bits say that it has any.
  void words(const Shape& shape, std::span<const uint32_t> in, uint8_t bits, std::vector<uint32_t>& out);

  uint32_t name(uint32_t code);
  uint32_t text(uint32_t code);
  uint32_t key(uint32_t code);
  uint32_t value(uint32_t key_code, uint32_t code);
  uint32_t resource(uint32_t code);
  uint32_t scope(uint32_t code);
  uint32_t envelope(uint32_t code);

  size_t allocated_bytes() const;

 private:
  using Table = std::vector<uint32_t>;
  struct KeyTable {
    uint32_t to_key = kNoCode;
    // Of the values that come without a look-up in `from`: how many were looked up in `to`, and how many were new
    // there.
    uint32_t asked = 0;
    uint32_t fresh = 0;
    Table values;
  };

  uint32_t event_name(uint32_t code);
  uint32_t entity(const TupleDictionary& from, TupleDictionary& to, uint32_t code, size_t pairs, size_t first_text,
                  Table& table);
  void nested(std::span<const uint32_t> in, std::vector<uint32_t>& words);
  void append_values(const Shape& shape, std::span<const uint32_t> in, std::vector<uint32_t>& words);
  uint32_t new_value(KeyTable& table, uint32_t key_code, uint32_t code);

  const Vocabulary& from_;
  Vocabulary& to_;
  Table names_, event_names_, texts_, resources_, scopes_, envelopes_;
  std::vector<KeyTable> keys_;
  std::vector<Shape> shapes_;
  struct NewValue {
    uint32_t key;
    uint32_t code;
    ValueView value;
    uint64_t hash;
    ValueDictionary* to;
  };
  void learn(std::span<NewValue> values);
  uint32_t enter(KeyTable& table, const NewValue& value);
  std::vector<NewValue> new_values_;
};

}  // namespace clew
