#include "wire/otlp_json_in.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>

#include "base/base64.h"
#include "wire/enum_names.h"
#include "wire/json_repair.h"
#include "wire/otlp_fields.h"
#include "wire/proto_writer.h"

namespace clew::wire {
namespace {

// A parser keeps eight times the size of the largest document it has seen; beyond this one it is not kept.
constexpr size_t kKeptParserBytes = size_t{64} << 10;
constexpr size_t kParserBytesPerByte = 14;
constexpr size_t kAll = std::numeric_limits<size_t>::max();

size_t length(const simdjson::dom::array& array) {
  return static_cast<size_t>(std::distance(array.begin(), array.end()));
}

}  // namespace

size_t OtlpJsonIn::allocated_bytes() const {
  return parser_ ? parser_->capacity() * kParserBytesPerByte : 0;
}

Status OtlpJsonIn::decode(std::string_view body) {
  mended_ = false;
  ASSIGN_OR_RETURN(Element root, parse(body));
  bool taken = request(root);
  if (parser_->capacity() > kKeptParserBytes) parser_.reset();
  if (!taken) return fault_.status();
  return {};
}

Result<JsonElement> OtlpJsonIn::parse(std::string_view body) {
  if (!parser_) parser_ = std::make_unique<simdjson::dom::parser>();
  Element root;
  auto error = parser_->parse(body.data(), body.size()).get(root);
  if (error == simdjson::UTF8_ERROR || error == simdjson::STRING_ERROR || error == simdjson::NUMBER_ERROR) {
    if (auto repaired = repair_json(body)) {
      mended_ = true;
      error = parser_->parse(*repaired).get(root);
    }
  }
  if (error == simdjson::SUCCESS) return root;
  parser_.reset();
  return std::unexpected(not_json(body, error).error());
}

Status OtlpJsonIn::not_json(std::string_view body, simdjson::error_code error) {
  if (error == simdjson::MEMALLOC) return fail(ErrorCode::resource_exhausted, "no memory to read the JSON");
  size_t at = find_json_fault(body);
  std::string_view what = simdjson::error_message(error);
  if (at < body.size()) return invalid(fmt::format("not JSON at byte {}: {}", at, what));
  return invalid(fmt::format("not JSON ({} bytes): {}", body.size(), what));
}

bool OtlpJsonIn::expected(std::string_view what) {
  return fault_.set(fmt::format("expected {}", what));
}

bool OtlpJsonIn::text(Element element, std::string_view& out) {
  if (!read_text(element, out)) return expected("a string");
  if (mended_ && out.find("\xef\xbf\xbd") != std::string_view::npos) intake_.admission.note_repaired();
  return true;
}

template <typename Each>
bool OtlpJsonIn::for_each(const Array& array, std::string_view name, size_t limit, Each&& each) {
  size_t index = 0;
  for (Element element : array) {
    if (index == limit) break;
    if (!each(element)) return fault_.in(name, index);
    ++index;
  }
  return true;
}

template <typename Each>
bool OtlpJsonIn::for_each_in(Element element, std::string_view name, Each&& each) {
  Array elements;
  return array(element, elements) ? for_each(elements, name, kAll, each) : fault_.in(name);
}

bool OtlpJsonIn::request(Element element) {
  Object fields;
  if (!object(element, fields)) return false;
  for (auto [key, value] : fields) {
    if (key != "resourceSpans" || value.is_null()) continue;
    if (!for_each_in(value, key, [&](Element e) { return resource_spans(e); })) return false;
  }
  return true;
}

template <typename Each>
bool OtlpJsonIn::group(Element element, std::string_view entity_name, std::string_view list_name, Group& out,
                       Each&& each) {
  Object fields;
  if (!object(element, fields)) return false;
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    if (key == entity_name) {
      out.entity = value;
    } else if (key == "schemaUrl") {
      if (!text(value, out.schema_url)) return fault_.in(key);
    } else if (key == list_name) {
      if (!for_each_in(value, key, each)) return false;
    }
  }
  entity_.clear();
  return true;
}

bool OtlpJsonIn::resource_spans(Element element) {
  size_t first_row = intake_.rows();
  Group group_fields;
  if (!group(element, "resource", "scopeSpans", group_fields, [&](Element e) { return scope_spans(e); })) return false;
  if (group_fields.entity && !resource(*group_fields.entity)) return fault_.in("resource");
  uint32_t code = intake_.resource_code(entity_, intake_.text_code(group_fields.schema_url));
  intake_.set_resource(first_row, code, intake_.admission.take_bits());
  return true;
}

bool OtlpJsonIn::scope_spans(Element element) {
  size_t first_row = intake_.rows();
  Group group_fields;
  if (!group(element, "scope", "spans", group_fields, [&](Element e) { return span(e); })) return false;
  std::string_view name;
  std::string_view version;
  if (group_fields.entity && !scope(*group_fields.entity, name, version)) return fault_.in("scope");
  uint32_t schema = intake_.text_code(group_fields.schema_url);
  uint32_t name_code = intake_.text_code(name);
  uint32_t code = intake_.scope_code(entity_, schema, name_code, intake_.text_code(version));
  intake_.set_scope(first_row, code, intake_.admission.take_bits());
  return true;
}

bool OtlpJsonIn::resource(Element element) {
  Object fields;
  if (!object(element, fields)) return false;
  Array attributes_array;
  bool has_attributes = false;
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    bool read = true;
    if (key == "attributes") {
      read = has_attributes = array(value, attributes_array);
    } else if (key == "droppedAttributesCount") {
      read = count(value, entity_.dropped_attributes);
    } else if (key == "entityRefs") {
      if (!for_each_in(value, key, [&](Element e) { return entity_ref(e); })) return false;
    }
    if (!read) return fault_.in(key);
  }
  return !has_attributes || attributes(attributes_array, entity_.dropped_attributes, Scope::resource, &entity_.pairs);
}

bool OtlpJsonIn::entity_ref(Element element) {
  namespace f = entity_ref_field;
  Object fields;
  if (!object(element, fields)) return false;
  std::string encoded;
  MessageWriter writer(encoded);
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    std::string_view content;
    uint32_t list = key == "idKeys" ? f::kIdKeys : key == "descriptionKeys" ? f::kDescriptionKeys : 0;
    uint32_t single = key == "schemaUrl" ? f::kSchemaUrl : key == "type" ? f::kType : 0;
    if (list != 0) {
      bool read = for_each_in(value, key, [&](Element e) {
        if (!text(e, content)) return false;
        writer.bytes(list, content);
        return true;
      });
      if (!read) return false;
    } else if (single != 0) {
      if (!text(value, content)) return fault_.in(key);
      writer.text_unless_empty(single, content);
    }
  }
  intake_.add_entity_ref(entity_, encoded);
  return true;
}

bool OtlpJsonIn::scope(Element element, std::string_view& name, std::string_view& version) {
  Object fields;
  if (!object(element, fields)) return false;
  Array attributes_array;
  bool has_attributes = false;
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    bool read = true;
    if (key == "name") {
      read = text(value, name);
    } else if (key == "version") {
      read = text(value, version);
    } else if (key == "attributes") {
      read = has_attributes = array(value, attributes_array);
    } else if (key == "droppedAttributesCount") {
      read = count(value, entity_.dropped_attributes);
    }
    if (!read) return fault_.in(key);
  }
  return !has_attributes ||
         attributes(attributes_array, entity_.dropped_attributes, Scope::instrumentation, &entity_.pairs);
}

bool OtlpJsonIn::span(Element element) {
  Object fields;
  if (!object(element, fields)) return false;
  intake_.begin_span();
  span_ = {};
  span_name_ = {};
  Array attributes_array;
  Array events_array;
  Array links_array;
  bool has_attributes = false;
  bool has_events = false;
  bool has_links = false;
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    bool read = true;
    if (key == "attributes") {
      read = has_attributes = array(value, attributes_array);
    } else if (key == "events") {
      read = has_events = array(value, events_array);
    } else if (key == "links") {
      read = has_links = array(value, links_array);
    } else {
      read = span_field(key, value);
    }
    if (!read) return fault_.in(key);
  }
  Vocabulary& vocabulary = intake_.vocabulary();
  if (has_attributes && !attributes(attributes_array, span_.dropped_attributes, Scope::span, nullptr)) return false;
  intake_.end_record(vocabulary.shapes.intern(intake_.keys()), 0);
  if (has_events) {
    size_t admitted = intake_.admit_events(length(events_array), span_.dropped_events);
    if (!for_each(events_array, "events", admitted, [&](Element e) { return event(e); })) return false;
  }
  if (has_links) {
    size_t admitted = intake_.admit_links(length(links_array), span_.dropped_links);
    if (!for_each(links_array, "links", admitted, [&](Element e) { return link(e); })) return false;
  }
  uint32_t name = vocabulary.names.intern(ValueView::of_string(intake_.admission.name(span_name_)));
  return intake_.end_span(span_, name) ||
         fault_.set("empty events, links and attributes that take more room than the request itself");
}

bool OtlpJsonIn::span_field(std::string_view key, Element value) {
  if (key == "traceId") return id(value, trace_id_, span_.trace_id);
  if (key == "spanId") return id(value, span_id_, span_.span_id);
  if (key == "parentSpanId") return id(value, parent_id_, span_.parent_span_id);
  if (key == "name") return text(value, span_name_);
  if (key == "kind") return read_enum(value, kSpanKindNames, span_.kind) || expected("a span kind's number or name");
  if (key == "startTimeUnixNano") return time(value, span_.start_ns);
  if (key == "endTimeUnixNano") return time(value, span_.end_ns);
  if (key == "traceState") return text(value, span_.trace_state);
  if (key == "flags") return count(value, span_.flags);
  if (key == "status") return status(value);
  if (key == "droppedAttributesCount") return count(value, span_.dropped_attributes);
  if (key == "droppedEventsCount") return count(value, span_.dropped_events);
  if (key == "droppedLinksCount") return count(value, span_.dropped_links);
  return true;
}

bool OtlpJsonIn::status(Element element) {
  Object fields;
  if (!object(element, fields)) return false;
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    bool read = true;
    if (key == "message") {
      read = text(value, span_.status_message);
    } else if (key == "code") {
      read = read_enum(value, kStatusCodeNames, span_.status) || expected("a status code's number or name");
    }
    if (!read) return fault_.in(key);
  }
  return true;
}

bool OtlpJsonIn::event(Element element) {
  Object fields;
  if (!object(element, fields)) return false;
  uint64_t time_ns = 0;
  std::string_view name;
  uint32_t dropped = 0;
  Array attributes_array;
  bool has_attributes = false;
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    bool read = true;
    if (key == "timeUnixNano") {
      read = time(value, time_ns);
    } else if (key == "name") {
      read = text(value, name);
    } else if (key == "attributes") {
      read = has_attributes = array(value, attributes_array);
    } else if (key == "droppedAttributesCount") {
      read = count(value, dropped);
    }
    if (!read) return fault_.in(key);
  }
  Vocabulary& vocabulary = intake_.vocabulary();
  uint32_t name_code = vocabulary.event_names.intern(ValueView::of_string(intake_.admission.name(name)));
  intake_.begin_event(time_ns, span_.start_ns, name_code);
  if (has_attributes && !attributes(attributes_array, dropped, Scope::event, nullptr)) return false;
  intake_.end_record(vocabulary.shapes.intern(intake_.keys()), dropped);
  return true;
}

bool OtlpJsonIn::link(Element element) {
  Object fields;
  if (!object(element, fields)) return false;
  LinkFields link;
  char trace_id[16];
  char span_id[8];
  Array attributes_array;
  bool has_attributes = false;
  for (auto [key, value] : fields) {
    if (value.is_null()) continue;
    bool read = true;
    if (key == "traceId") {
      read = id(value, trace_id, link.trace_id);
    } else if (key == "spanId") {
      read = id(value, span_id, link.span_id);
    } else if (key == "traceState") {
      read = text(value, link.trace_state);
    } else if (key == "attributes") {
      read = has_attributes = array(value, attributes_array);
    } else if (key == "droppedAttributesCount") {
      read = count(value, link.dropped_attributes);
    } else if (key == "flags") {
      read = count(value, link.flags);
    }
    if (!read) return fault_.in(key);
  }
  if (!intake_.begin_link(link, span_.dropped_links)) return true;
  if (has_attributes && !attributes(attributes_array, link.dropped_attributes, Scope::link, nullptr)) return false;
  intake_.end_record(intake_.vocabulary().shapes.intern(intake_.keys()), link.dropped_attributes);
  return true;
}

bool OtlpJsonIn::attributes(const Array& array, uint32_t& dropped, Scope scope, std::vector<uint32_t>* pairs) {
  size_t admitted = intake_.admit_attributes(length(array), dropped);
  return for_each(array, "attributes", admitted, [&](Element element) {
    std::string_view raw_key;
    ValueView value;
    if (!key_value(element, 0, raw_key, value)) return false;
    auto key_text = intake_.admission.key(raw_key);
    if (!key_text) {
      intake_.drop_attribute(dropped);
      return true;
    }
    uint32_t key = intake_.vocabulary().intern_key({scope, *key_text});
    uint32_t code = intake_.value_word(key, value);
    if (pairs == nullptr) {
      intake_.attribute(key, code);
    } else {
      pairs->push_back(key);
      pairs->push_back(code);
    }
    return true;
  });
}

bool OtlpJsonIn::key_value(Element element, int depth, std::string_view& key, ValueView& value) {
  Object fields;
  if (!object(element, fields)) return false;
  for (auto [name, content] : fields) {
    if (content.is_null()) continue;
    if (name == "key" && !text(content, key)) return fault_.in(name);
    if (name == "value" && !any_value(content, depth, value)) return fault_.in(name);
  }
  return true;
}

bool OtlpJsonIn::any_value(Element element, int depth, ValueView& out) {
  Object fields;
  if (!object(element, fields)) return false;
  out = {};
  for (auto [name, value] : fields) {
    if (value.is_null()) continue;
    bool read = true;
    if (name == "arrayValue") {
      read = nested_value(value, ValueType::array, depth + 1, out);
    } else if (name == "kvlistValue") {
      read = nested_value(value, ValueType::kvlist, depth + 1, out);
    } else {
      read = scalar_value(name, value, out);
    }
    if (!read) return fault_.in(name);
  }
  return true;
}

bool OtlpJsonIn::scalar_value(std::string_view name, Element value, ValueView& out) {
  if (name == "stringValue") {
    std::string_view content;
    if (!text(value, content)) return false;
    out = ValueView::of_string(intake_.admission.text_value(content));
  } else if (name == "boolValue") {
    bool content = false;
    if (value.get_bool().get(content) != simdjson::SUCCESS) return expected("true or false");
    out = ValueView::of_bool(content);
  } else if (name == "intValue") {
    int64_t content = 0;
    if (!read_signed(value, content)) return expected("a 64-bit integer, as a number or a decimal string");
    out = ValueView::of_int(content);
  } else if (name == "doubleValue") {
    double content = 0;
    if (!read_real(value, content)) return expected("a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    out = ValueView::of_real(content);
  } else if (name == "bytesValue") {
    std::string_view content;
    std::string& bytes = intake_.admission.keep();
    if (!read_text(value, content) || !append_from_base64(bytes, content)) return expected("base64 text");
    out = ValueView::of_bytes(intake_.admission.bytes_value(bytes));
  }
  return true;
}

bool OtlpJsonIn::nested_value(Element element, ValueType type, int depth, ValueView& out) {
  Admission& admission = intake_.admission;
  if (depth > admission.limits().value_depth) {
    return fault_.set(fmt::format("arrays and key-value lists nested deeper than {} (limits.value_depth)",
                                  admission.limits().value_depth));
  }
  Object fields;
  if (!object(element, fields)) return false;
  NestedBuilder& builder = admission.open_nested(depth);
  for (auto [name, values] : fields) {
    if (name != "values" || values.is_null()) continue;
    admission.open_nested(depth);
    bool room = true;
    bool read = for_each_in(values, name, [&](Element e) {
      if (!room) return true;
      ValueView value;
      if (type == ValueType::array) {
        if (!any_value(e, depth, value)) return false;
        room = admission.add_nested(depth, value);
        return true;
      }
      std::string_view raw_key;
      if (!key_value(e, depth, raw_key, value)) return false;
      auto key = admission.key(raw_key);
      if (key) room = admission.add_nested(depth, *key, value);
      return true;
    });
    if (!read) return false;
  }
  out = builder.finish(type);
  return true;
}

}  // namespace clew::wire
