// One object a span, as a console exporter prints it and as one writes it by hand:
//   {"traceId","spanId","parentSpanId" (null at the root),"operationName","startTime": ms,"duration": ms,
//    "attributes":{…,"service.name"},"events":[{"timestamp": ms,"name","attributes":{}}]}
// An id that is not hexadecimal is hashed; the attribute clew.original_id keeps it, as a list when both were such.
#include <algorithm>
#include <cstring>

#include "base/hex.h"
#include "base/mix.h"
#include "cli/import/json_formats.h"
#include "model/ids.h"
#include "model/span_words.h"
#include "wire/otlp_fields.h"

namespace clew::cli {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint32_t kAttributes = wire::span_field::kAttributes;

bool is_hex(std::string_view text, size_t most_digits) {
  return text.size() <= most_digits && std::ranges::all_of(text, [](char c) { return hex_digit(c) >= 0; });
}

// Fixed for ever: files that are imported one after the other name the same traces.
uint64_t hash_text(std::string_view text, uint64_t seed) {
  uint64_t hash = mix64(seed, text.size());
  while (!text.empty()) {
    uint64_t word = 0;
    size_t count = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), count);
    hash = mix64(hash, word);
    text.remove_prefix(count);
  }
  return hash;
}

// Ids may be numbers.
std::string id_text(Json object, std::string_view key) {
  Json member;
  std::string_view text;
  if (object[key].get(member) || member.is_null()) return "";
  if (!member.get(text)) return std::string(text);
  return simdjson::minify(member);
}

std::string trace_bytes(const std::string& id) {
  if (is_hex(id, 32)) return trace_id_bytes(id);
  return TraceId{hash_text(id, 1), hash_text(id, 2)}.bytes();
}
std::string span_bytes(const std::string& id) {
  return is_hex(id, 16) ? span_id_bytes(id) : SpanId{hash_text(id, 3)}.bytes();
}

void write_original_ids(wire::MessageWriter& span, const std::string& trace, const std::string& id) {
  std::vector<std::string_view> originals;
  if (!is_hex(trace, 32)) originals.push_back(trace);
  if (!is_hex(id, 16)) originals.push_back(id);
  constexpr std::string_view kKey = "clew.original_id";
  if (originals.size() == 1) text_attribute(span, kAttributes, kKey, originals.front());
  if (originals.size() > 1) texts_attribute(span, kAttributes, kKey, originals);
}

// kind, status and service come as attributes; all but the service stay that, too.
struct SpanWords {
  SpanKind kind = SpanKind::unspecified;
  bool failed = false;
  std::string_view service;

  void note(std::string_view key, Json value) {
    std::string_view text;
    if (key == "error" && value.is_bool()) failed = value.get_bool().value_unsafe();
    if (key != "span.kind" || value.get(text)) return;
    for (SpanKind one :
         {SpanKind::internal, SpanKind::server, SpanKind::client, SpanKind::producer, SpanKind::consumer}) {
      if (name_of(one) == text) kind = one;
    }
  }
};

void write_events(wire::MessageWriter& span, Json json) {
  simdjson::dom::array events;
  if (json["events"].get(events)) return;
  for (Json one : events) {
    wire::MessageWriter event(span, wire::span_field::kEvents);
    event.fixed64(wire::event_field::kTime, nanoseconds_of(one, "timestamp", kNsPerMs));
    event.bytes(wire::event_field::kName, text_of(one, "name"));
    simdjson::dom::object members;
    if (one["attributes"].get(members)) continue;
    for (auto member : members) json_attribute(event, wire::event_field::kAttributes, member.key, member.value);
  }
}

Status convert_span(Json json, OtlpRequestWriter& out) {
  namespace field = wire::span_field;
  if (!json.is_object()) return invalid("a span is an object");
  std::string trace = id_text(json, "traceId");
  std::string id = id_text(json, "spanId");
  std::string parent = id_text(json, "parentSpanId");
  std::string content;
  SpanWords words;
  {
    wire::MessageWriter span(content);
    span.bytes(field::kTraceId, trace_bytes(trace));
    span.bytes(field::kSpanId, span_bytes(id));
    if (!parent.empty()) span.bytes(field::kParentSpanId, span_bytes(parent));
    std::string_view name = text_of(json, "operationName");
    span.bytes(field::kName, name.empty() ? text_of(json, "name") : name);
    uint64_t start_ns = nanoseconds_of(json, "startTime", kNsPerMs);
    span.fixed64(field::kStart, start_ns);
    span.fixed64(field::kEnd, start_ns + nanoseconds_of(json, "duration", kNsPerMs));
    simdjson::dom::object members;
    if (!json["attributes"].get(members)) {
      for (auto member : members) {
        words.note(member.key, member.value);
        if (member.key == "service.name" && !member.value.get(words.service)) continue;
        json_attribute(span, kAttributes, member.key, member.value);
      }
    }
    write_original_ids(span, trace, id);
    write_events(span, json);
    span.varint_unless_zero(field::kKind, static_cast<uint64_t>(words.kind));
    if (words.failed) write_status(span, static_cast<uint64_t>(StatusCode::error), "");
  }
  std::string resource;
  wire::MessageWriter attributes(resource);
  if (!words.service.empty()) {
    text_attribute(attributes, wire::resource_field::kAttributes, "service.name", words.service);
  }
  out.add_span(resource, "", content);
  return {};
}

Status convert(Json document, OtlpRequestWriter& out) {
  simdjson::dom::array spans;
  if (document.get(spans)) return convert_span(document, out);
  for (Json span : spans) TRY(convert_span(span, out));
  return {};
}

bool recognises(Json document) {
  simdjson::dom::array list;
  if (!document.get(list)) return list.size() > 0 && list.at(0).is_object() && recognises(list.at(0).value_unsafe());
  return !document["traceId"].error() && !document["spanId"].error() && !document["startTime"].error();
}

}  // namespace

const JsonFormat kSimpleJson{"span JSON", recognises, convert};

}  // namespace clew::cli
