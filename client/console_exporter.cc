#include "clew/exporters.h"
#include "json_text.h"
#include "text_exporter.h"

CLEW_BEGIN
namespace detail {
namespace {

template <typename Id>
void append_id(std::string& out, const Id& id) {
  char hex[Id::kHexSize];
  id.to_hex(hex);
  out += '"';
  out.append(hex, sizeof hex);
  out += '"';
}

// Milliseconds, exact to the nanosecond, without zeros at the end.
void append_ms(std::string& out, uint64_t ns) {
  append_number(out, ns / 1'000'000);
  uint64_t rest = ns % 1'000'000;
  if (rest == 0) return;
  char digits[] = ".000000";
  for (int i = 6; i > 0; --i, rest /= 10) digits[i] = char('0' + rest % 10);
  size_t size = 7;
  while (digits[size - 1] == '0') --size;
  out.append(digits, size);
}

bool has(List<const KeyValue> attributes, std::string_view key) {
  for (const KeyValue& pair : attributes) {
    if (pair.key == key) return true;
  }
  return false;
}

void append_pair(std::string& out, std::string_view key, const Value& value) {
  if (out.back() != '{') out += ',';
  append_json_string(out, key);
  out += ':';
  append_plain(out, value);
}

class ConsoleExporter : public TextExporter {
 public:
  explicit ConsoleExporter(int descriptor) noexcept : descriptor_(descriptor) {}

 protected:
  void append(std::string& out, const SpanData& span) override {
    out += "{\"traceId\":";
    append_id(out, span.context.trace_id);
    out += ",\"spanId\":";
    append_id(out, span.context.span_id);
    out += ",\"parentSpanId\":";
    if (span.parent_id.valid()) {
      append_id(out, span.parent_id);
    } else {
      out += "null";
    }
    out += ",\"operationName\":";
    append_json_string(out, span.name);
    out += ",\"startTime\":";
    append_ms(out, span.start_unix_ns);
    out += ",\"duration\":";
    append_ms(out, span.end_unix_ns - span.start_unix_ns);
    append_attributes(out, span);
    append_events(out, span);
    out += "}\n";
  }
  int descriptor() noexcept override { return descriptor_; }

 private:
  // And what the shape has no field for.
  static void append_attributes(std::string& out, const SpanData& span) {
    const List<const KeyValue> own{span.attributes.data, span.attributes.count};
    out += ",\"attributes\":{";
    for (const KeyValue& pair : own) append_pair(out, pair.key, pair.value);
    if (!has(own, "service.name")) append_pair(out, "service.name", span.resource->service_name());
    if (span.status == Status::kError && !has(own, "error")) append_pair(out, "error", true);
    if (!span.status_message.empty()) append_pair(out, "otel.status_description", span.status_message);
    out += '}';
  }
  static void append_events(std::string& out, const SpanData& span) {
    out += ",\"events\":[";
    for (const Event& event : span.events) {
      if (out.back() != '[') out += ',';
      out += "{\"timestamp\":";
      append_ms(out, event.time_unix_ns);
      out += ",\"name\":";
      append_json_string(out, event.name);
      out += ",\"attributes\":{";
      for (const KeyValue& pair : event.attributes) append_pair(out, pair.key, pair.value);
      out += "}}";
    }
    out += ']';
  }

  int descriptor_;
};

}  // namespace
}  // namespace detail

std::unique_ptr<Exporter> console_exporter(int descriptor) noexcept {
  return std::make_unique<detail::ConsoleExporter>(descriptor);
}

CLEW_END
