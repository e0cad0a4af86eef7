// Rows on their way in, coded by the vocabulary of the connection they came by. The vocabulary outlives many batches.
#pragma once

#include <cstdint>
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

struct SpanBatch {
  Vocabulary* vocabulary = nullptr;  // not owned
  std::vector<SpanRow> rows;
  std::vector<uint32_t> words;
  Rejections rejected;

  void clear() {
    rows.clear();
    words.clear();
    rejected = {};
  }
};

}  // namespace clew
