#include "traceql/evaluate.h"

#include <algorithm>

#include "traceql/operators.h"

namespace clew::traceql {
namespace {

bool is_nil_literal(const FieldExpression& expression) {
  const auto* literal = std::get_if<Literal>(&expression.node);
  return literal != nullptr && literal->type == Type::nil;
}

bool is_trace_id(const FieldExpression& expression) {
  const auto* attribute = std::get_if<Attribute>(&expression.node);
  return attribute != nullptr && attribute->intrinsic == Intrinsic::trace_id;
}

// Ids are numbers: zeros before them and the case of their digits do not count. What is no id is only a text.
bool compare_trace_ids(Operator op, const FieldValue& left, const FieldValue& right) {
  auto left_id = trace_id_of(left.text);
  auto right_id = trace_id_of(right.text);
  if (left.type != Type::string || right.type != Type::string || !left_id || !right_id) return compare(op, left, right);
  return compare(op, FieldValue::of_text(left_id->hex()), FieldValue::of_text(right_id->hex()));
}

bool compare_values(const Binary& binary, const Program& program, const FieldValue& left, const FieldValue& right) {
  if (is_nil_literal(*binary.right))
    return !is_nil_literal(*binary.left) && left.is_nil() == (binary.op == Operator::equal);
  if (is_nil_literal(*binary.left)) return right.is_nil() == (binary.op == Operator::equal);
  if (is_regex(binary.op)) return match(binary.op, left, program.regex(binary));
  if (is_trace_id(*binary.left) || is_trace_id(*binary.right)) {
    return compare_trace_ids(binary.op, left, right);
  }
  return compare(binary.op, left, right);
}

Result<FieldValue> unary_value(const Unary& unary, const TraceSpans& trace, size_t index) {
  ASSIGN_OR_RETURN(FieldValue value, evaluate(*unary.operand, trace, index));
  if (value.is_nil()) return value;
  if (unary.op == Prefix::negate) {
    if (value.type != Type::boolean || value.is_many) return invalid("'!' stands before a value that is not a boolean");
    return FieldValue::of_bool(value.integer == 0);
  }
  if (!is_numeric(value.type) || value.is_many) return invalid("'-' stands before a value that is not a number");
  value.integer = static_cast<int64_t>(0 - static_cast<uint64_t>(value.integer));
  value.real = -value.real;
  return value;
}

}  // namespace

std::optional<TraceId> trace_id_of(std::string_view text) {
  size_t digits = std::min(text.find_first_not_of('0'), text.size());
  auto id = TraceId::parse(digits == text.size() ? "0" : text.substr(digits));
  if (!id || text.empty()) return std::nullopt;
  return *id;
}

Result<bool> holds(const Binary& binary, const Program& program, bool attribute_on_left, const FieldValue& value) {
  FieldValue other = FieldValue::of(std::get<Literal>((attribute_on_left ? binary.right : binary.left)->node));
  return attribute_on_left ? compare_values(binary, program, value, other)
                           : compare_values(binary, program, other, value);
}

Result<FieldValue> evaluate(const FieldExpression& expression, const TraceSpans& trace, size_t index) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) return FieldValue::of(*literal);
  UnitFields& fields = trace.fields();
  if (const auto* attribute = std::get_if<Attribute>(&expression.node)) {
    return fields.value(fields.program().slot(*attribute), trace.row(index), trace, index);
  }
  if (const auto* unary = std::get_if<Unary>(&expression.node)) return unary_value(*unary, trace, index);
  if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    for (const FieldExpression& operand : junction->operands) {
      ASSIGN_OR_RETURN(FieldValue value, evaluate(operand, trace, index));
      if (value.is_true() != junction->conjunction) return FieldValue::of_bool(!junction->conjunction);
    }
    return FieldValue::of_bool(junction->conjunction);
  }
  const auto& binary = std::get<Binary>(expression.node);
  ASSIGN_OR_RETURN(FieldValue left, evaluate(*binary.left, trace, index));
  ASSIGN_OR_RETURN(FieldValue right, evaluate(*binary.right, trace, index));
  if (!is_comparison(binary.op)) return arithmetic(binary.op, left, right);
  return FieldValue::of_bool(compare_values(binary, fields.program(), left, right));
}

}  // namespace clew::traceql
