// Jaeger's JSON: the answer of its HTTP API and what its UI downloads ({"data":[trace …]}), traces alone or in a list,
// and spans with their own process, as Jaeger keeps them in Elasticsearch. Tags become OTLP's fields again as Jaeger
// itself translates them.
#include <fmt/format.h>

#include <map>

#include "base/base64.h"
#include "cli/import/json_formats.h"
#include "model/span_words.h"
#include "wire/json_values.h"
#include "wire/otlp_fields.h"

namespace clew::cli {
namespace {

constexpr uint64_t kNsPerUs = 1000;
constexpr std::string_view kNoService = "OTLPResourceNoServiceName";
using Processes = std::map<std::string, std::string, std::less<>>;  // encoded resources by id

// KeyValue {key, type, value}
void write_tag(wire::MessageWriter& message, uint32_t field, std::string_view key, Json tag) {
  Json value;
  if (tag["value"].get(value)) return;
  std::string_view type = text_of(tag, "type");
  int64_t integer = 0;
  double real = 0;
  std::string bytes;
  // Integers beyond 2^53 are written as text.
  if ((type == "int64" || type == "long") && wire::read_signed(value, integer)) {
    int_attribute(message, field, key, integer);
  } else if ((type == "float64" || type == "double") && wire::read_real(value, real)) {
    real_attribute(message, field, key, real);
  } else if (type == "binary" && value.is_string() && append_from_base64(bytes, value.get_string().value_unsafe())) {
    bytes_attribute(message, field, key, bytes);
  } else {
    json_attribute(message, field, key, value);
  }
}

std::string resource_of(Json process) {
  std::string out;
  wire::MessageWriter resource(out);
  constexpr uint32_t kAttributes = wire::resource_field::kAttributes;
  std::string_view service = text_of(process, "serviceName");
  if (!service.empty() && service != kNoService) text_attribute(resource, kAttributes, "service.name", service);
  simdjson::dom::array tags;
  if (process["tags"].get(tags)) return out;
  for (Json tag : tags) {
    std::string_view key = text_of(tag, "key");
    if (key == "jaeger.version") {
      text_attribute(resource, kAttributes, "opencensus.exporterversion",
                     fmt::format("Jaeger-{}", text_of(tag, "value")));
    } else {
      write_tag(resource, kAttributes, key == "hostname" ? "host.name" : key, tag);
    }
  }
  return out;
}

// What tags say about the span itself.
struct SpanTags {
  SpanKind kind = SpanKind::unspecified;
  StatusCode status = StatusCode::unset;
  bool has_error = false;
  int64_t http_status = 0;
  std::string_view status_message, trace_state, scope_name, scope_version;

  // True when the tag is none but a field of OTLP.
  bool take(std::string_view key, Json tag) {
    if (key == "span.kind") return take_kind(text_of(tag, "value"));
    if (key == "error") return take_error(tag);
    if (key == "otel.status_code") return take_status(text_of(tag, "value"));
    if (key == "otel.status_description") return take_text(status_message, tag);
    if (key == "w3c.tracestate") return take_text(trace_state, tag);
    if (key == "otel.scope.name" || key == "otel.library.name") return take_text(scope_name, tag);
    if (key == "otel.scope.version" || key == "otel.library.version") return take_text(scope_version, tag);
    if (key == "http.status_code" || key == "http.response.status_code") {
      Json value;
      if (!tag["value"].get(value)) wire::read_signed(value, http_status);
    }
    return false;
  }

  StatusCode status_code() const {
    if (status != StatusCode::unset || has_error) return status;
    bool failed = http_status >= 500 || (http_status >= 400 && kind == SpanKind::client);
    return failed ? StatusCode::error : StatusCode::unset;
  }

 private:
  bool take_kind(std::string_view name) {
    for (SpanKind one :
         {SpanKind::internal, SpanKind::server, SpanKind::client, SpanKind::producer, SpanKind::consumer}) {
      if (name_of(one) == name) kind = one;
    }
    return name_of(kind) == name;
  }
  bool take_error(Json tag) {
    Json value;
    bool flag = false;
    if (tag["value"].get(value)) return false;
    if (value.is_string()) {
      std::string_view text = value.get_string().value_unsafe();
      if (text != "true" && text != "false") return false;
      flag = text == "true";
    } else if (value.get(flag)) {
      return false;
    }
    has_error = true;
    if (flag) status = StatusCode::error;
    return true;
  }
  bool take_status(std::string_view name) {
    if (name != "ERROR" && name != "OK") return false;
    if (status == StatusCode::unset) status = name == "OK" ? StatusCode::ok : StatusCode::error;
    return true;
  }
  static bool take_text(std::string_view& out, Json tag) {
    out = text_of(tag, "value");
    return true;
  }
};

void write_log(wire::MessageWriter& span, Json log) {
  namespace field = wire::event_field;
  wire::MessageWriter event(span, wire::span_field::kEvents);
  event.fixed64(field::kTime, nanoseconds_of(log, "timestamp", kNsPerUs));
  simdjson::dom::array fields;
  if (log["fields"].get(fields)) return;
  bool named = false;
  for (Json tag : fields) {
    std::string_view key = text_of(tag, "key");
    Json value;
    if (!named && key == "event" && !tag["value"].get(value) && value.is_string()) {
      event.bytes(field::kName, value.get_string().value_unsafe());
      named = true;
    } else {
      write_tag(event, field::kAttributes, key, tag);
    }
  }
}

// The first CHILD_OF within the trace is the parent, else the first FOLLOWS_FROM, which remains a link as well.
void write_references(wire::MessageWriter& span, Json json) {
  namespace field = wire::link_field;
  simdjson::dom::array references;
  std::string_view trace = text_of(json, "traceID");
  bool listed = !json["references"].get(references);
  std::string_view parent = text_of(json, "parentSpanID");
  std::string_view follows;
  auto is_child = [](Json reference) { return text_of(reference, "refType") != "FOLLOWS_FROM"; };
  if (listed) {
    for (Json reference : references) {
      if (text_of(reference, "traceID") != trace) continue;
      if (is_child(reference) && parent.empty()) parent = text_of(reference, "spanID");
      if (!is_child(reference) && follows.empty()) follows = text_of(reference, "spanID");
    }
  }
  if (std::string id = span_id_bytes(parent.empty() ? follows : parent); !id.empty()) {
    span.bytes(wire::span_field::kParentSpanId, id);
  }
  if (!listed) return;
  for (Json reference : references) {
    bool is_parent =
        is_child(reference) && text_of(reference, "traceID") == trace && text_of(reference, "spanID") == parent;
    if (is_parent) continue;
    wire::MessageWriter link(span, wire::span_field::kLinks);
    link.bytes(field::kTraceId, trace_id_bytes(text_of(reference, "traceID")));
    link.bytes(field::kSpanId, span_id_bytes(text_of(reference, "spanID")));
    text_attribute(link, field::kAttributes, "opentracing.ref_type", is_child(reference) ? "child_of" : "follows_from");
  }
}

std::string scope_of(const SpanTags& tags) {
  return text_message(wire::scope_field::kName, tags.scope_name) +
         text_message(wire::scope_field::kVersion, tags.scope_version);
}

void write_warnings(wire::MessageWriter& span, Json json) {
  simdjson::dom::array warnings;
  if (json["warnings"].get(warnings)) return;
  std::vector<std::string_view> texts;
  for (Json warning : warnings) {
    if (warning.is_string()) texts.push_back(warning.get_string().value_unsafe());
  }
  if (!texts.empty()) texts_attribute(span, wire::span_field::kAttributes, "@jaeger@warnings", texts);
}

void convert_span(Json json, const std::string& resource, OtlpRequestWriter& out) {
  namespace field = wire::span_field;
  std::string content;
  SpanTags tags;
  {
    wire::MessageWriter span(content);
    span.bytes(field::kTraceId, trace_id_bytes(text_of(json, "traceID")));
    span.bytes(field::kSpanId, span_id_bytes(text_of(json, "spanID")));
    span.bytes(field::kName, text_of(json, "operationName"));
    uint64_t start_ns = nanoseconds_of(json, "startTime", kNsPerUs);
    span.fixed64(field::kStart, start_ns);
    span.fixed64(field::kEnd, start_ns + nanoseconds_of(json, "duration", kNsPerUs));
    uint64_t flags = 0;
    if (!json["flags"].get(flags)) span.fixed32_unless_zero(field::kFlags, static_cast<uint32_t>(flags & 0xff));
    write_references(span, json);
    simdjson::dom::array list;
    if (!json["tags"].get(list)) {
      for (Json tag : list) {
        std::string_view key = text_of(tag, "key");
        if (!tags.take(key, tag)) write_tag(span, field::kAttributes, key, tag);
      }
    }
    write_warnings(span, json);
    if (!json["logs"].get(list)) {
      for (Json log : list) write_log(span, log);
    }
    span.varint_unless_zero(field::kKind, static_cast<uint64_t>(tags.kind));
    span.text_unless_empty(field::kTraceState, tags.trace_state);
    write_status(span, static_cast<uint64_t>(tags.status_code()), tags.status_message);
  }
  out.add_span(resource, scope_of(tags), content);
}

Status convert_trace(Json trace, OtlpRequestWriter& out) {
  simdjson::dom::object members;
  if (trace.get(members)) return invalid("a trace of Jaeger's JSON is an object");
  Processes processes;
  if (!trace["processes"].get(members)) {
    for (auto process : members) processes.emplace(std::string(process.key), resource_of(process.value));
  }
  auto convert_one = [&](Json span) -> Status {
    Json own;
    if (!span.is_object()) return invalid("a span of Jaeger's JSON is an object");
    auto known = processes.find(text_of(span, "processID"));
    if (!span["process"].get(own)) {
      convert_span(span, resource_of(own), out);
    } else {
      convert_span(span, known == processes.end() ? "" : known->second, out);
    }
    return {};
  };
  simdjson::dom::array spans;
  simdjson::error_code missing = trace["spans"].get(spans);
  if (missing == simdjson::NO_SUCH_FIELD) return convert_one(trace);
  if (missing) return invalid("'spans' of a trace in Jaeger's JSON is a list");
  for (Json span : spans) TRY(convert_one(span));
  return {};
}

Status convert(Json document, OtlpRequestWriter& out) {
  simdjson::dom::array traces;
  if (document.get(traces) && document["data"].get(traces)) return convert_trace(document, out);
  for (Json trace : traces) TRY(convert_trace(trace, out));
  return {};
}

bool recognises(Json document) {
  simdjson::dom::array list;
  if (!document["data"].get(list)) return true;
  if (!document.get(list)) return list.size() > 0 && recognises(list.at(0).value_unsafe()) && !list.at(0).is_array();
  return !document["traceID"].error();
}

}  // namespace

const JsonFormat kJaegerJson{"Jaeger JSON", recognises, convert};

}  // namespace clew::cli
