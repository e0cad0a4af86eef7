// One span as numbers: everything about it is either here, or a word in the table's word pool, or a code of the table's
// vocabulary.
//
// Words of a row, from `words` on: one value code per key of the row's shape; then, when `has_nested` is set, its
// events and links:
//   events count
//     per event  [time since span start: low, high (int64)] [event name] [shape] [dropped attributes] [value …]
//   links count
//     per link   [trace id: 4 words, as TraceId.hi low, hi high, lo low, lo high] [span id: low, high] [trace state]
//                [flags] [shape] [dropped attributes] [value …]
#pragma once

#include <cstdint>

#include "model/ids.h"
#include "model/span_words.h"

namespace clew {

inline constexpr uint32_t kNoRow = 0xffffffffU;

// Bits of SpanRow::bits. They reach the disk.
enum RowBit : uint8_t {
  kEndBeforeStart = 1,  // duration reads 0
  kTextRepaired = 2,    // invalid UTF-8 was replaced in some value
  kHasNested = 4,       // events or links follow the attribute values
  kValueCut = 8,        // a value or name was longer than its limit (model/limits.h)
};

struct SpanRow {
  TraceId trace;
  uint64_t span = 0;
  uint64_t parent = 0;    // 0: none
  uint64_t start_ns = 0;  // since 1970
  uint64_t end_ns = 0;
  uint64_t receive_ns = 0;  // since 1970, this server's clock when the request came
  uint32_t resource = 0;
  uint32_t scope = 0;
  uint32_t name = 0;
  uint32_t shape = 0;
  uint32_t envelope = 0;
  uint32_t words = 0;  // index of the row's first word in the pool of its batch or table
  uint32_t word_count = 0;
  SpanKind kind = SpanKind::unspecified;  // OTLP's number, also one beyond the known
  StatusCode status = StatusCode::unset;
  uint8_t bits = 0;

  uint64_t duration_ns() const { return end_ns < start_ns ? 0 : end_ns - start_ns; }
};

}  // namespace clew
