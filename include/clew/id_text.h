// Ids as texts, for log lines and for metrics.
#pragma once

#include "clew/span_context.h"

CLEW_BEGIN

// Texts of C: 32 and 16 lower-case hex digits, "-" and "-" without a span.
struct IdText {
  char trace_id[TraceId::kHexSize + 1] = "-";
  char span_id[SpanId::kHexSize + 1] = "-";

  IdText() noexcept = default;
  explicit IdText(const SpanContext& span) noexcept {
    if (!span.valid()) return;
    span.trace_id.to_hex(trace_id);
    span.span_id.to_hex(span_id);
    trace_id[TraceId::kHexSize] = span_id[SpanId::kHexSize] = 0;
  }
  // Whether there is a span.
  explicit operator bool() const noexcept { return trace_id[0] != '-'; }
};

CLEW_END
