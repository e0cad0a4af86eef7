// The ids of the current span for lines of a log, whatever the logger:
//
//   auto ids = clew::log_ids();
//   printf("%s trace_id=%s span_id=%s\n", message, ids.trace_id, ids.span_id);
#pragma once

#include "clew/span.h"

CLEW_BEGIN

// Texts of C: 32 and 16 lower-case hex digits, "-" outside of a span. Those of a span that is not sampled too.
struct LogIds {
  char trace_id[TraceId::kHexSize + 1] = "-";
  char span_id[SpanId::kHexSize + 1] = "-";
};

inline LogIds log_ids() noexcept {
  LogIds ids;
  const SpanContext span = current_span().span_context();
  if (!span.valid()) return ids;
  span.trace_id.to_hex(ids.trace_id);
  span.span_id.to_hex(ids.span_id);
  ids.trace_id[TraceId::kHexSize] = ids.span_id[SpanId::kHexSize] = 0;
  return ids;
}

CLEW_END
