// OTLP's spans as protobuf, and what OTLP's two encodings share.
#pragma once

#include <string>

#include "clew/span_data.h"

CLEW_BEGIN
namespace detail {

// Span.flags and Link.flags: W3C's, and whether the parent (the linked span) is remote.
constexpr unsigned otlp_flags(uint8_t flags, bool remote) noexcept {
  return flags | 0x100u | (remote ? 0x200u : 0);
}

// An ExportTraceServiceRequest's pieces. A span is appended as an element of ScopeSpans.spans; the envelopes go around
// the spans of a scope when all are there.
void append_otlp_span(std::string& out, const SpanData& span);
// The spans of a scope, appended.
struct OtlpScope {
  const ScopeInfo* info = nullptr;
  std::string spans;
};
// The whole request. Scopes without spans are passed over.
void append_otlp_request(std::string& out, const Resource& resource, const OtlpScope* scopes, size_t count);

// What ExportTraceServiceResponse says about a partial success.
struct PartialSuccess {
  uint64_t rejected_spans = 0;
  std::string message;
};
// Fields that are not known, or damaged, are passed over.
PartialSuccess partial_success(std::string_view response);

}  // namespace detail
CLEW_END
