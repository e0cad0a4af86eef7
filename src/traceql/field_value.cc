#include "traceql/field_value.h"

#include <fmt/format.h>

#include "column/nested.h"

namespace clew::traceql {

FieldValue FieldValue::of(const Literal& literal) {
  switch (literal.type) {
    case Type::any:
    case Type::nil: return {};
    case Type::integer: return of_int(literal.as_int());
    case Type::duration: return of_duration(literal.as_int());
    case Type::real: return of_real(literal.as_real());
    case Type::string: return of_text(literal.as_string());
    case Type::boolean: return of_bool(literal.as_bool());
    case Type::status: return of(literal.as_status());
    case Type::kind: return of(literal.as_kind());
  }
  return {};
}

FieldValue FieldValue::of(ValueView value) {
  switch (value.type) {
    case ValueType::string: return of_text(value.text);
    case ValueType::boolean: return of_bool(value.as_bool());
    case ValueType::integer: return of_int(value.as_int());
    case ValueType::real: return of_real(value.as_real());
    case ValueType::array: break;
    case ValueType::none:
    case ValueType::kvlist:
    case ValueType::bytes: {
      FieldValue opaque;
      opaque.is_opaque = true;
      return opaque;
    }
  }
  FieldValue many;
  many.is_many = true;
  for (NestedReader reader(value); reader.next();) {
    FieldValue item = of(reader.value());
    if (item.is_many || item.is_opaque || (!many.items.empty() && item.type != many.type)) {
      FieldValue opaque;
      opaque.is_opaque = true;
      return opaque;
    }
    many.type = item.type;
    many.items.push_back(std::move(item));
  }
  return many;
}

std::string go_duration(int64_t ns) {
  if (ns == 0) return "0s";
  std::string sign = ns < 0 ? "-" : "";
  auto rest = ns < 0 ? ~static_cast<uint64_t>(ns) + 1 : static_cast<uint64_t>(ns);
  // The fraction without trailing zeros.
  auto with_fraction = [&](uint64_t unit, const char* suffix) {
    std::string out = fmt::format("{}{}", sign, rest / unit);
    uint64_t fraction = rest % unit;
    if (fraction != 0) {
      std::string digits = fmt::format("{}", unit + fraction).substr(1);
      digits.erase(digits.find_last_not_of('0') + 1);
      out += "." + digits;
    }
    return out + suffix;
  };
  if (rest < 1'000) return with_fraction(1, "ns");
  if (rest < 1'000'000) return with_fraction(1'000, "µs");
  if (rest < 1'000'000'000) return with_fraction(1'000'000, "ms");
  constexpr uint64_t kMinute = 60'000'000'000;
  std::string out = sign;
  if (rest >= 60 * kMinute) out += fmt::format("{}h", rest / (60 * kMinute));
  if (rest >= kMinute) out += fmt::format("{}m", rest / kMinute % 60);
  sign.clear();
  rest %= kMinute;
  return out + with_fraction(1'000'000'000, "s");
}

}  // namespace clew::traceql
