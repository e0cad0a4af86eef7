// Ids as texts, for log lines and for metrics.
#pragma once

#include "clew/span_context.h"

CLEW_BEGIN

// 32 and 16 lower-case digits, or "-" and "-" when there is no span. Each ends in a zero byte: data() is a C string.
class IdText {
 public:
  IdText() noexcept = default;
  explicit IdText(const SpanContext& span) noexcept {
    if (!span.valid()) return;
    span.trace_id.to_hex(trace_id_);
    span.span_id.to_hex(span_id_);
    valid_ = true;
  }

  std::string_view trace_id() const noexcept { return {trace_id_, valid_ ? TraceId::kHexSize : 1}; }
  std::string_view span_id() const noexcept { return {span_id_, valid_ ? SpanId::kHexSize : 1}; }
  // Whether there is a span.
  explicit operator bool() const noexcept { return valid_; }

 private:
  char trace_id_[TraceId::kHexSize + 1] = "-";
  char span_id_[SpanId::kHexSize + 1] = "-";
  bool valid_ = false;
};

CLEW_END
