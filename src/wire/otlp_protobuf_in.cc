#include "wire/otlp_protobuf_in.h"

#include <fmt/format.h>

#include "wire/otlp_fields.h"

namespace clew::wire {

namespace {

// The most frequent rest of a KeyValue after its key: one value that is one string of less than 124 bytes, so that all
// tags and lengths are single bytes.
bool short_text(std::string_view rest, std::string_view& text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(rest[i]); };
  if (rest.size() < 4 || rest.size() >= 0x80 || byte(0) != tag_of(key_value_field::kValue, kBytes) ||
      byte(1) != rest.size() - 2 || byte(2) != tag_of(any_value_field::kString, kBytes) || byte(3) != rest.size() - 4) {
    return false;
  }
  text = rest.substr(4);
  return true;
}

// The next: one value that is one integer of at most five bytes, so that it is not negative and fits into 35 bits.
bool small_integer(std::string_view rest, int64_t& number) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(rest[i]); };
  if (rest.size() < 4 || rest.size() > 8 || byte(0) != tag_of(key_value_field::kValue, kBytes) ||
      byte(1) != rest.size() - 2 || byte(2) != tag_of(any_value_field::kInt, kVarint)) {
    return false;
  }
  number = 0;
  for (size_t i = 3; i < rest.size(); ++i) {
    bool is_last = i + 1 == rest.size();
    if ((byte(i) < 0x80) != is_last) return false;
    number |= int64_t{byte(i) & 0x7f} << 7 * (i - 3);
  }
  return true;
}

// The bytes of a KeyValue's key field when it stands first and is the key that counts, else 0.
size_t leading_key_bytes(std::string_view message, std::string_view key) {
  constexpr size_t kHeadBytes = 2;
  bool leads =
      message.size() >= kHeadBytes && static_cast<uint8_t>(message[0]) == tag_of(key_value_field::kKey, kBytes) &&
      static_cast<uint8_t>(message[1]) == key.size() && key.size() < 0x80 && key.data() == message.data() + kHeadBytes;
  return leads ? kHeadBytes + key.size() : 0;
}

}  // namespace

Status OtlpProtobufIn::decode(std::string_view body) {
  body_ = body;
  if (request(body)) return {};
  return fault_.status();
}

size_t OtlpProtobufIn::allocated_bytes() const {
  return span_memos_.allocated_bytes() + event_memos_.allocated_bytes() + resources_.allocated_bytes() +
         scopes_.allocated_bytes();
}

bool OtlpProtobufIn::fail_at(const char* at, std::string_view what) {
  return fault_.set(fmt::format("{} at byte {}", what, at - body_.data()));
}

bool OtlpProtobufIn::malformed(const FieldReader& field) {
  return fail_at(field.at(), field.fault());
}

bool OtlpProtobufIn::skip(const FieldReader& field, uint32_t last_known, uint32_t first_known) {
  if (field.number() > last_known || field.number() < first_known) return true;
  return fail_at(field.at(), fmt::format("wrong wire type of field {}", field.number()));
}

bool OtlpProtobufIn::request(std::string_view body) {
  size_t index = 0;
  FieldReader field(body);
  while (field.next()) {
    if (field.tag() == tag_of(request_field::kResourceSpans, kBytes)) {
      if (!resource_spans(field.bytes())) return fault_.in("resource_spans", index);
      ++index;
    } else if (!skip(field, request_field::kLast)) {
      return false;
    }
  }
  return field.fault() == nullptr || malformed(field);
}

bool OtlpProtobufIn::resource_spans(std::string_view message) {
  namespace f = resource_spans_field;
  Pieces pieces;
  std::string_view schema_url;
  size_t first_row = intake_.rows();
  size_t index = 0;
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kResource, kBytes): pieces.push_back(field.bytes()); break;
      case tag_of(f::kSchemaUrl, kBytes): schema_url = field.bytes(); break;
      case tag_of(f::kScopeSpans, kBytes):
        if (!scope_spans(field.bytes())) return fault_.in("scope_spans", index);
        ++index;
        break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  if (field.fault() != nullptr) return malformed(field);
  uint32_t code = 0;
  if (!resource(pieces, schema_url, code)) return fault_.in("resource");
  intake_.set_resource(first_row, code, intake_.admission.take_bits());
  return true;
}

bool OtlpProtobufIn::scope_spans(std::string_view message) {
  namespace f = scope_spans_field;
  Pieces pieces;
  std::string_view schema_url;
  size_t first_row = intake_.rows();
  size_t index = 0;
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kSpans, kBytes):
        if (!span(field.bytes())) return fault_.in("spans", index);
        ++index;
        break;
      case tag_of(f::kScope, kBytes): pieces.push_back(field.bytes()); break;
      case tag_of(f::kSchemaUrl, kBytes): schema_url = field.bytes(); break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  if (field.fault() != nullptr) return malformed(field);
  uint32_t code = 0;
  if (!scope(pieces, schema_url, code)) return fault_.in("scope");
  intake_.set_scope(first_row, code, intake_.admission.take_bits());
  return true;
}

bool OtlpProtobufIn::resource(const Pieces& pieces, std::string_view schema_url, uint32_t& code) {
  uint64_t incidents = intake_.admission.incidents();
  uint32_t schema = intake_.text_code(schema_url);
  if (pieces.size() == 1) {
    code = resources_.find(pieces[0], schema);
    if (code != kNoCode) return true;
  }
  entity_.clear();
  nested_attributes_.clear();
  for (std::string_view piece : pieces) {
    if (!resource_piece(piece)) return false;
  }
  if (!entity_attributes(Scope::resource)) return false;
  code = intake_.resource_code(entity_, schema);
  if (pieces.size() == 1 && incidents == intake_.admission.incidents()) resources_.store(pieces[0], {schema, code});
  return true;
}

bool OtlpProtobufIn::resource_piece(std::string_view message) {
  namespace f = resource_field;
  size_t refs = 0;
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kAttributes, kBytes): nested_attributes_.push_back(field.bytes()); break;
      case tag_of(f::kDroppedAttributes, kVarint): entity_.dropped_attributes = field.scalar32(); break;
      case tag_of(f::kEntityRefs, kBytes):
        if (!entity_ref(field.bytes())) return fault_.in("entity_refs", refs);
        ++refs;
        break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  return field.fault() == nullptr || malformed(field);
}

bool OtlpProtobufIn::entity_ref(std::string_view message) {
  FieldReader field(message);
  while (field.next()) {
    if ((field.tag() & 7) != kBytes && !skip(field, entity_ref_field::kLast)) return false;
  }
  if (field.fault() != nullptr) return malformed(field);
  intake_.add_entity_ref(entity_, message);
  return true;
}

bool OtlpProtobufIn::scope(const Pieces& pieces, std::string_view schema_url, uint32_t& code) {
  uint64_t incidents = intake_.admission.incidents();
  uint32_t schema = intake_.text_code(schema_url);
  if (pieces.size() == 1) {
    code = scopes_.find(pieces[0], schema);
    if (code != kNoCode) return true;
  }
  entity_.clear();
  nested_attributes_.clear();
  std::string_view name;
  std::string_view version;
  for (std::string_view piece : pieces) {
    if (!scope_piece(piece, name, version)) return false;
  }
  if (!entity_attributes(Scope::instrumentation)) return false;
  uint32_t name_code = intake_.text_code(name);
  code = intake_.scope_code(entity_, schema, name_code, intake_.text_code(version));
  if (pieces.size() == 1 && incidents == intake_.admission.incidents()) scopes_.store(pieces[0], {schema, code});
  return true;
}

bool OtlpProtobufIn::scope_piece(std::string_view message, std::string_view& name, std::string_view& version) {
  namespace f = scope_field;
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kName, kBytes): name = field.bytes(); break;
      case tag_of(f::kVersion, kBytes): version = field.bytes(); break;
      case tag_of(f::kAttributes, kBytes): nested_attributes_.push_back(field.bytes()); break;
      case tag_of(f::kDroppedAttributes, kVarint): entity_.dropped_attributes = field.scalar32(); break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  return field.fault() == nullptr || malformed(field);
}

bool OtlpProtobufIn::entity_attributes(Scope scope) {
  size_t count = intake_.admit_attributes(nested_attributes_.size(), entity_.dropped_attributes);
  for (size_t i = 0; i < count; ++i) {
    Attribute attribute;
    if (!new_attribute(nested_attributes_[i], scope, nullptr, attribute)) return fault_.in("attributes", i);
    if (attribute.taken) {
      entity_.pairs.push_back(attribute.key);
      entity_.pairs.push_back(attribute.value);
    } else {
      intake_.drop_attribute(entity_.dropped_attributes);
    }
  }
  return true;
}

bool OtlpProtobufIn::span(std::string_view message) {
  intake_.begin_span();
  if (!span_fields(message)) return false;
  Memo& memo = memo_of(span_memos_, unnamed_span_, intake_.vocabulary().names, span_name_);
  if (!attributes(span_attributes_, Scope::span, memo, span_.dropped_attributes)) return false;
  intake_.end_record(memo.shape_of(intake_.keys(), intake_.vocabulary().shapes), 0);
  uint32_t name = memo.name_code;
  if (!event_messages_.empty() && !events()) return false;
  if (!link_messages_.empty() && !links()) return false;
  if (intake_.end_span(span_, name)) return true;
  return fail_at(message.data(), "empty events, links and attributes that take more room than the request itself");
}

bool OtlpProtobufIn::span_fields(std::string_view message) {
  namespace f = span_field;
  span_ = {};
  span_name_ = {};
  span_attributes_.clear();
  event_messages_.clear();
  link_messages_.clear();
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kAttributes, kBytes): span_attributes_.push_back(field.bytes()); break;
      case tag_of(f::kTraceId, kBytes): span_.trace_id = field.bytes(); break;
      case tag_of(f::kSpanId, kBytes): span_.span_id = field.bytes(); break;
      case tag_of(f::kTraceState, kBytes): span_.trace_state = field.bytes(); break;
      case tag_of(f::kParentSpanId, kBytes): span_.parent_span_id = field.bytes(); break;
      case tag_of(f::kName, kBytes): span_name_ = field.bytes(); break;
      case tag_of(f::kKind, kVarint): span_.kind = field.scalar(); break;
      case tag_of(f::kStart, kFixed64): span_.start_ns = field.scalar(); break;
      case tag_of(f::kEnd, kFixed64): span_.end_ns = field.scalar(); break;
      case tag_of(f::kDroppedAttributes, kVarint): span_.dropped_attributes = field.scalar32(); break;
      case tag_of(f::kEvents, kBytes): event_messages_.push_back(field.bytes()); break;
      case tag_of(f::kDroppedEvents, kVarint): span_.dropped_events = field.scalar32(); break;
      case tag_of(f::kLinks, kBytes): link_messages_.push_back(field.bytes()); break;
      case tag_of(f::kDroppedLinks, kVarint): span_.dropped_links = field.scalar32(); break;
      case tag_of(f::kStatus, kBytes):
        if (!status(field.bytes())) return fault_.in("status");
        break;
      case tag_of(f::kFlags, kFixed32): span_.flags = field.scalar32(); break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  return field.fault() == nullptr || malformed(field);
}

bool OtlpProtobufIn::status(std::string_view message) {
  namespace f = status_field;
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kMessage, kBytes): span_.status_message = field.bytes(); break;
      case tag_of(f::kCode, kVarint): span_.status = field.scalar(); break;
      default:
        if (!skip(field, f::kLast, f::kFirst)) return false;
    }
  }
  return field.fault() == nullptr || malformed(field);
}

bool OtlpProtobufIn::events() {
  size_t count = intake_.admit_events(event_messages_.size(), span_.dropped_events);
  for (size_t i = 0; i < count; ++i) {
    if (!event(event_messages_[i])) return fault_.in("events", i);
  }
  return true;
}

bool OtlpProtobufIn::links() {
  size_t count = intake_.admit_links(link_messages_.size(), span_.dropped_links);
  for (size_t i = 0; i < count; ++i) {
    if (!link(link_messages_[i])) return fault_.in("links", i);
  }
  return true;
}

bool OtlpProtobufIn::event(std::string_view message) {
  namespace f = event_field;
  uint64_t time_ns = 0;
  std::string_view name;
  uint32_t dropped = 0;
  nested_attributes_.clear();
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kTime, kFixed64): time_ns = field.scalar(); break;
      case tag_of(f::kName, kBytes): name = field.bytes(); break;
      case tag_of(f::kAttributes, kBytes): nested_attributes_.push_back(field.bytes()); break;
      case tag_of(f::kDroppedAttributes, kVarint): dropped = field.scalar32(); break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  if (field.fault() != nullptr) return malformed(field);
  Memo& memo = memo_of(event_memos_, unnamed_event_, intake_.vocabulary().event_names, name);
  intake_.begin_event(time_ns, span_.start_ns, memo.name_code);
  if (!attributes(nested_attributes_, Scope::event, memo, dropped)) return false;
  intake_.end_record(memo.shape_of(intake_.keys(), intake_.vocabulary().shapes), dropped);
  return true;
}

bool OtlpProtobufIn::link(std::string_view message) {
  namespace f = link_field;
  LinkFields link;
  nested_attributes_.clear();
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kTraceId, kBytes): link.trace_id = field.bytes(); break;
      case tag_of(f::kSpanId, kBytes): link.span_id = field.bytes(); break;
      case tag_of(f::kTraceState, kBytes): link.trace_state = field.bytes(); break;
      case tag_of(f::kAttributes, kBytes): nested_attributes_.push_back(field.bytes()); break;
      case tag_of(f::kDroppedAttributes, kVarint): link.dropped_attributes = field.scalar32(); break;
      case tag_of(f::kFlags, kFixed32): link.flags = field.scalar32(); break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  if (field.fault() != nullptr) return malformed(field);
  if (!intake_.begin_link(link, span_.dropped_links)) return true;
  if (!attributes(nested_attributes_, Scope::link, link_memo_, link.dropped_attributes)) return false;
  intake_.end_record(link_memo_.shape_of(intake_.keys(), intake_.vocabulary().shapes), link.dropped_attributes);
  return true;
}

AttributeMemo& OtlpProtobufIn::memo_of(NameMemos& memos, Memo& unnamed, ValueDictionary& names,
                                       std::string_view raw_name) {
  Memo& memo = memos.place_of(raw_name);
  if (memo.name_code != kNoCode && memo.name == raw_name) [[likely]]
    return memo;
  std::string_view name = intake_.admission.name(raw_name);
  bool taken_as_is = name.data() == raw_name.data() && name.size() == raw_name.size();
  Memo& out = taken_as_is ? memo : unnamed;
  out.name_code = names.intern(ValueView::of_string(name));
  out.name = names.at(out.name_code).text;
  return out;
}

bool OtlpProtobufIn::attributes(const Pieces& raw, Scope scope, Memo& memo, uint32_t& dropped) {
  size_t count = intake_.admit_attributes(raw.size(), dropped);
  SpanIntake::Attributes out = intake_.open_attributes(count);
  size_t taken = 0;
  for (size_t i = 0; i < count; ++i) {
    AttributeSlot* slot = memo.slot(i);
    if (slot != nullptr && slot->matches(raw[i])) [[likely]] {
      out.keys[taken] = slot->key();
      out.words[taken++] = slot->value();
      continue;
    }
    Attribute attribute;
    if (!new_attribute(raw[i], scope, slot, attribute)) return fault_.in("attributes", i);
    if (attribute.taken) {
      out.keys[taken] = attribute.key;
      out.words[taken++] = attribute.value;
    } else {
      intake_.drop_attribute(dropped);
    }
  }
  intake_.close_attributes(taken);
  return true;
}

bool OtlpProtobufIn::new_attribute(std::string_view message, Scope scope, AttributeSlot* slot, Attribute& out) {
  Admission& admission = intake_.admission;
  uint64_t incidents = admission.incidents();
  bool same_key = slot != nullptr && slot->matches_key(message);
  size_t key_bytes = same_key ? slot->key_end() : 0;
  ValueView view;
  int64_t number = 0;
  if (same_key && short_text(message.substr(key_bytes), view.text)) {
    out.key = slot->key();
    out.value = intake_.recent_word(out.key, view.text);
    if (out.value == kNoCode) view = ValueView::of_string(admission.text_value(view.text));
  } else if (same_key && small_integer(message.substr(key_bytes), number)) {
    out.key = slot->key();
    view = ValueView::of_int(number);
  } else {
    std::string_view key;
    std::string_view value;
    if (!key_value(message.substr(key_bytes), key, value)) return false;
    // A key after the value, or a second one, replaces the one that was recognised.
    if (same_key && key.data() == nullptr) {
      out.key = slot->key();
    } else {
      auto admitted = admission.key(key);
      if (!admitted) return true;
      out.key = intake_.vocabulary().intern_key({scope, *admitted});
      key_bytes = leading_key_bytes(message, key);
    }
    if (!any_value(value, 0, view)) return false;
  }
  if (out.value == kNoCode) out.value = intake_.value_word(out.key, view);
  out.taken = true;
  if (slot != nullptr && incidents == admission.incidents()) {
    slot->store(message, key_bytes, out.key, out.value & kOwnValue ? kNoCode : out.value);
  }
  return true;
}

bool OtlpProtobufIn::key_value(std::string_view message, std::string_view& key, std::string_view& value) {
  namespace f = key_value_field;
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kKey, kBytes): key = field.bytes(); break;
      case tag_of(f::kValue, kBytes): value = field.bytes(); break;
      default:
        if (!skip(field, f::kLast)) return false;
    }
  }
  return field.fault() == nullptr || malformed(field);
}

bool OtlpProtobufIn::any_value(std::string_view message, int depth, ValueView& out) {
  namespace f = any_value_field;
  out = {};
  FieldReader field(message);
  while (field.next()) {
    switch (field.tag()) {
      case tag_of(f::kString, kBytes): out = ValueView::of_string(field.bytes()); break;
      case tag_of(f::kBool, kVarint): out = ValueView::of_bool(field.scalar() != 0); break;
      case tag_of(f::kInt, kVarint): out = ValueView::of_int(static_cast<int64_t>(field.scalar())); break;
      case tag_of(f::kDouble, kFixed64): out = {ValueType::real, field.scalar(), {}}; break;
      case tag_of(f::kArray, kBytes): out = ValueView::of_array(field.bytes()); break;
      case tag_of(f::kKvlist, kBytes): out = ValueView::of_kvlist(field.bytes()); break;
      case tag_of(f::kBytes, WireType::kBytes): out = ValueView::of_bytes(field.bytes()); break;
      default:
        if (!skip(field, f::kLast)) return fault_.in("value");
    }
  }
  if (field.fault() != nullptr) {
    malformed(field);
    return fault_.in("value");
  }
  // Only the value that counts is looked at.
  switch (out.type) {
    case ValueType::string: out.text = intake_.admission.text_value(out.text); return true;
    case ValueType::bytes: out.text = intake_.admission.bytes_value(out.text); return true;
    case ValueType::array:
    case ValueType::kvlist: return nested_value(out.text, out.type, depth + 1, out);
    default: return true;
  }
}

bool OtlpProtobufIn::nested_value(std::string_view message, ValueType type, int depth, ValueView& out) {
  Admission& admission = intake_.admission;
  if (depth > admission.limits().value_depth) {
    return fail_at(message.data(), fmt::format("arrays and key-value lists nested deeper than {} (limits.value_depth)",
                                               admission.limits().value_depth));
  }
  NestedBuilder& builder = admission.open_nested(depth);
  bool room = true;
  size_t index = 0;
  FieldReader field(message);
  for (; field.next(); ++index) {
    if (field.tag() != tag_of(list_field::kValues, kBytes)) {
      if (!skip(field, list_field::kLast)) return false;
      continue;
    }
    if (!room) continue;
    ValueView element;
    if (type == ValueType::array) {
      if (!any_value(field.bytes(), depth, element)) return fault_.in("values", index);
      room = admission.add_nested(depth, element);
      continue;
    }
    std::string_view key;
    std::string_view value;
    if (!key_value(field.bytes(), key, value) || !any_value(value, depth, element)) return fault_.in("values", index);
    auto admitted = admission.key(key);
    if (admitted) room = admission.add_nested(depth, *admitted, element);
  }
  if (field.fault() != nullptr) return malformed(field);
  out = builder.finish(type);
  return true;
}

}  // namespace clew::wire
