// What of a span goes over the wire to its children: ids and flags, 32 bytes, trivially copyable.
#pragma once

#include <type_traits>

#include "clew/ids.h"

CLEW_BEGIN

struct SpanContext {
  // W3C trace flags.
  static constexpr uint8_t kSampled = 0x01;
  static constexpr uint8_t kRandom = 0x02;  // the last seven bytes of the trace id are random

  TraceId trace_id;
  SpanId span_id;
  uint8_t flags = 0;    // W3C; bits without a meaning are zero
  bool remote = false;  // came in from another process
  bool debug = false;   // B3's and Jaeger's debug flag: kept for their headers, implies sampled
  uint8_t reserved[5] = {};

  bool valid() const noexcept { return trace_id.valid() && span_id.valid(); }
  bool sampled() const noexcept { return (flags & kSampled) != 0; }
};

static_assert(sizeof(SpanContext) == 32 && std::is_trivially_copyable<SpanContext>::value, "nodes hold it as it is");

CLEW_END
