// What readers of other formats make of their spans: one OTLP request, as protobuf, which is then decoded like any
// other, so that ids, limits and repairs are the same for every format. Used by one thread.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/proto_writer.h"

namespace clew::cli {

using Json = simdjson::dom::element;

class OtlpRequestWriter {
 public:
  // Encoded Resource, InstrumentationScope and Span messages. Spans are grouped by the first two.
  void add_span(std::string_view resource, std::string_view scope, std::string_view span);
  // The ExportTraceServiceRequest of all spans added; the writer is as new then.
  std::string take();

 private:
  struct Group {
    std::string resource;
    std::string scope;
    std::string spans;
  };
  std::vector<Group> groups_;
  absl::flat_hash_map<std::pair<std::string, std::string>, size_t> known_;
};

// A KeyValue as a field of a message: of a Resource, Span, Event or Link.
void text_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, std::string_view value);
void bool_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, bool value);
void int_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, int64_t value);
void real_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, double value);
void bytes_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, std::string_view value);
// Lists and objects become arrays and key-value lists, null an empty value. The parser limits how deep they are.
void json_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, Json value);
void texts_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key,
                     const std::vector<std::string_view>& values);

// A message that holds nothing but the text under `field`; "" for "".
std::string text_message(uint32_t field, std::string_view text);
// The content of a Status field.
void write_status(wire::MessageWriter& span, uint64_t code, std::string_view message);

// Hexadecimal ids of up to 16 and 8 bytes as OTLP has them; "", which rejects the span, when the text is none.
std::string trace_id_bytes(std::string_view hex);
std::string span_id_bytes(std::string_view hex);

// The member as text, or "".
std::string_view text_of(Json object, std::string_view key);
// The time (or duration) that the member gives in units of `unit_ns`, as a number with or without a fraction or as
// decimal text; 0 when it is missing, negative or beyond 64 bits of nanoseconds.
uint64_t nanoseconds_of(Json object, std::string_view key, uint64_t unit_ns);

}  // namespace clew::cli
