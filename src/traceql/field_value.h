// What a field expression is worth on one span: the run-time side of Type.
//
// Text belongs to the unit the value was read from, or to the arena of the evaluation. An attribute with several values
// (an array, or an event's attribute over all events) has `items`, and its type is that of its first item.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "column/value.h"
#include "traceql/ast.h"

namespace clew::traceql {

struct FieldValue {
  Type type = Type::nil;
  int64_t integer = 0;  // integer, duration; boolean, status and kind as their number
  double real = 0;
  std::string_view text;
  bool is_many = false;
  // Exists, but is of no searchable type (bytes, key-value lists, mixed arrays): equal to nothing, and not nil.
  bool is_opaque = false;
  std::vector<FieldValue> items;

  bool is_nil() const { return type == Type::nil && !is_opaque && !is_many; }
  bool is_true() const { return type == Type::boolean && integer != 0 && !is_many; }
  double as_real() const { return type == Type::real ? real : static_cast<double>(integer); }

  static FieldValue of_bool(bool value) { return {Type::boolean, value, 0, {}, false, false, {}}; }
  static FieldValue of_int(int64_t value) { return {Type::integer, value, 0, {}, false, false, {}}; }
  static FieldValue of_real(double value) { return {Type::real, 0, value, {}, false, false, {}}; }
  static FieldValue of_duration(int64_t ns) { return {Type::duration, ns, 0, {}, false, false, {}}; }
  static FieldValue of_text(std::string_view text) { return {Type::string, 0, 0, text, false, false, {}}; }
  static FieldValue of(StatusCode code) { return {Type::status, static_cast<int64_t>(code), 0, {}, false, false, {}}; }
  static FieldValue of(SpanKind kind) { return {Type::kind, static_cast<int64_t>(kind), 0, {}, false, false, {}}; }
  static FieldValue of(const Literal& literal);
  // An attribute's value; arrays of one searchable type become items.
  static FieldValue of(ValueView value);
};

// As results show it: Go's text for durations ("1.5s"), words for status and kind.
std::string go_duration(int64_t ns);

}  // namespace clew::traceql
