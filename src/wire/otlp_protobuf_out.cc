#include "wire/otlp.h"
#include "wire/otlp_fields.h"
#include "wire/proto_writer.h"
#include "wire/span_groups.h"
#include "wire/table_reader.h"

namespace clew::wire {
namespace {

void add_value(MessageWriter& out, ValueView value);

void add_nested(MessageWriter& out, ValueView value) {
  for (NestedReader reader(value); reader.next();) {
    MessageWriter element(out, list_field::kValues);
    if (value.type == ValueType::array) {
      add_value(element, reader.value());
    } else {
      element.text_unless_empty(key_value_field::kKey, reader.key());
      MessageWriter content(element, key_value_field::kValue);
      add_value(content, reader.value());
    }
  }
}

// The fields of an AnyValue.
void add_value(MessageWriter& out, ValueView value) {
  namespace f = any_value_field;
  switch (value.type) {
    case ValueType::none: return;
    case ValueType::string: out.bytes(f::kString, value.text); return;
    case ValueType::boolean: out.varint(f::kBool, value.as_bool()); return;
    case ValueType::integer: out.varint(f::kInt, value.scalar); return;
    case ValueType::real: out.fixed64(f::kDouble, value.scalar); return;
    case ValueType::bytes: out.bytes(f::kBytes, value.text); return;
    case ValueType::array:
    case ValueType::kvlist: {
      MessageWriter list(out, value.type == ValueType::array ? f::kArray : f::kKvlist);
      add_nested(list, value);
      return;
    }
  }
}

// Adds an attribute to `out` in the given field.
auto attribute_adder(MessageWriter& out, uint32_t field) {
  return [&out, field](std::string_view key, ValueView value) {
    MessageWriter pair(out, field);
    pair.text_unless_empty(key_value_field::kKey, key);
    MessageWriter content(pair, key_value_field::kValue);
    add_value(content, value);
  };
}

class Encoder {
 public:
  explicit Encoder(const SpanTable& table) : table_(table), reader_(table) {}

  void encode(std::string& out) const {
    MessageWriter request(out);
    SpanGroups groups(table_);
    groups.each_resource([&](std::span<const uint32_t> rows) {
      MessageWriter message(request, request_field::kResourceSpans);
      auto words = reader_.resource(table_.resource(rows[0]));
      resource(message, words);
      groups.each_scope(rows, [&](std::span<const uint32_t> scope_rows) { scope_spans(message, scope_rows); });
      message.text_unless_empty(resource_spans_field::kSchemaUrl,
                                reader_.text(TableReader::word(words, kSchemaUrlWord)));
    });
  }

 private:
  void resource(MessageWriter& out, std::span<const uint32_t> words) const {
    namespace f = resource_field;
    MessageWriter message(out, resource_spans_field::kResource);
    reader_.pairs(words, kResourcePairs, attribute_adder(message, f::kAttributes));
    message.varint_unless_zero(f::kDroppedAttributes, TableReader::word(words, kDroppedWord));
    reader_.entity_refs(words, [&](std::string_view encoded) { message.bytes(f::kEntityRefs, encoded); });
  }

  void scope_spans(MessageWriter& out, std::span<const uint32_t> rows) const {
    namespace f = scope_field;
    MessageWriter message(out, resource_spans_field::kScopeSpans);
    auto words = reader_.scope(table_.scope(rows[0]));
    {
      MessageWriter scope(message, scope_spans_field::kScope);
      scope.text_unless_empty(f::kName, reader_.text(TableReader::word(words, kScopeNameWord)));
      scope.text_unless_empty(f::kVersion, reader_.text(TableReader::word(words, kScopeVersionWord)));
      reader_.pairs(words, kScopePairs, attribute_adder(scope, f::kAttributes));
      scope.varint_unless_zero(f::kDroppedAttributes, TableReader::word(words, kDroppedWord));
    }
    for (uint32_t row : rows) {
      MessageWriter one(message, scope_spans_field::kSpans);
      span(one, row);
    }
    message.text_unless_empty(scope_spans_field::kSchemaUrl, reader_.text(TableReader::word(words, kSchemaUrlWord)));
  }

  void span(MessageWriter& out, uint32_t index) const {
    namespace f = span_field;
    SpanRow row = table_.row(index);
    Envelope envelope = reader_.envelope(row.envelope);
    char id[16];
    row.trace.copy_to(id);
    out.bytes(f::kTraceId, {id, 16});
    SpanId{row.span}.copy_to(id);
    out.bytes(f::kSpanId, {id, 8});
    out.text_unless_empty(f::kTraceState, reader_.text(envelope.trace_state));
    if (row.parent != 0) {
      SpanId{row.parent}.copy_to(id);
      out.bytes(f::kParentSpanId, {id, 8});
    }
    out.text_unless_empty(f::kName, reader_.name(row.name));
    out.varint_unless_zero(f::kKind, static_cast<uint64_t>(row.kind));
    out.fixed64_unless_zero(f::kStart, row.start_ns);
    out.fixed64_unless_zero(f::kEnd, row.end_ns);
    reader_.shaped(row.shape, table_.words(index), attribute_adder(out, f::kAttributes));
    out.varint_unless_zero(f::kDroppedAttributes, envelope.dropped_attributes);
    nested(out, index, row.start_ns, envelope);
    {
      MessageWriter status(out, f::kStatus);
      status.text_unless_empty(status_field::kMessage, reader_.text(envelope.status_message));
      status.varint_unless_zero(status_field::kCode, static_cast<uint64_t>(row.status));
    }
    out.fixed32_unless_zero(f::kFlags, envelope.flags);
  }

  void nested(MessageWriter& out, uint32_t index, uint64_t start_ns, const Envelope& envelope) const {
    reader_.nested(
        index,
        [&](const EventRecord& event) {
          namespace f = event_field;
          MessageWriter message(out, span_field::kEvents);
          message.fixed64_unless_zero(f::kTime, start_ns + static_cast<uint64_t>(event.since_start_ns));
          message.text_unless_empty(f::kName, reader_.event_name(event.name));
          reader_.shaped(event.shape, event.values, attribute_adder(message, f::kAttributes));
          message.varint_unless_zero(f::kDroppedAttributes, event.dropped_attributes);
        },
        [&](const LinkRecord& link) {
          namespace f = link_field;
          MessageWriter message(out, span_field::kLinks);
          char id[16];
          link.trace.copy_to(id);
          message.bytes(f::kTraceId, {id, 16});
          link.span.copy_to(id);
          message.bytes(f::kSpanId, {id, 8});
          message.text_unless_empty(f::kTraceState, reader_.text(link.trace_state));
          reader_.shaped(link.shape, link.values, attribute_adder(message, f::kAttributes));
          message.varint_unless_zero(f::kDroppedAttributes, link.dropped_attributes);
          message.fixed32_unless_zero(f::kFlags, link.flags);
        });
    out.varint_unless_zero(span_field::kDroppedEvents, envelope.dropped_events);
    out.varint_unless_zero(span_field::kDroppedLinks, envelope.dropped_links);
  }

  const SpanTable& table_;
  TableReader reader_;
};

}  // namespace

void encode_otlp_protobuf(const SpanTable& table, std::string& out) {
  Encoder(table).encode(out);
}

std::string encode_export_response_protobuf(const Rejections& rejected) {
  std::string out;
  if (rejected.spans == 0 && rejected.reason.empty()) return out;
  {
    MessageWriter response(out);
    MessageWriter partial(response, response_field::kPartialSuccess);
    partial.varint_unless_zero(partial_success_field::kRejectedSpans, rejected.spans);
    partial.text_unless_empty(partial_success_field::kErrorMessage, rejected.reason);
  }
  return out;
}

}  // namespace clew::wire
