#include "otlp.h"

#include <cstring>

CLEW_BEGIN
namespace detail {
namespace {

constexpr unsigned kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;

size_t varint_bytes(uint64_t value) noexcept {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

// All field numbers here are below 16 (but Span.flags), so a tag is a byte; a field of length 0 or value 0 is left out
// where proto3 does so.
size_t text_bytes(size_t size) noexcept {
  return 1 + varint_bytes(size) + size;
}
size_t optional_text_bytes(size_t size) noexcept {
  return size == 0 ? 0 : text_bytes(size);
}
size_t optional_varint_bytes(uint64_t value) noexcept {
  return value == 0 ? 0 : 1 + varint_bytes(value);
}

size_t value_bytes(const Value& value) noexcept;

size_t pair_bytes(const KeyValue& pair) noexcept {
  return text_bytes(pair.key.size()) + text_bytes(value_bytes(pair.value));
}

template <typename Pairs>
size_t pairs_bytes(const Pairs& pairs) noexcept {
  size_t bytes = 0;
  for (const KeyValue& pair : pairs) bytes += text_bytes(pair_bytes(pair));
  return bytes;
}

size_t items_bytes(List<const Value> items) noexcept {
  size_t bytes = 0;
  for (const Value& item : items) bytes += text_bytes(value_bytes(item));
  return bytes;
}

size_t value_bytes(const Value& value) noexcept {
  switch (value.type()) {
    case Value::Type::kNone: return 0;
    case Value::Type::kString:
    case Value::Type::kBytes: return text_bytes(value.text().size());
    case Value::Type::kBool: return 2;
    case Value::Type::kInt: return 1 + varint_bytes(uint64_t(value.integer()));
    case Value::Type::kDouble: return 9;
    case Value::Type::kArray: return text_bytes(items_bytes(value.items()));
    case Value::Type::kMap: return text_bytes(pairs_bytes(value.pairs()));
  }
  return 0;
}

size_t event_bytes(const Event& event) noexcept {
  return 9 + optional_text_bytes(event.name.size()) + pairs_bytes(event.attributes) +
         optional_varint_bytes(event.dropped_attributes);
}

size_t link_bytes(const Link& link) noexcept {
  return text_bytes(16) + text_bytes(8) + optional_text_bytes(link.trace_state.size()) + pairs_bytes(link.attributes) +
         optional_varint_bytes(link.dropped_attributes) + 5;
}

size_t status_bytes(const SpanData& span) noexcept {
  return optional_text_bytes(span.status_message.size()) + optional_varint_bytes(uint64_t(span.status));
}

size_t span_bytes(const SpanData& span) noexcept {
  size_t bytes = text_bytes(16) + text_bytes(8) + optional_text_bytes(span.trace_state.size());
  if (span.parent_id.valid()) bytes += text_bytes(8);
  bytes += optional_text_bytes(span.name.size()) + 2 + 9 + 9 + pairs_bytes(span.attributes);
  bytes += optional_varint_bytes(span.dropped_attributes) + optional_varint_bytes(span.dropped_events) +
           optional_varint_bytes(span.dropped_links);
  for (const Event& event : span.events) bytes += text_bytes(event_bytes(event));
  for (const Link& link : span.links) bytes += text_bytes(link_bytes(link));
  if (span.status != Status::kUnset) bytes += text_bytes(status_bytes(span));
  return bytes + 2 + 4;  // flags' tag has two bytes
}

// Writes into memory that is large enough: the sizes above have said so.
class Writer {
 public:
  explicit Writer(char* at) noexcept : at_(at) {}

  void tag(unsigned field, unsigned wire_type) noexcept { varint(field << 3 | wire_type); }
  void varint(uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7) *at_++ = char(value | 0x80);
    *at_++ = char(value);
  }
  void message(unsigned field, size_t bytes) noexcept {
    tag(field, kBytes);
    varint(bytes);
  }
  void text(unsigned field, const void* data, size_t size) noexcept {
    message(field, size);
    if (size != 0) std::memcpy(at_, data, size);
    at_ += size;
  }
  void text(unsigned field, std::string_view text) noexcept { this->text(field, text.data(), text.size()); }
  void optional_text(unsigned field, std::string_view text) noexcept {
    if (!text.empty()) this->text(field, text);
  }
  void optional_varint(unsigned field, uint64_t value) noexcept {
    if (value == 0) return;
    tag(field, kVarint);
    varint(value);
  }
  template <typename Word>
  void fixed(unsigned field, unsigned wire_type, Word word) noexcept {
    tag(field, wire_type);
    std::memcpy(at_, &word, sizeof word);
    at_ += sizeof word;
  }

  void value(const Value& value) noexcept {
    switch (value.type()) {
      case Value::Type::kNone: break;
      case Value::Type::kString: text(1, value.text()); break;
      case Value::Type::kBool:
        tag(2, kVarint);
        varint(value.boolean() ? 1 : 0);
        break;
      case Value::Type::kInt:
        tag(3, kVarint);
        varint(uint64_t(value.integer()));
        break;
      case Value::Type::kDouble: fixed(4, kFixed64, value.number()); break;
      case Value::Type::kArray:
        message(5, items_bytes(value.items()));
        for (const Value& item : value.items()) {
          message(1, value_bytes(item));
          this->value(item);
        }
        break;
      case Value::Type::kMap:
        message(6, pairs_bytes(value.pairs()));
        pairs(1, value.pairs());
        break;
      case Value::Type::kBytes: text(7, value.text()); break;
    }
  }
  template <typename Pairs>
  void pairs(unsigned field, const Pairs& pairs) noexcept {
    for (const KeyValue& pair : pairs) {
      const size_t size = value_bytes(pair.value);
      message(field, text_bytes(pair.key.size()) + text_bytes(size));
      text(1, pair.key);
      message(2, size);
      value(pair.value);
    }
  }
  void event(const Event& event) noexcept {
    fixed(1, kFixed64, event.time_unix_ns);
    optional_text(2, event.name);
    pairs(3, event.attributes);
    optional_varint(4, event.dropped_attributes);
  }
  void link(const Link& link) noexcept {
    text(1, link.span.trace_id.bytes, sizeof link.span.trace_id.bytes);
    text(2, link.span.span_id.bytes, sizeof link.span.span_id.bytes);
    optional_text(3, link.trace_state);
    pairs(4, link.attributes);
    optional_varint(5, link.dropped_attributes);
    fixed(6, kFixed32, uint32_t(otlp_flags(link.span.flags, link.span.remote)));
  }
  void span(const SpanData& span) noexcept {
    text(1, span.context.trace_id.bytes, sizeof span.context.trace_id.bytes);
    text(2, span.context.span_id.bytes, sizeof span.context.span_id.bytes);
    optional_text(3, span.trace_state);
    if (span.parent_id.valid()) text(4, span.parent_id.bytes, sizeof span.parent_id.bytes);
    optional_text(5, span.name);
    optional_varint(6, uint64_t(span.kind));
    fixed(7, kFixed64, span.start_unix_ns);
    fixed(8, kFixed64, span.end_unix_ns);
    pairs(9, span.attributes);
    optional_varint(10, span.dropped_attributes);
    for (const Event& event : span.events) {
      message(11, event_bytes(event));
      this->event(event);
    }
    optional_varint(12, span.dropped_events);
    for (const Link& link : span.links) {
      message(13, link_bytes(link));
      this->link(link);
    }
    optional_varint(14, span.dropped_links);
    if (span.status != Status::kUnset) {
      message(15, status_bytes(span));
      optional_text(2, span.status_message);
      optional_varint(3, uint64_t(span.status));
    }
    fixed(16, kFixed32, uint32_t(otlp_flags(span.context.flags, span.parent_remote)));
  }

 private:
  char* at_;
};

// Room for `bytes` more at the end of the text.
char* extend(std::string& out, size_t bytes) {
  const size_t at = out.size();
  if (out.capacity() < at + bytes) out.reserve(2 * (at + bytes));
  out.resize(at + bytes);
  return &out[at];
}

size_t scope_info_bytes(const ScopeInfo& scope) noexcept {
  return optional_text_bytes(scope.name.size()) + optional_text_bytes(scope.version.size()) +
         pairs_bytes(scope.attributes);
}

// ScopeSpans.
size_t scope_bytes(const OtlpScope& scope) noexcept {
  return text_bytes(scope_info_bytes(*scope.info)) + scope.spans.size() +
         optional_text_bytes(scope.info->schema_url.size());
}

void append_scope(std::string& out, const OtlpScope& scope) {
  const ScopeInfo& info = *scope.info;
  const size_t bytes = scope_bytes(scope), info_bytes = scope_info_bytes(info);
  Writer writer(extend(out, 1 + varint_bytes(bytes) + text_bytes(info_bytes)));
  writer.message(2, bytes);
  writer.message(1, info_bytes);
  writer.optional_text(1, info.name);
  writer.optional_text(2, info.version);
  writer.pairs(3, info.attributes);
  out.append(scope.spans);
  Writer(extend(out, optional_text_bytes(info.schema_url.size()))).optional_text(3, info.schema_url);
}

// Reads a varint and moves on; false at the end or beyond 10 bytes.
bool read_varint(std::string_view& bytes, uint64_t& value) noexcept {
  value = 0;
  for (unsigned i = 0; i < 10 && i < bytes.size(); ++i) {
    value |= uint64_t(uint8_t(bytes[i]) & 0x7f) << (7 * i);
    if (uint8_t(bytes[i]) < 0x80) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// The next field: its number, and its content as a number or as bytes. False at the end, or where it is damaged.
bool read_field(std::string_view& bytes, uint64_t& field, uint64_t& number, std::string_view& content) noexcept {
  uint64_t tag;
  if (!read_varint(bytes, tag)) return false;
  field = tag >> 3;
  number = 0;
  content = {};
  switch (tag & 7) {
    case kVarint: return read_varint(bytes, number);
    case kBytes:
      if (!read_varint(bytes, number) || number > bytes.size()) return false;
      content = bytes.substr(0, number);
      bytes.remove_prefix(number);
      return true;
    case kFixed64:
    case kFixed32: {
      const size_t size = (tag & 7) == kFixed64 ? 8 : 4;
      if (bytes.size() < size) return false;
      bytes.remove_prefix(size);
      return true;
    }
    default: return false;
  }
}

}  // namespace

void append_otlp_span(std::string& out, const SpanData& span) {
  const size_t bytes = span_bytes(span);
  Writer writer(extend(out, 1 + varint_bytes(bytes) + bytes));
  writer.message(2, bytes);
  writer.span(span);
}

void append_otlp_request(std::string& out, const Resource& resource, const OtlpScope* scopes, size_t count) {
  size_t scopes_bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!scopes[i].spans.empty()) scopes_bytes += text_bytes(scope_bytes(scopes[i]));
  }
  const size_t info = pairs_bytes(resource.attributes);
  const size_t bytes = text_bytes(info) + scopes_bytes + optional_text_bytes(resource.schema_url.size());
  out.reserve(out.size() + 16 + bytes);
  Writer writer(extend(out, 1 + varint_bytes(bytes) + text_bytes(info)));
  writer.message(1, bytes);
  writer.message(1, info);
  writer.pairs(1, resource.attributes);
  for (size_t i = 0; i < count; ++i) {
    if (!scopes[i].spans.empty()) append_scope(out, scopes[i]);
  }
  Writer(extend(out, optional_text_bytes(resource.schema_url.size()))).optional_text(3, resource.schema_url);
}

PartialSuccess partial_success(std::string_view response) {
  PartialSuccess result;
  uint64_t field, number;
  std::string_view content, partial;
  while (read_field(response, field, number, content)) {
    if (field == 1) partial = content;
  }
  while (read_field(partial, field, number, content)) {
    if (field == 1) result.rejected_spans = number;
    if (field == 2) result.message = std::string(content);
  }
  return result;
}

}  // namespace detail
CLEW_END
