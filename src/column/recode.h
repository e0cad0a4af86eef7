// Translates rows from one vocabulary into another by table look-up: connection → lane, lane → gathered trace,
// segments → block. Each distinct thing is looked up once; after that a code is an array access. A batch's own values
// are looked up each time they come.
//
// Values are looked up many at a time, so that the look-ups wait for memory together: words() leaves a gap for a value
// that was not met before, and settle() fills the gaps.
//
// Thread rule: one thread, the writer of `to`. Both vocabularies outlive the recoder.
#pragma once

#include <array>
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

  // The rows that follow are of this batch, which has values of its own.
  void begin_batch(const SpanBatch& batch) { own_values_ = batch.own_values; }

  // What a shape of `from` is in `to`.
  struct Shape {
    uint32_t to = kNoCode;
    std::vector<uint32_t> keys;  // of `from`
  };
  // Valid until the next call of shape(), row() or words().
  const Shape& shape(uint32_t code);
  // All words of a row, as many as `in` has, to out[]: its values, then its events and links if its bits say that it
  // has any. They are whole after settle(), until when out[] must stay where it is.
  void words(const Shape& shape, std::span<const uint32_t> in, uint8_t bits, uint32_t* out);
  void settle();

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
    // Of the values that come without a look-up in `from` (own ones, or of a plain dictionary): how many were looked up
    // in `to`, and how many were new there.
    uint32_t asked = 0;
    uint32_t fresh = 0;
    Table values;
  };

  // A value whose code is yet to be found.
  struct Gap {
    uint32_t key;   // of `from`
    uint32_t code;  // of `from`, or an own value
    uint32_t likely;
    uint32_t* out;
    ValueDictionary* to;
    uint64_t hash;
    ValueView value;
  };
  // Look-ups under way at the same time: more than memory can serve at once, few enough for their lines to stay near.
  static constexpr size_t kTogether = 32;

  uint32_t event_name(uint32_t code);
  uint32_t entity(const TupleDictionary& from, TupleDictionary& to, uint32_t code, size_t pairs, size_t first_text,
                  Table& table);
  // One code per key of the shape, from in[] to out[].
  void values(const Shape& shape, const uint32_t* in, uint32_t* out);
  void nested(std::span<const uint32_t> in, uint32_t* out);
  void leave_gap(uint32_t key, uint32_t code, uint32_t* out);
  void fill(const Gap& gap);
  uint32_t enter(KeyTable& table, const Gap& gap);

  const Vocabulary& from_;
  Vocabulary& to_;
  std::span<const ValueView> own_values_;
  Table names_, event_names_, texts_, resources_, scopes_, envelopes_;
  std::vector<KeyTable> keys_;
  std::vector<Shape> shapes_;
  std::array<Gap, kTogether> gaps_;
  size_t gap_count_ = 0;
};

}  // namespace clew
