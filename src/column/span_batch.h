// Rows on their way in, coded by the vocabulary of the connection they came by. The vocabulary outlives many batches.
//
// Values that hardly come back (ids, addresses, URLs) are not worth an entry there: the batch has them itself, as
// views. A word that stands for a value is a code of the vocabulary, or such a value's index with kOwnValue set.
// Lifetimes: own values are views into the bytes of the request, or into `kept`; so the batch is used no longer than
// those bytes are there.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "column/span_row.h"
#include "column/vocabulary.h"

namespace clew {

// What of a request was not taken, for partial success and metrics.
struct Rejections {
  uint64_t spans = 0;
  std::string reason;  // of the first
};

// No dictionary grows to codes of this size.
inline constexpr uint32_t kOwnValue = 0x80000000U;

struct SpanBatch {
  Vocabulary* vocabulary = nullptr;  // not owned
  std::vector<SpanRow> rows;
  std::vector<uint32_t> words;
  Rejections rejected;
  std::vector<ValueView> own_values = {};
  std::deque<std::string> kept = {};

  // What a word stands for that is a value of the key.
  ValueView value(uint32_t key, uint32_t word) const {
    return word & kOwnValue ? own_values[word & ~kOwnValue] : vocabulary->values(key).at(word);
  }
  void clear() {
    rows.clear();
    words.clear();
    own_values.clear();
    kept.clear();
    rejected = {};
  }
  // What is kept when the batch is cleared.
  size_t allocated_bytes() const {
    return rows.capacity() * sizeof(SpanRow) + words.capacity() * sizeof(uint32_t) +
           own_values.capacity() * sizeof(ValueView);
  }
};

}  // namespace clew
