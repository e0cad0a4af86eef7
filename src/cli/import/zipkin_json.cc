// Zipkin's JSON, version 2: a list of spans, a list of traces (its query API), or a span alone. What OpenTelemetry's
// exporter to Zipkin writes as tags becomes fields of OTLP again; endpoints become attributes of OpenTelemetry's
// conventions.
#include "cli/import/json_formats.h"
#include "model/span_words.h"
#include "wire/otlp_fields.h"

namespace clew::cli {
namespace {

constexpr uint64_t kNsPerUs = 1000;
constexpr uint32_t kAttributes = wire::span_field::kAttributes;

uint64_t kind_of(std::string_view name) {
  if (name == "SERVER") return static_cast<uint64_t>(SpanKind::server);
  if (name == "CLIENT") return static_cast<uint64_t>(SpanKind::client);
  if (name == "PRODUCER") return static_cast<uint64_t>(SpanKind::producer);
  if (name == "CONSUMER") return static_cast<uint64_t>(SpanKind::consumer);
  return 0;
}

std::string_view address_of(Json endpoint) {
  std::string_view v4 = text_of(endpoint, "ipv4");
  return v4.empty() ? text_of(endpoint, "ipv6") : v4;
}

void write_endpoint(wire::MessageWriter& span, Json endpoint, std::string_view address_key, std::string_view port_key) {
  if (std::string_view address = address_of(endpoint); !address.empty()) {
    text_attribute(span, kAttributes, address_key, address);
  }
  int64_t port = 0;
  if (!endpoint["port"].get(port) && port > 0) int_attribute(span, kAttributes, port_key, port);
}

std::string resource_of(Json span) {
  std::string out;
  wire::MessageWriter resource(out);
  std::string_view service;
  Json local;
  if (!span["localEndpoint"].get(local)) service = text_of(local, "serviceName");
  if (!service.empty()) text_attribute(resource, wire::resource_field::kAttributes, "service.name", service);
  return out;
}

struct SpanTags {
  StatusCode status = StatusCode::unset;
  std::string_view status_message, trace_state, scope_name, scope_version;

  // True when the tag is none but a field of OTLP.
  bool take(std::string_view key, std::string_view value) {
    if (key == "error") {
      status = StatusCode::error;
      if (value != "true") status_message = value;
    } else if (key == "otel.status_code" && (value == "OK" || value == "ERROR")) {
      status = value == "OK" ? StatusCode::ok : StatusCode::error;
    } else if (key == "otel.status_description") {
      status_message = value;
    } else if (key == "w3c.tracestate") {
      trace_state = value;
    } else if (key == "otel.scope.name" || key == "otel.library.name") {
      scope_name = value;
    } else if (key == "otel.scope.version" || key == "otel.library.version") {
      scope_version = value;
    } else {
      return false;
    }
    return true;
  }
};

void write_times(wire::MessageWriter& span, Json json) {
  uint64_t start_ns = nanoseconds_of(json, "timestamp", kNsPerUs);
  simdjson::dom::array annotations;
  bool annotated = !json["annotations"].get(annotations);
  if (annotated) {
    for (Json annotation : annotations) {
      uint64_t time_ns = nanoseconds_of(annotation, "timestamp", kNsPerUs);
      wire::MessageWriter event(span, wire::span_field::kEvents);
      event.fixed64(wire::event_field::kTime, time_ns);
      event.bytes(wire::event_field::kName, text_of(annotation, "value"));
      // Old reporters leave the start to the first annotation.
      bool starts = json["timestamp"].error() && (start_ns == 0 || time_ns < start_ns);
      if (starts) start_ns = time_ns;
    }
  }
  span.fixed64(wire::span_field::kStart, start_ns);
  span.fixed64(wire::span_field::kEnd, start_ns + nanoseconds_of(json, "duration", kNsPerUs));
}

void write_tags(wire::MessageWriter& span, Json json, SpanTags& tags) {
  simdjson::dom::object members;
  if (json["tags"].get(members)) return;
  for (auto tag : members) {
    std::string_view text;
    if (!tag.value.get(text) && tags.take(tag.key, text)) continue;
    json_attribute(span, kAttributes, tag.key, tag.value);
  }
}

Status convert_span(Json json, OtlpRequestWriter& out) {
  namespace field = wire::span_field;
  if (!json.is_object()) return invalid("a span of Zipkin's JSON is an object");
  std::string content;
  SpanTags tags;
  {
    wire::MessageWriter span(content);
    span.bytes(field::kTraceId, trace_id_bytes(text_of(json, "traceId")));
    span.bytes(field::kSpanId, span_id_bytes(text_of(json, "id")));
    span.text_unless_empty(field::kParentSpanId, span_id_bytes(text_of(json, "parentId")));
    span.text_unless_empty(field::kName, text_of(json, "name"));
    span.varint_unless_zero(field::kKind, kind_of(text_of(json, "kind")));
    write_times(span, json);
    write_tags(span, json, tags);
    Json endpoint;
    if (!json["localEndpoint"].get(endpoint)) {
      write_endpoint(span, endpoint, "network.local.address", "network.local.port");
    }
    if (!json["remoteEndpoint"].get(endpoint)) {
      if (std::string_view peer = text_of(endpoint, "serviceName"); !peer.empty()) {
        text_attribute(span, kAttributes, "peer.service", peer);
      }
      write_endpoint(span, endpoint, "network.peer.address", "network.peer.port");
    }
    bool flag = false;
    if (!json["shared"].get(flag) && flag) bool_attribute(span, kAttributes, "zipkin.shared", true);
    if (!json["debug"].get(flag) && flag) bool_attribute(span, kAttributes, "zipkin.debug", true);
    span.text_unless_empty(field::kTraceState, tags.trace_state);
    write_status(span, static_cast<uint64_t>(tags.status), tags.status_message);
  }
  std::string scope = text_message(wire::scope_field::kName, tags.scope_name) +
                      text_message(wire::scope_field::kVersion, tags.scope_version);
  out.add_span(resource_of(json), scope, content);
  return {};
}

Status convert(Json document, OtlpRequestWriter& out) {
  simdjson::dom::array list;
  if (document.get(list)) return convert_span(document, out);
  for (Json element : list) {
    simdjson::dom::array trace;
    if (element.get(trace)) {
      TRY(convert_span(element, out));
      continue;
    }
    for (Json span : trace) TRY(convert_span(span, out));
  }
  return {};
}

bool recognises(Json document) {
  simdjson::dom::array list;
  if (document.get(list)) return !document["traceId"].error() && !document["id"].error();
  // An empty answer of the query API.
  return list.size() == 0 || recognises(list.at(0).value_unsafe());
}

}  // namespace

const JsonFormat kZipkinJson{"Zipkin JSON", recognises, convert};

}  // namespace clew::cli
