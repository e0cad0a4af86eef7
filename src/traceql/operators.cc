#include "traceql/operators.h"

#include <cmath>

namespace clew::traceql {
namespace {

template <typename T>
bool holds(Operator op, const T& left, const T& right) {
  switch (op) {
    case Operator::equal: return left == right;
    case Operator::not_equal: return left != right;
    case Operator::less: return left < right;
    case Operator::less_equal: return left <= right;
    case Operator::greater: return left > right;
    case Operator::greater_equal: return left >= right;
    default: return false;
  }
}

bool compare_single(Operator op, const FieldValue& left, const FieldValue& right) {
  if (left.is_opaque || right.is_opaque) return false;
  if (is_numeric(left.type) && is_numeric(right.type)) {
    if (left.type != Type::real && right.type != Type::real) return holds(op, left.integer, right.integer);
    return holds(op, left.as_real(), right.as_real());
  }
  if (left.type != right.type) return false;
  switch (left.type) {
    case Type::string: return holds(op, left.text, right.text);
    case Type::boolean:
    case Type::status:
    case Type::kind:
      return (op == Operator::equal || op == Operator::not_equal) && holds(op, left.integer, right.integer);
    default: return false;
  }
}

// Over the elements of the one side that is an array: all for the negative operators, any for the others.
template <typename Holds>
bool over_items(const std::vector<FieldValue>& items, bool all, Holds&& holds_for) {
  for (const FieldValue& item : items) {
    if (holds_for(item) != all) return !all;
  }
  return all && !items.empty();
}

int64_t power(int64_t base, int64_t exponent) {
  uint64_t result = 1;
  for (auto factor = static_cast<uint64_t>(base); exponent > 0; exponent >>= 1, factor *= factor) {
    if (exponent & 1) result *= factor;
  }
  return static_cast<int64_t>(result);
}

// Wraps around like Go's integers.
Result<FieldValue> integer_arithmetic(Operator op, int64_t left, int64_t right) {
  auto a = static_cast<uint64_t>(left);
  auto b = static_cast<uint64_t>(right);
  switch (op) {
    case Operator::add: return FieldValue::of_int(static_cast<int64_t>(a + b));
    case Operator::subtract: return FieldValue::of_int(static_cast<int64_t>(a - b));
    case Operator::multiply: return FieldValue::of_int(static_cast<int64_t>(a * b));
    case Operator::divide:
    case Operator::modulo:
      if (right == 0) return invalid("integer divide by zero");
      if (right == -1) return FieldValue::of_int(op == Operator::divide ? static_cast<int64_t>(0 - a) : 0);
      return FieldValue::of_int(op == Operator::divide ? left / right : left % right);
    case Operator::power:
      if (right < 0) return FieldValue::of_real(std::pow(static_cast<double>(left), static_cast<double>(right)));
      return FieldValue::of_int(power(left, right));
    default: return FieldValue{};
  }
}

}  // namespace

bool compare(Operator op, const FieldValue& left, const FieldValue& right) {
  if (left.is_nil() || right.is_nil()) return false;
  if (left.is_many && right.is_many) return false;
  bool all = op == Operator::not_equal;
  if (left.is_many) {
    return over_items(left.items, all, [&](const FieldValue& item) { return compare_single(op, item, right); });
  }
  if (right.is_many) {
    return over_items(right.items, all, [&](const FieldValue& item) { return compare_single(op, left, item); });
  }
  return compare_single(op, left, right);
}

bool match(Operator op, const FieldValue& value, const Regex& regex) {
  bool wanted = op == Operator::regex_match;
  auto matches = [&](const FieldValue& item) {
    return item.type == Type::string && regex.matches(item.text) == wanted;
  };
  if (value.is_many) return over_items(value.items, !wanted, matches);
  return !value.is_opaque && matches(value);
}

Result<FieldValue> arithmetic(Operator op, const FieldValue& left, const FieldValue& right) {
  if (left.is_many || right.is_many || !is_numeric(left.type) || !is_numeric(right.type)) return FieldValue{};
  if (left.type == Type::integer && right.type == Type::integer) {
    return integer_arithmetic(op, left.integer, right.integer);
  }
  double a = left.as_real();
  double b = right.as_real();
  switch (op) {
    case Operator::add: return FieldValue::of_real(a + b);
    case Operator::subtract: return FieldValue::of_real(a - b);
    case Operator::multiply: return FieldValue::of_real(a * b);
    case Operator::divide: return FieldValue::of_real(a / b);
    case Operator::modulo: return FieldValue::of_real(std::fmod(a, b));
    case Operator::power: return FieldValue::of_real(std::pow(a, b));
    default: return FieldValue{};
  }
}

}  // namespace clew::traceql
