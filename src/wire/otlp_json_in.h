// OTLP/JSON into a batch. The document is parsed whole before anything of it is taken, so that a request that is not
// JSON costs nothing further; fields may come in any order, unknown ones are ignored, null is absent.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "wire/input_fault.h"
#include "wire/json_values.h"
#include "wire/span_intake.h"

namespace clew::wire {

class OtlpJsonIn {
 public:
  explicit OtlpJsonIn(SpanIntake& intake) : intake_(intake) {}

  // Precondition: intake.begin_request() was called. After an error the batch holds the spans before it.
  Status decode(std::string_view body);
  size_t allocated_bytes() const;

 private:
  using Element = JsonElement;
  using Object = simdjson::dom::object;
  using Array = simdjson::dom::array;

  Result<Element> parse(std::string_view body);
  Status not_json(std::string_view body, simdjson::error_code error);

  // What ResourceSpans and ScopeSpans share: an entity, a schema URL, and a list of what belongs to them.
  struct Group {
    std::optional<Element> entity;
    std::string_view schema_url;
  };

  bool request(Element element);
  bool resource_spans(Element element);
  bool scope_spans(Element element);
  bool resource(Element element);
  bool entity_ref(Element element);
  bool scope(Element element, std::string_view& name, std::string_view& version);
  bool span(Element element);
  bool span_field(std::string_view key, Element value);
  bool status(Element element);
  bool event(Element element);
  bool link(Element element);
  bool attributes(const Array& array, uint32_t& dropped, Scope scope, std::vector<uint32_t>* pairs);
  bool key_value(Element element, int depth, std::string_view& key, ValueView& value);
  bool any_value(Element element, int depth, ValueView& out);
  bool scalar_value(std::string_view name, Element value, ValueView& out);
  bool nested_value(Element element, ValueType type, int depth, ValueView& out);

  // Calls each(element) for the elements of an array; each answers false on a fault, which is then placed.
  template <typename Each>
  bool for_each(const Array& array, std::string_view name, size_t limit, Each&& each);
  template <typename Each>
  bool for_each_in(Element element, std::string_view name, Each&& each);
  // Calls each(element) for the list; the entity is read by the caller, when the list has been.
  template <typename Each>
  bool group(Element element, std::string_view entity_name, std::string_view list_name, Group& out, Each&& each);

  bool object(Element element, Object& out) { return element.get_object().get(out) == 0 || expected("an object"); }
  bool array(Element element, Array& out) { return element.get_array().get(out) == 0 || expected("an array"); }
  bool text(Element element, std::string_view& out);
  bool time(Element element, uint64_t& out) {
    return read_unsigned(element, out) || expected("an unsigned 64-bit integer, as a number or a decimal string");
  }
  bool count(Element element, uint32_t& out) {
    return read_uint32(element, out) || expected("an unsigned 32-bit integer");
  }
  bool id(Element element, std::span<char> buffer, std::string_view& out) {
    return read_id(element, buffer, out) || expected("hexadecimal text");
  }
  bool expected(std::string_view what);

  SpanIntake& intake_;
  InputFault fault_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  // The body was mended: texts with U+FFFD in them count as repaired.
  bool mended_ = false;

  // Scratch of the span at hand.
  SpanFields span_;
  std::string_view span_name_;
  char trace_id_[16], span_id_[8], parent_id_[8];
  EntityFields entity_;
};

}  // namespace clew::wire
