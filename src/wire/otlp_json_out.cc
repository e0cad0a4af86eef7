#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <vector>

#include "base/base64.h"
#include "base/hex.h"
#include "base/json_text.h"
#include "wire/enum_names.h"
#include "wire/otlp.h"
#include "wire/otlp_fields.h"
#include "wire/proto_fields.h"
#include "wire/span_groups.h"
#include "wire/table_reader.h"

namespace clew::wire {
namespace {

// Writes objects and arrays; the comma before a member is found by looking at what stands before it.
class JsonOut {
 public:
  explicit JsonOut(std::string& out) : out_(out) {}

  void open(char bracket) { out_.push_back(bracket); }
  void close(char bracket) { out_.push_back(bracket); }
  void element() {
    if (out_.back() != '{' && out_.back() != '[') out_.push_back(',');
  }
  void key(std::string_view name) {
    element();
    out_.append("\"").append(name).append("\":");
  }
  void text(std::string_view text) { append_json_string(out_, text); }
  template <typename T>
  void number(T value) {
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  template <typename T>
  void quoted(T value) {
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
  }
  void real(double value) {
    if (std::isnan(value)) {
      out_.append("\"NaN\"");
    } else if (std::isinf(value)) {
      out_.append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    } else if (value == 0 && std::signbit(value)) {
      out_.append("-0.0");  // "-0" is read back as the integer 0
    } else {
      number(value);
    }
  }
  void base64(std::string_view bytes) {
    out_.push_back('"');
    append_base64(out_, bytes);
    out_.push_back('"');
  }
  void hex(std::string_view bytes) {
    out_.push_back('"');
    append_hex(out_, bytes);
    out_.push_back('"');
  }
  void raw(std::string_view json) { out_.append(json); }

  // Members that are left out when they say nothing.
  void text_member(std::string_view name, std::string_view content) {
    if (content.empty()) return;
    key(name);
    text(content);
  }
  void count_member(std::string_view name, uint32_t count) {
    if (count == 0) return;
    key(name);
    number(count);
  }
  void decimal_member(std::string_view name, uint64_t value) {
    if (value == 0) return;
    key(name);
    quoted(value);
  }

 private:
  std::string& out_;
};

void value_json(JsonOut& out, ValueView value);

void pair_json(JsonOut& out, std::string_view key, ValueView value) {
  out.element();
  out.open('{');
  out.key("key");
  out.text(key);
  out.key("value");
  value_json(out, value);
  out.close('}');
}

void nested_json(JsonOut& out, ValueView value) {
  out.open('{');
  out.key("values");
  out.open('[');
  for (NestedReader reader(value); reader.next();) {
    if (value.type == ValueType::kvlist) {
      pair_json(out, reader.key(), reader.value());
    } else {
      out.element();
      value_json(out, reader.value());
    }
  }
  out.close(']');
  out.close('}');
}

void value_json(JsonOut& out, ValueView value) {
  out.open('{');
  switch (value.type) {
    case ValueType::none: break;
    case ValueType::string: out.key("stringValue"), out.text(value.text); break;
    case ValueType::boolean: out.key("boolValue"), out.raw(value.as_bool() ? "true" : "false"); break;
    case ValueType::integer: out.key("intValue"), out.quoted(value.as_int()); break;
    case ValueType::real: out.key("doubleValue"), out.real(value.as_real()); break;
    case ValueType::bytes: out.key("bytesValue"), out.base64(value.text); break;
    case ValueType::array: out.key("arrayValue"), nested_json(out, value); break;
    case ValueType::kvlist: out.key("kvlistValue"), nested_json(out, value); break;
  }
  out.close('}');
}

// The "attributes" member, opened with the first one. Must be closed before another member is begun.
class AttributeList {
 public:
  explicit AttributeList(JsonOut& out) : out_(out) {}
  ~AttributeList() {
    if (open_) out_.close(']');
  }
  AttributeList(const AttributeList&) = delete;
  AttributeList& operator=(const AttributeList&) = delete;
  void operator()(std::string_view key, ValueView value) {
    if (!open_) {
      out_.key("attributes");
      out_.open('[');
      open_ = true;
    }
    pair_json(out_, key, value);
  }

 private:
  JsonOut& out_;
  bool open_ = false;
};

class Encoder {
 public:
  Encoder(const SpanTable& table, JsonStyle style, std::string& out)
      : table_(table), reader_(table), style_(style), out_(out) {}

  void encode() {
    SpanGroups groups(table_);
    out_.open('{');
    out_.key(style_ == JsonStyle::tempo_v1 ? "batches" : "resourceSpans");
    out_.open('[');
    groups.each_resource([&](std::span<const uint32_t> rows) {
      auto words = reader_.resource(table_.resource(rows[0]));
      out_.element();
      out_.open('{');
      resource(words);
      out_.key("scopeSpans");
      out_.open('[');
      groups.each_scope(rows, [&](std::span<const uint32_t> scope_rows) { scope_spans(scope_rows); });
      out_.close(']');
      out_.text_member("schemaUrl", reader_.text(TableReader::word(words, kSchemaUrlWord)));
      out_.close('}');
    });
    out_.close(']');
    out_.close('}');
  }

 private:
  void resource(std::span<const uint32_t> words) {
    out_.key("resource");
    out_.open('{');
    {
      AttributeList attributes(out_);
      reader_.pairs(words, kResourcePairs, attributes);
    }
    out_.count_member("droppedAttributesCount", TableReader::word(words, kDroppedWord));
    bool open = false;
    reader_.entity_refs(words, [&](std::string_view encoded) {
      if (!open) {
        out_.key("entityRefs");
        out_.open('[');
        open = true;
      }
      entity_ref(encoded);
    });
    if (open) out_.close(']');
    out_.close('}');
  }

  void entity_ref(std::string_view encoded) {
    namespace f = entity_ref_field;
    std::string_view schema_url;
    std::string_view type;
    std::vector<std::string_view> id_keys;
    std::vector<std::string_view> description_keys;
    for (FieldReader field(encoded); field.next();) {
      switch (field.tag()) {
        case tag_of(f::kSchemaUrl, kBytes): schema_url = field.bytes(); break;
        case tag_of(f::kType, kBytes): type = field.bytes(); break;
        case tag_of(f::kIdKeys, kBytes): id_keys.push_back(field.bytes()); break;
        case tag_of(f::kDescriptionKeys, kBytes): description_keys.push_back(field.bytes()); break;
        default: break;
      }
    }
    out_.element();
    out_.open('{');
    out_.text_member("schemaUrl", schema_url);
    out_.text_member("type", type);
    text_list("idKeys", id_keys);
    text_list("descriptionKeys", description_keys);
    out_.close('}');
  }

  void text_list(std::string_view name, std::span<const std::string_view> texts) {
    if (texts.empty()) return;
    out_.key(name);
    out_.open('[');
    for (std::string_view text : texts) {
      out_.element();
      out_.text(text);
    }
    out_.close(']');
  }

  void scope_spans(std::span<const uint32_t> rows) {
    auto words = reader_.scope(table_.scope(rows[0]));
    out_.element();
    out_.open('{');
    out_.key("scope");
    out_.open('{');
    out_.text_member("name", reader_.text(TableReader::word(words, kScopeNameWord)));
    out_.text_member("version", reader_.text(TableReader::word(words, kScopeVersionWord)));
    {
      AttributeList attributes(out_);
      reader_.pairs(words, kScopePairs, attributes);
    }
    out_.count_member("droppedAttributesCount", TableReader::word(words, kDroppedWord));
    out_.close('}');
    out_.key("spans");
    out_.open('[');
    for (uint32_t row : rows) {
      out_.element();
      out_.open('{');
      span(row);
      out_.close('}');
    }
    out_.close(']');
    out_.text_member("schemaUrl", reader_.text(TableReader::word(words, kSchemaUrlWord)));
    out_.close('}');
  }

  void span(uint32_t index) {
    SpanRow row = table_.row(index);
    Envelope envelope = reader_.envelope(row.envelope);
    id_member("traceId", row.trace.bytes());
    id_member("spanId", SpanId{row.span}.bytes());
    if (row.parent != 0) id_member("parentSpanId", SpanId{row.parent}.bytes());
    out_.text_member("traceState", reader_.text(envelope.trace_state));
    out_.text_member("name", reader_.name(row.name));
    enum_member("kind", static_cast<uint8_t>(row.kind), kSpanKindNames);
    out_.decimal_member("startTimeUnixNano", row.start_ns);
    out_.decimal_member("endTimeUnixNano", row.end_ns);
    {
      AttributeList attributes(out_);
      reader_.shaped(row.shape, table_.words(index), attributes);
    }
    out_.count_member("droppedAttributesCount", envelope.dropped_attributes);
    nested(index, row.start_ns);
    out_.count_member("droppedEventsCount", envelope.dropped_events);
    out_.count_member("droppedLinksCount", envelope.dropped_links);
    out_.key("status");
    out_.open('{');
    out_.text_member("message", reader_.text(envelope.status_message));
    enum_member("code", static_cast<uint8_t>(row.status), kStatusCodeNames);
    out_.close('}');
    out_.count_member("flags", envelope.flags);
  }

  void nested(uint32_t index, uint64_t start_ns) {
    std::string_view open;
    auto begin = [&](std::string_view name) {
      if (open != name) {
        if (!open.empty()) out_.close(']');
        out_.key(name);
        out_.open('[');
        open = name;
      }
      out_.element();
      out_.open('{');
    };
    reader_.nested(
        index,
        [&](const EventRecord& event) {
          begin("events");
          out_.decimal_member("timeUnixNano", start_ns + static_cast<uint64_t>(event.since_start_ns));
          out_.text_member("name", reader_.event_name(event.name));
          shaped(event.shape, event.values);
          out_.count_member("droppedAttributesCount", event.dropped_attributes);
          out_.close('}');
        },
        [&](const LinkRecord& link) {
          begin("links");
          id_member("traceId", link.trace.bytes());
          id_member("spanId", link.span.bytes());
          out_.text_member("traceState", reader_.text(link.trace_state));
          shaped(link.shape, link.values);
          out_.count_member("droppedAttributesCount", link.dropped_attributes);
          out_.count_member("flags", link.flags);
          out_.close('}');
        });
    if (!open.empty()) out_.close(']');
  }

  void shaped(uint32_t shape, std::span<const uint32_t> values) {
    AttributeList attributes(out_);
    reader_.shaped(shape, values, attributes);
  }

  void id_member(std::string_view name, std::string_view bytes) {
    out_.key(name);
    if (style_ == JsonStyle::otlp) {
      out_.hex(bytes);
    } else {
      out_.base64(bytes);
    }
  }

  // A number without a name stays a number, as protobuf's JSON mapping has it.
  void enum_member(std::string_view name, uint8_t number, std::span<const std::string_view> names) {
    if (number == 0) return;
    out_.key(name);
    if (style_ == JsonStyle::otlp || number >= names.size()) {
      out_.number(number);
    } else {
      out_.text(names[number]);
    }
  }

  const SpanTable& table_;
  TableReader reader_;
  JsonStyle style_;
  JsonOut out_;
};

}  // namespace

void encode_otlp_json(const SpanTable& table, JsonStyle style, std::string& out) {
  Encoder(table, style, out).encode();
}

std::string encode_export_response_json(const Rejections& rejected) {
  std::string out;
  JsonOut json(out);
  json.open('{');
  if (rejected.spans != 0 || !rejected.reason.empty()) {
    json.key("partialSuccess");
    json.open('{');
    json.decimal_member("rejectedSpans", rejected.spans);
    json.text_member("errorMessage", rejected.reason);
    json.close('}');
  }
  json.close('}');
  return out;
}

}  // namespace clew::wire
