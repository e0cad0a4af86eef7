#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clew/exporters.h"
#include "json_text.h"
#include "otlp.h"
#include "text_exporter.h"

CLEW_BEGIN
namespace detail {
namespace {

// {"resourceSpans":[{"resource":{…},"scopeSpans":[{"scope":{…},"spans":[…]},…]}]}; a new scopeSpans when the scope
// changes.
class OtlpFileExporter : public TextExporter {
 public:
  explicit OtlpFileExporter(std::string path) noexcept : path_(std::move(path)) {}
  ~OtlpFileExporter() override {
    if (file_ >= 0) ::close(file_);
  }

 protected:
  void append(std::string& out, const SpanData& span) override {
    if (resource_ != span.resource) {
      close(out);
      out += "{\"resourceSpans\":[{\"resource\":{";
      append_attributes(out, span.resource->attributes);
      out += "},\"scopeSpans\":[";
      resource_ = span.resource;
    }
    if (scope_ != span.scope) {
      if (scope_ != nullptr) out += "]},";
      append_scope(out, *span.scope);
      scope_ = span.scope;
    } else {
      out += ',';
    }
    append_span(out, span);
  }
  void close(std::string& out) override {
    if (resource_ == nullptr) return;
    out += "]}]}]}\n";
    resource_ = nullptr;
    scope_ = nullptr;
  }
  int descriptor() noexcept override {
    if (file_ < 0) {
      file_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    }
    return file_;
  }
  // A full disk: the part of a line that is there goes, so that every line can be read; unless somebody else appends
  // too.
  void torn(size_t written) noexcept override {
    struct stat now{};
    const off_t end = lseek(file_, 0, SEEK_CUR);
    const bool last = fstat(file_, &now) == 0 && S_ISREG(now.st_mode) && now.st_size == end && end >= off_t(written);
    if (last && ftruncate(file_, end - off_t(written)) == 0) return;
    ::close(file_);
    file_ = -1;
  }
  void forked() noexcept override {
    TextExporter::forked();
    resource_ = nullptr;
    scope_ = nullptr;
  }

 private:
  static void append_text(std::string& out, std::string_view field, std::string_view text) {
    if (text.empty()) return;
    separate(out);
    append_json_string(out, field);
    out += ':';
    append_json_string(out, text);
  }
  template <typename Number>
  static void append_count(std::string& out, std::string_view field, Number number) {
    if (number == 0) return;
    separate(out);
    append_json_string(out, field);
    out += ':';
    append_number(out, uint64_t(number));
  }
  static void append_time(std::string& out, std::string_view field, uint64_t ns) {
    separate(out);
    append_json_string(out, field);
    out += ":\"";
    append_number(out, ns);
    out += '"';
  }
  template <typename Id>
  static void append_id(std::string& out, std::string_view field, const Id& id) {
    char hex[Id::kHexSize];
    id.to_hex(hex);
    if (id.valid()) append_text(out, field, {hex, sizeof hex});
  }
  static void separate(std::string& out) {
    if (out.back() != '{' && out.back() != '[') out += ',';
  }
  static void append_attributes(std::string& out, List<const KeyValue> attributes) {
    if (attributes.empty()) return;
    separate(out);
    out += "\"attributes\":[";
    for (const KeyValue& pair : attributes) {
      separate(out);
      out += "{\"key\":";
      append_json_string(out, pair.key);
      out += ",\"value\":";
      append_any_value(out, pair.value);
      out += '}';
    }
    out += ']';
  }
  static void append_attributes(std::string& out, List<KeyValue> attributes) {
    append_attributes(out, List<const KeyValue>{attributes.data, attributes.count});
  }

  static void append_scope(std::string& out, const ScopeInfo& scope) {
    out += "{";
    append_text(out, "schemaUrl", scope.schema_url);
    separate(out);
    out += "\"scope\":{";
    append_text(out, "name", scope.name);
    append_text(out, "version", scope.version);
    append_attributes(out, scope.attributes);
    out += "},\"spans\":[";
  }

  static void append_span(std::string& out, const SpanData& span) {
    out += '{';
    append_id(out, "traceId", span.context.trace_id);
    append_id(out, "spanId", span.context.span_id);
    append_id(out, "parentSpanId", span.parent_id);
    append_text(out, "traceState", span.trace_state);
    append_count(out, "flags", otlp_flags(span.context.flags, span.parent_remote));
    append_text(out, "name", span.name);
    append_count(out, "kind", unsigned(span.kind));
    append_time(out, "startTimeUnixNano", span.start_unix_ns);
    append_time(out, "endTimeUnixNano", span.end_unix_ns);
    append_attributes(out, span.attributes);
    append_count(out, "droppedAttributesCount", span.dropped_attributes);
    append_events(out, span);
    append_links(out, span);
    if (span.status != Status::kUnset) {
      out += ",\"status\":{";
      append_text(out, "message", span.status_message);
      append_count(out, "code", unsigned(span.status));
      out += '}';
    }
    out += '}';
  }
  static void append_events(std::string& out, const SpanData& span) {
    if (!span.events.empty()) {
      out += ",\"events\":[";
      for (const Event& event : span.events) {
        separate(out);
        out += '{';
        append_time(out, "timeUnixNano", event.time_unix_ns);
        append_text(out, "name", event.name);
        append_attributes(out, event.attributes);
        append_count(out, "droppedAttributesCount", event.dropped_attributes);
        out += '}';
      }
      out += ']';
    }
    append_count(out, "droppedEventsCount", span.dropped_events);
  }
  static void append_links(std::string& out, const SpanData& span) {
    if (!span.links.empty()) {
      out += ",\"links\":[";
      for (const Link& link : span.links) {
        separate(out);
        out += '{';
        append_id(out, "traceId", link.span.trace_id);
        append_id(out, "spanId", link.span.span_id);
        append_text(out, "traceState", link.trace_state);
        append_attributes(out, link.attributes);
        append_count(out, "droppedAttributesCount", link.dropped_attributes);
        append_count(out, "flags", otlp_flags(link.span.flags, link.span.remote));
        out += '}';
      }
      out += ']';
    }
    append_count(out, "droppedLinksCount", span.dropped_links);
  }

  std::string path_;
  int file_ = -1;
  const Resource* resource_ = nullptr;
  const ScopeInfo* scope_ = nullptr;
};

}  // namespace
}  // namespace detail

std::unique_ptr<Exporter> otlp_file_exporter(std::string path) noexcept {
  return std::make_unique<detail::OtlpFileExporter>(std::move(path));
}

CLEW_END
