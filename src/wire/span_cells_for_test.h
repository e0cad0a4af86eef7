// When the spans of two tables are equal, cell by cell: the definition that the fuzzers hold the encoders and decoders
// to. It reads the columns itself and shares nothing with the encoders.
//
// Two tables are equal when their spans, as lists of cells, are the same in any order. The cells of a span:
//   ids, start, end, kind (any number), status, trace state, flags, three dropped counts, status message, weight;
//   whether it ends before it starts, and whether it has events or links;
//   name, resource and scope: texts byte by byte, none and empty being one; attributes in their order, a repeated key
//   twice; their dropped counts; schema URLs; entity references in their order;
//   events and links in their order, with the same of theirs.
// Two values are equal when they have the same type and bits: 1 is not 1.0, NaNs with different payloads differ, 0.0 is
// not -0.0; arrays and key-value lists when they have equal elements in the same order, whatever the depth.
// Left out, as OTLP does not carry it: the time of receipt, kTextRepaired and kValueCut (what happened on the way in),
// codes, and the order of rows.
//
// Through::json forgives what JSON cannot say: there is one NaN, and an entity reference is its four known fields, with
// texts as the decoder repairs them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/utf8.h"
#include "column/nested.h"
#include "column/nested_records.h"
#include "column/span_table.h"
#include "wire/otlp_fields.h"
#include "wire/proto_fields.h"

namespace clew::wire {

enum class Through { protobuf, json };

class SpanCells {
 public:
  SpanCells(const SpanTable& table, Through through)
      : table_(table), vocabulary_(table.vocabulary), through_(through) {}

  // One text a span, sorted: two tables are equal when these are.
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (uint32_t row = 0; row < table_.rows(); ++row) out.push_back(span(row));
    std::ranges::sort(out);
    return out;
  }

 private:
  static std::string sized(std::string_view text) { return fmt::format("{}:{}", text.size(), text); }
  std::string text(uint32_t code) const { return sized(vocabulary_.text_at(code)); }

  std::string span(uint32_t index) const {
    SpanRow row = table_.row(index);
    Envelope envelope = Envelope::from(vocabulary_.envelopes.at(row.envelope));
    std::string out = fmt::format(
        "{} {:016x} parent={:016x} {}..{} kind={} status={} bits={} state={} flags={} dropped={},{},{} message={} "
        "weight={} name={}",
        row.trace.hex(), row.span, row.parent, row.start_ns, row.end_ns, static_cast<uint32_t>(row.kind),
        static_cast<uint32_t>(row.status), row.bits & (kEndBeforeStart | kHasNested), text(envelope.trace_state),
        envelope.flags, envelope.dropped_attributes, envelope.dropped_events, envelope.dropped_links,
        text(envelope.status_message), envelope.words().back(), value(vocabulary_.names.at(row.name)));
    auto words = table_.words(index);
    size_t attributes = vocabulary_.shapes.at(row.shape).size();
    out += shaped(row.shape, words.first(attributes));
    bool whole = walk_nested(
        words.subspan(attributes), vocabulary_.shapes, [&](const EventRecord& event) { out += event_text(event); },
        [&](const LinkRecord& link) { out += link_text(link); });
    if (!whole) out += " damaged";
    return out + resource(vocabulary_.resources.at(row.resource)) + scope(vocabulary_.scopes.at(row.scope));
  }

  std::string event_text(const EventRecord& event) const {
    return fmt::format("\n event {} name={} dropped={}", event.since_start_ns,
                       value(vocabulary_.event_names.at(event.name)), event.dropped_attributes) +
           shaped(event.shape, event.values);
  }
  std::string link_text(const LinkRecord& link) const {
    return fmt::format("\n link {} {} state={} flags={} dropped={}", link.trace.hex(), link.span.hex(),
                       text(link.trace_state), link.flags, link.dropped_attributes) +
           shaped(link.shape, link.values);
  }
  std::string resource(std::span<const uint32_t> words) const {
    std::string out = fmt::format("\n resource schema={} dropped={}", text(words[kSchemaUrlWord]), words[kDroppedWord]);
    ByteReader refs(vocabulary_.text_at(words[kEntityRefsWord]));
    while (!refs.at_end() && refs.ok()) out += entity_ref(refs.sized());
    return out + pairs(words.subspan(kResourcePairs));
  }
  std::string scope(std::span<const uint32_t> words) const {
    return fmt::format("\n scope schema={} dropped={} name={} version={}", text(words[kSchemaUrlWord]),
                       words[kDroppedWord], text(words[kScopeNameWord]), text(words[kScopeVersionWord])) +
           pairs(words.subspan(kScopePairs));
  }

  std::string shaped(uint32_t shape, std::span<const uint32_t> values) const {
    auto keys = vocabulary_.shapes.at(shape);
    std::string out;
    for (size_t i = 0; i < keys.size(); ++i) out += attribute(keys[i], values[i]);
    return out;
  }
  std::string pairs(std::span<const uint32_t> words) const {
    std::string out;
    for (size_t i = 0; i + 1 < words.size(); i += 2) out += attribute(words[i], words[i + 1]);
    return out;
  }
  std::string attribute(uint32_t key, uint32_t code) const {
    KeyView view = vocabulary_.key_at(key);
    return fmt::format("\n  {} {}={}", static_cast<int>(view.scope), sized(view.name),
                       value(vocabulary_.values(key).at(code)));
  }

  std::string value(ValueView value) const {
    uint64_t scalar = value.scalar;
    if (through_ == Through::json && value.type == ValueType::real && std::isnan(value.as_real())) {
      scalar = std::bit_cast<uint64_t>(std::numeric_limits<double>::quiet_NaN());
    }
    std::string out = fmt::format("<{} {:x} ", static_cast<int>(value.type), scalar);
    if (value.type == ValueType::array || value.type == ValueType::kvlist) {
      NestedReader elements(value);
      while (elements.next()) out += sized(elements.key()) + this->value(elements.value());
      if (!elements.ok()) out += "damaged";
    } else {
      out += sized(value.text);
    }
    return out + ">";
  }

  std::string entity_ref(std::string_view encoded) const {
    if (through_ == Through::protobuf) return " ref " + sized(encoded);
    namespace f = entity_ref_field;
    std::string schema_url;
    std::string type;
    std::string keys;
    for (FieldReader field(encoded); field.next();) {
      if ((field.tag() & 7U) != kBytes) continue;
      std::string known = sized(replace_invalid_utf8(field.bytes()));
      if (field.number() == f::kSchemaUrl) schema_url = known;
      if (field.number() == f::kType) type = known;
    }
    for (uint32_t number : {f::kIdKeys, f::kDescriptionKeys}) {
      for (FieldReader field(encoded); field.next();) {
        if (field.tag() == tag_of(number, kBytes))
          keys += fmt::format(" {}={}", number, sized(replace_invalid_utf8(field.bytes())));
      }
    }
    auto or_empty = [](const std::string& text) { return text.empty() ? sized("") : text; };
    return " ref " + or_empty(schema_url) + " " + or_empty(type) + keys;
  }

  const SpanTable& table_;
  const Vocabulary& vocabulary_;
  const Through through_;
};

}  // namespace clew::wire
