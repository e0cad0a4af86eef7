#include "plain_value.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "column/nested.h"

namespace clew::traceql::oracle {
namespace {

template <typename T>
bool ordered(Operator op, const T& a, const T& b) {
  switch (op) {
    case Operator::equal: return a == b;
    case Operator::not_equal: return a != b;
    case Operator::less: return a < b;
    case Operator::less_equal: return a <= b;
    case Operator::greater: return a > b;
    case Operator::greater_equal: return a >= b;
    default: return false;
  }
}

bool compare_singles(Operator op, const Worth& left, const Worth& right) {
  if (!left.is_single() || !right.is_single()) return false;
  if (left.is_number() && right.is_number()) {
    bool exact = left.type != Type::real && right.type != Type::real;
    return exact ? ordered(op, left.integer, right.integer) : ordered(op, left.as_real(), right.as_real());
  }
  if (left.type != right.type) return false;
  if (left.type == Type::string) return ordered(op, left.text, right.text);
  bool equality = op == Operator::equal || op == Operator::not_equal;
  return equality && ordered(op, left.integer, right.integer);
}

// The text that Go prints for a duration, digit by digit.
std::string duration_text(int64_t ns) {
  if (ns == 0) return "0s";
  std::string sign = ns < 0 ? "-" : "";
  uint64_t rest = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  auto decimal = [](uint64_t value, uint64_t unit) {
    std::string out = std::to_string(value / unit);
    if (value % unit == 0) return out;
    std::string digits = std::to_string(value % unit + unit).substr(1);
    while (digits.back() == '0') digits.pop_back();
    return out + "." + digits;
  };
  if (rest < 1'000) return sign + std::to_string(rest) + "ns";
  if (rest < 1'000'000) return sign + decimal(rest, 1'000) + "µs";
  if (rest < 1'000'000'000) return sign + decimal(rest, 1'000'000) + "ms";
  uint64_t minutes = rest / 60'000'000'000;
  std::string seconds = decimal(rest % 60'000'000'000, 1'000'000'000) + "s";
  if (minutes == 0) return sign + seconds;
  if (minutes < 60) return sign + fmt::format("{}m{}", minutes, seconds);
  return sign + fmt::format("{}h{}m{}", minutes / 60, minutes % 60, seconds);
}

std::string text_of(ValueView value) {
  switch (value.type) {
    case ValueType::string: return fmt::format("\"{}\"", value.text);
    case ValueType::integer: return std::to_string(value.as_int());
    case ValueType::real: return fmt::format("real {}", value.as_real());
    case ValueType::boolean: return value.as_bool() ? "true" : "false";
    default: break;
  }
  std::string out = "[";
  for (NestedReader reader(value); reader.next();) out += (out.size() > 1 ? "," : "") + text_of(reader.value());
  return out + "]";
}

}  // namespace

Worth Worth::of(const PlainValue& value) {
  switch (value.type) {
    case ValueType::string: return of_text(value.text);
    case ValueType::boolean: return number(Type::boolean, value.integer);
    case ValueType::integer: return number(Type::integer, value.integer);
    case ValueType::real: return of_real(value.real);
    case ValueType::array: break;
    default: return {Form::opaque, Type::nil, 0, 0, {}, {}};
  }
  Worth list{Form::list, Type::nil, 0, 0, {}, {}};
  for (const PlainValue& item : value.items) list.items.push_back(of(item));
  bool alike = std::ranges::all_of(
      list.items, [&](const Worth& item) { return item.is_single() && item.type == list.items.front().type; });
  return alike ? list : Worth{Form::opaque, Type::nil, 0, 0, {}, {}};
}

Worth Worth::of(const Literal& literal) {
  switch (literal.type) {
    case Type::integer:
    case Type::duration: return number(literal.type, literal.as_int());
    case Type::real: return of_real(literal.as_real());
    case Type::string: return of_text(literal.as_string());
    case Type::boolean: return number(Type::boolean, literal.as_bool());
    case Type::status: return number(Type::status, static_cast<int64_t>(literal.as_status()));
    case Type::kind: return number(Type::kind, static_cast<int64_t>(literal.as_kind()));
    default: return {};
  }
}

bool compare(Operator op, const Worth& left, const Worth& right) {
  bool lists[] = {left.form == Worth::Form::list, right.form == Worth::Form::list};
  if (lists[0] && lists[1]) return false;
  if (!lists[0] && !lists[1]) return compare_singles(op, left, right);
  const std::vector<Worth>& items = lists[0] ? left.items : right.items;
  auto holds = [&](const Worth& item) {
    return lists[0] ? compare_singles(op, item, right) : compare_singles(op, left, item);
  };
  if (op == Operator::not_equal) return !items.empty() && std::ranges::all_of(items, holds);
  return std::ranges::any_of(items, holds);
}

bool matches(Operator op, const Worth& value, const std::string& pattern) {
  RE2::Options options;
  options.set_dot_nl(true);
  RE2 regex(pattern, options);
  bool wanted = op == Operator::regex_match;
  auto holds = [&](const Worth& item) {
    return item.is_single() && item.type == Type::string && RE2::FullMatch(item.text, regex) == wanted;
  };
  if (value.form != Worth::Form::list) return holds(value);
  if (wanted) return std::ranges::any_of(value.items, holds);
  return !value.items.empty() && std::ranges::all_of(value.items, holds);
}

Worth calculate(Operator op, const Worth& left, const Worth& right, bool& fails) {
  if (!left.is_number() || !right.is_number()) return {};
  if (left.type == Type::integer && right.type == Type::integer) {
    int64_t a = left.integer, b = right.integer, out = 0;
    switch (op) {
      case Operator::add: __builtin_add_overflow(a, b, &out); break;
      case Operator::subtract: __builtin_sub_overflow(a, b, &out); break;
      case Operator::multiply: __builtin_mul_overflow(a, b, &out); break;
      case Operator::power:
        if (b < 0) return Worth::of_real(std::pow(static_cast<double>(a), static_cast<double>(b)));
        for (out = 1; b > 0; --b) __builtin_mul_overflow(out, a, &out);
        break;
      default:
        if (b == 0) {
          fails = true;
          return {};
        }
        if (b == -1) {
          if (op == Operator::divide) __builtin_sub_overflow(int64_t{0}, a, &out);
        } else {
          out = op == Operator::divide ? a / b : a % b;
        }
    }
    return Worth::number(Type::integer, out);
  }
  double a = left.as_real(), b = right.as_real();
  switch (op) {
    case Operator::add: return Worth::of_real(a + b);
    case Operator::subtract: return Worth::of_real(a - b);
    case Operator::multiply: return Worth::of_real(a * b);
    case Operator::divide: return Worth::of_real(a / b);
    case Operator::modulo: return Worth::of_real(std::fmod(a, b));
    default: return Worth::of_real(std::pow(a, b));
  }
}

bool same_group(const Worth& a, const Worth& b) {
  // What has no value that can be searched is one group.
  auto is_nothing = [](const Worth& w) {
    return w.form == Worth::Form::nil || w.form == Worth::Form::opaque ||
           (w.form == Worth::Form::list && w.items.empty());
  };
  if (is_nothing(a) || is_nothing(b)) return is_nothing(a) && is_nothing(b);
  if (a.form != b.form || a.type != b.type || a.items.size() != b.items.size()) return false;
  if (a.form == Worth::Form::list) return std::ranges::equal(a.items, b.items, same_group);
  return a.integer == b.integer && std::bit_cast<uint64_t>(a.real) == std::bit_cast<uint64_t>(b.real) &&
         a.text == b.text;
}

std::string text_of(const Worth& value) {
  if (value.form == Worth::Form::list) {
    std::string out = "[";
    for (const Worth& item : value.items) out += (out.size() > 1 ? "," : "") + text_of(item);
    return out + "]";
  }
  if (!value.is_single()) return "\"nil\"";
  switch (value.type) {
    case Type::string: return fmt::format("\"{}\"", value.text);
    case Type::integer: return std::to_string(value.integer);
    case Type::real: return fmt::format("real {}", value.real);
    case Type::boolean: return value.integer != 0 ? "true" : "false";
    case Type::duration: return fmt::format("\"{}\"", duration_text(value.integer));
    case Type::status: return fmt::format("\"{}\"", clew::name_of(static_cast<StatusCode>(value.integer)));
    case Type::kind: return fmt::format("\"{}\"", clew::name_of(static_cast<SpanKind>(value.integer)));
    default: return "\"nil\"";
  }
}

std::string text_of(const FoundValue& value) {
  return text_of(value.view());
}

}  // namespace clew::traceql::oracle
