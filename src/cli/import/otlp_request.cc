#include "cli/import/otlp_request.h"

#include <cmath>
#include <cstdlib>
#include <limits>

#include "model/ids.h"
#include "wire/json_values.h"
#include "wire/otlp_fields.h"

namespace clew::cli {
namespace {

namespace any = wire::any_value_field;

void write_text(wire::MessageWriter& owner, uint32_t field, std::string_view text) {
  wire::MessageWriter value(owner, field);
  value.bytes(any::kString, text);
}

void write_real(wire::MessageWriter& value, double number) {
  value.fixed64(any::kDouble, std::bit_cast<uint64_t>(number));
}

void write_any(wire::MessageWriter& owner, uint32_t field, Json json);

void write_array(wire::MessageWriter& value, simdjson::dom::array elements) {
  wire::MessageWriter list(value, any::kArray);
  for (Json element : elements) write_any(list, wire::list_field::kValues, element);
}

void write_members(wire::MessageWriter& value, simdjson::dom::object members) {
  wire::MessageWriter list(value, any::kKvlist);
  for (auto member : members) json_attribute(list, wire::list_field::kValues, member.key, member.value);
}

void write_any(wire::MessageWriter& owner, uint32_t field, Json json) {
  wire::MessageWriter value(owner, field);
  switch (json.type()) {
    case simdjson::dom::element_type::STRING: value.bytes(any::kString, json.get_string().value_unsafe()); break;
    case simdjson::dom::element_type::BOOL: value.varint(any::kBool, json.get_bool().value_unsafe()); break;
    case simdjson::dom::element_type::INT64:
      value.varint(any::kInt, static_cast<uint64_t>(json.get_int64().value_unsafe()));
      break;
    // Beyond int64.
    case simdjson::dom::element_type::UINT64:
      write_real(value, static_cast<double>(json.get_uint64().value_unsafe()));
      break;
    case simdjson::dom::element_type::DOUBLE: write_real(value, json.get_double().value_unsafe()); break;
    case simdjson::dom::element_type::ARRAY: write_array(value, json.get_array().value_unsafe()); break;
    case simdjson::dom::element_type::OBJECT: write_members(value, json.get_object().value_unsafe()); break;
    case simdjson::dom::element_type::NULL_VALUE: break;
  }
}

// KeyValue {key, value {…}}
template <typename Write>
void write_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, Write write) {
  wire::MessageWriter pair(message, field);
  pair.bytes(wire::key_value_field::kKey, key);
  wire::MessageWriter value(pair, wire::key_value_field::kValue);
  write(value);
}

}  // namespace

void OtlpRequestWriter::add_span(std::string_view resource, std::string_view scope, std::string_view span) {
  bool same = !groups_.empty() && groups_.back().resource == resource && groups_.back().scope == scope;
  size_t at = groups_.size() - 1;
  if (!same) {
    auto [known, added] = known_.try_emplace(std::pair(std::string(resource), std::string(scope)), groups_.size());
    if (added) groups_.push_back({std::string(resource), std::string(scope), ""});
    at = known->second;
  }
  wire::MessageWriter(groups_[at].spans).bytes(wire::scope_spans_field::kSpans, span);
}

std::string OtlpRequestWriter::take() {
  std::string out;
  wire::MessageWriter request(out);
  for (Group& group : groups_) {
    std::string scope_spans;
    wire::MessageWriter(scope_spans).bytes(wire::scope_spans_field::kScope, group.scope);
    scope_spans += group.spans;
    group.spans = {};
    wire::MessageWriter resource_spans(request, wire::request_field::kResourceSpans);
    resource_spans.bytes(wire::resource_spans_field::kResource, group.resource);
    resource_spans.bytes(wire::resource_spans_field::kScopeSpans, scope_spans);
  }
  groups_.clear();
  known_.clear();
  return out;
}

void text_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, std::string_view value) {
  write_attribute(message, field, key, [&](wire::MessageWriter& any) { any.bytes(any::kString, value); });
}
void bool_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, bool value) {
  write_attribute(message, field, key, [&](wire::MessageWriter& any) { any.varint(any::kBool, value); });
}
void int_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, int64_t value) {
  write_attribute(message, field, key,
                  [&](wire::MessageWriter& any) { any.varint(any::kInt, static_cast<uint64_t>(value)); });
}
void real_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, double value) {
  write_attribute(message, field, key, [&](wire::MessageWriter& any) { write_real(any, value); });
}
void bytes_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, std::string_view value) {
  write_attribute(message, field, key, [&](wire::MessageWriter& any) { any.bytes(any::kBytes, value); });
}
void json_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key, Json value) {
  wire::MessageWriter pair(message, field);
  pair.bytes(wire::key_value_field::kKey, key);
  write_any(pair, wire::key_value_field::kValue, value);
}
void texts_attribute(wire::MessageWriter& message, uint32_t field, std::string_view key,
                     const std::vector<std::string_view>& values) {
  write_attribute(message, field, key, [&](wire::MessageWriter& any) {
    wire::MessageWriter list(any, any::kArray);
    for (std::string_view text : values) write_text(list, wire::list_field::kValues, text);
  });
}

std::string text_message(uint32_t field, std::string_view text) {
  std::string out;
  wire::MessageWriter(out).text_unless_empty(field, text);
  return out;
}

void write_status(wire::MessageWriter& span, uint64_t code, std::string_view message) {
  wire::MessageWriter status(span, wire::span_field::kStatus);
  status.text_unless_empty(wire::status_field::kMessage, message);
  status.varint_unless_zero(wire::status_field::kCode, code);
}

std::string trace_id_bytes(std::string_view hex) {
  auto id = TraceId::parse(hex);
  return id ? id->bytes() : "";
}
std::string span_id_bytes(std::string_view hex) {
  auto id = SpanId::parse(hex);
  return id ? id->bytes() : "";
}

std::string_view text_of(Json object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text)) return "";
  return text;
}

uint64_t nanoseconds_of(Json object, std::string_view key, uint64_t unit_ns) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  Json member;
  uint64_t whole = 0;
  double number = 0;
  if (object[key].get(member)) return 0;
  const uint64_t most_units = kMost / unit_ns;
  if (wire::read_unsigned(member, whole)) return whole > most_units ? 0 : whole * unit_ns;
  if (!wire::read_real(member, number) || !(number >= 0)) return 0;
  // The fraction apart, because nanoseconds since 1970 are more than a double can hold.
  double floor = std::floor(number);
  if (floor >= static_cast<double>(most_units)) return 0;
  return static_cast<uint64_t>(floor) * unit_ns +
         static_cast<uint64_t>(std::llround((number - floor) * static_cast<double>(unit_ns)));
}

}  // namespace clew::cli
