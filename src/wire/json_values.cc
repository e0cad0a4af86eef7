#include "wire/json_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/hex.h"
#include "wire/span_intake.h"

namespace clew::wire {
namespace {

using simdjson::dom::element_type;

template <typename T>
bool from_text(std::string_view text, T& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Whole numbers may be written with a fraction or an exponent; `limit` is one beyond the largest.
template <typename T>
bool whole(double real, double least, double limit, T& out) {
  if (!(real >= least && real < limit) || std::trunc(real) != real) return false;
  out = static_cast<T>(real);
  return true;
}

template <typename T>
bool read_integer(JsonElement element, double least, double limit, T& out) {
  switch (element.type()) {
    case element_type::INT64: {
      int64_t value = int64_t(element.get_int64().value_unsafe());
      out = static_cast<T>(value);
      return std::is_signed_v<T> || value >= 0;
    }
    case element_type::UINT64: {
      uint64_t value = element.get_uint64().value_unsafe();
      out = static_cast<T>(value);
      return !std::is_signed_v<T>;
    }
    case element_type::DOUBLE: return whole(element.get_double().value_unsafe(), least, limit, out);
    case element_type::STRING: return from_text(element.get_string().value_unsafe(), out);
    default: return false;
  }
}

constexpr double k2To63 = 9223372036854775808.0;

}  // namespace

bool read_unsigned(JsonElement element, uint64_t& out) {
  return read_integer(element, 0, 2 * k2To63, out);
}

bool read_signed(JsonElement element, int64_t& out) {
  return read_integer(element, -k2To63, k2To63, out);
}

bool read_uint32(JsonElement element, uint32_t& out) {
  uint64_t wide = 0;
  if (!read_unsigned(element, wide) || wide > std::numeric_limits<uint32_t>::max()) return false;
  out = static_cast<uint32_t>(wide);
  return true;
}

bool read_real(JsonElement element, double& out) {
  if (element.get_double().get(out) == simdjson::SUCCESS) return true;
  std::string_view text;
  if (!read_text(element, text)) return false;
  if (text == "NaN") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    out = std::numeric_limits<double>::infinity();
  } else if (text == "-Infinity") {
    out = -std::numeric_limits<double>::infinity();
  } else {
    return from_text(text, out) && std::isfinite(out);
  }
  return true;
}

bool read_text(JsonElement element, std::string_view& out) {
  return element.get_string().get(out) == simdjson::SUCCESS;
}

bool read_enum(JsonElement element, std::span<const std::string_view> names, uint64_t& out) {
  std::string_view text;
  if (read_text(element, text)) {
    auto found = std::ranges::find(names, text);
    if (found != names.end()) {
      out = static_cast<uint64_t>(found - names.begin());
      return true;
    }
  }
  int64_t number = 0;
  if (!read_signed(element, number)) return false;
  out = static_cast<uint64_t>(number);
  return true;
}

bool read_id(JsonElement element, std::span<char> buffer, std::string_view& out) {
  std::string_view text;
  if (!read_text(element, text)) return false;
  if (text.size() % 2 != 0 || !std::ranges::all_of(text, [](char c) { return hex_digit(c) >= 0; })) {
    out = kNotHexId;
    return true;
  }
  if (text.size() != 2 * buffer.size()) {
    out = text.substr(0, text.size() / 2);  // only its length matters
    return true;
  }
  for (size_t i = 0; i < buffer.size(); ++i) {
    buffer[i] = static_cast<char>(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
  }
  out = {buffer.data(), buffer.size()};
  return true;
}

}  // namespace clew::wire
