// OTLP's protobuf, written by hand for the load generator: encoded pieces, and one span from them. Field numbers:
// opentelemetry-proto trace.proto and common.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/ids.h"

namespace clew::cli {

inline constexpr uint32_t kRequestResourceSpans = 1;
inline constexpr uint32_t kResource = 1;    // of ResourceSpans
inline constexpr uint32_t kScopeSpans = 2;  // of ResourceSpans
inline constexpr uint32_t kScope = 1;       // of ScopeSpans
inline constexpr uint32_t kResourceAttributes = 1;
inline constexpr uint32_t kSpanName = 5;
inline constexpr uint32_t kSpanAttributes = 9;
inline constexpr uint32_t kEventName = 2;
inline constexpr uint32_t kEventAttributes = 3;
inline constexpr uint32_t kLinkAttributes = 4;

// Tag and length of a length-delimited field with a number below 16.
void append_field_head(std::string& out, uint32_t number, size_t length);
size_t field_head_bytes(size_t length);

std::string bytes_field(uint32_t number, std::string_view content);
std::string string_attribute(uint32_t field, std::string_view key, std::string_view value);
std::string int_attribute(uint32_t field, std::string_view key, int64_t value);
// The same at the end of `out`. Precondition: field < 16.
void append_string_attribute(std::string& out, uint32_t field, std::string_view key, std::string_view value);
void append_int_attribute(std::string& out, uint32_t field, std::string_view key, uint64_t value);
// "internal", "server", "client", "producer", "consumer"
std::string kind_field(std::string_view kind);
std::string status_field(uint32_t code, std::string_view message);

// Appends one span as a field `spans` of ScopeSpans. Precondition: its content is 128 to 16383 bytes long, so that its
// length takes two bytes, known before the length is.
class SpanBytes {
 public:
  explicit SpanBytes(std::string& out);
  void ids(TraceId trace, SpanId span, SpanId parent);  // a zero parent is left out
  void times(uint64_t start_ns, uint64_t end_ns);
  void raw(std::string_view fields) { out_ += fields; }
  // network.peer.address and .port: 10.0.0.1 … 10.3.255.254
  void peer(uint32_t number, uint32_t port);
  // app.request.id as UUID text
  void uuid(uint64_t high, uint64_t low);
  // `fields`: the event's name and attributes.
  void event(uint64_t time_ns, std::string_view fields);
  void link(TraceId trace, SpanId span, std::string_view fields);
  void finish();

 private:
  std::string& out_;
  const size_t begin_;
};

}  // namespace clew::cli
