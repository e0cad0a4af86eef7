// What a field expression is worth on one plain span, and the operators on such worths.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plain_spans.h"
#include "traceql/ast.h"
#include "traceql/search.h"

namespace clew::traceql::oracle {

struct Worth {
  enum class Form { nil, single, list, opaque };  // opaque: there, but of no type that can be searched
  Form form = Form::nil;
  Type type = Type::nil;  // of a single
  int64_t integer = 0;    // and boolean, duration, status, kind
  double real = 0;
  std::string text;
  std::vector<Worth> items;

  static Worth nil() { return {}; }
  static Worth number(Type type, int64_t value) { return {Form::single, type, value, 0, {}, {}}; }
  static Worth of_real(double value) { return {Form::single, Type::real, 0, value, {}, {}}; }
  static Worth of_text(std::string value) { return {Form::single, Type::string, 0, 0, std::move(value), {}}; }
  static Worth of(const PlainValue& value);
  static Worth of(const Literal& literal);

  bool is_single() const { return form == Form::single; }
  bool is_number() const { return is_single() && is_numeric(type); }
  bool is_true() const { return is_single() && type == Type::boolean && integer != 0; }
  double as_real() const { return type == Type::real ? real : static_cast<double>(integer); }
};

// = != < <= > >=, neither side being the literal nil.
bool compare(Operator op, const Worth& left, const Worth& right);
bool matches(Operator op, const Worth& value, const std::string& pattern);
// Sets `fails` when an integer is divided by zero.
Worth calculate(Operator op, const Worth& left, const Worth& right, bool& fails);
// Whether by() puts both into one group.
bool same_group(const Worth& a, const Worth& b);
// As an answer shows it.
std::string text_of(const Worth& value);
std::string text_of(const FoundValue& value);

}  // namespace clew::traceql::oracle
