// Translates rows from one vocabulary into another by table look-up: connection → lane, lane → gathered trace,
// segments → block. Each distinct thing is looked up once; after that a code is an array access.
//
// Thread rule: one thread, the writer of `to`. Both vocabularies outlive the recoder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "column/span_row.h"
#include "column/vocabulary.h"

namespace clew {

class Recoder {
 public:
  Recoder(const Vocabulary& from, Vocabulary& to) : from_(from), to_(to) {}

  // The row with the codes of `to`; its words are appended to `words` (row.words is set to their place, relative to the
  // vector's start). Precondition: `in_words` are the row's own words, well-formed.
  SpanRow row(const SpanRow& in, std::span<const uint32_t> in_words, std::vector<uint32_t>& words);

  uint32_t name(uint32_t code);
  uint32_t text(uint32_t code);
  uint32_t key(uint32_t code);
  uint32_t value(uint32_t key_code, uint32_t code);
  uint32_t resource(uint32_t code);
  uint32_t scope(uint32_t code);
  uint32_t envelope(uint32_t code);

 private:
  using Table = std::vector<uint32_t>;
  struct KeyTable {
    uint32_t to_key = kNoCode;
    Table values;
  };
  struct ShapeTable {
    uint32_t to_shape = kNoCode;
    std::vector<uint32_t> keys;  // of `from`
  };

  uint32_t event_name(uint32_t code);
  const ShapeTable& shape(uint32_t code);
  uint32_t entity(const TupleDictionary& from, TupleDictionary& to, uint32_t code, size_t pairs, size_t first_text,
                  Table& table);
  void nested(std::span<const uint32_t> in, std::vector<uint32_t>& words);
  void values(const ShapeTable& shape, std::span<const uint32_t> in, std::vector<uint32_t>& words);
  uint32_t new_value(KeyTable& table, uint32_t key_code, uint32_t code);

  const Vocabulary& from_;
  Vocabulary& to_;
  Table names_, event_names_, texts_, resources_, scopes_, envelopes_;
  std::vector<KeyTable> keys_;
  std::vector<ShapeTable> shapes_;
  std::vector<uint32_t> scratch_;
};

}  // namespace clew
