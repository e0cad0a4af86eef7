#include "traceql/duration.h"

#include <fmt/format.h>

#include <array>

namespace clew::traceql {
namespace {

struct Unit {
  std::string_view name;
  int64_t ns;
};
constexpr int64_t kHour = 3600LL * 1000000000;
constexpr std::array<Unit, 7> kPrometheusUnits = {{{"y", 365 * 24 * kHour},
                                                   {"w", 7 * 24 * kHour},
                                                   {"d", 24 * kHour},
                                                   {"h", kHour},
                                                   {"m", kHour / 60},
                                                   {"s", 1000000000},
                                                   {"ms", 1000000}}};
// Both signs for micro: U+00B5 and U+03BC.
constexpr std::array<Unit, 8> kGoUnits = {{{"h", kHour},
                                           {"m", kHour / 60},
                                           {"s", 1000000000},
                                           {"ms", 1000000},
                                           {"us", 1000},
                                           {"\u00b5s", 1000},
                                           {"\u03bcs", 1000},
                                           {"ns", 1}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes digits off the front; nothing on overflow. No digits are zero.
std::optional<int64_t> take_digits(std::string_view& text) {
  int64_t value = 0;
  while (!text.empty() && is_digit(text.front())) {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text.front() - '0', &value)) {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  return value;
}

std::string_view take_unit_name(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && !is_digit(text[length]) && text[length] != '.') ++length;
  std::string_view name = text.substr(0, length);
  text.remove_prefix(length);
  return name;
}

bool add_product(int64_t& total, int64_t count, int64_t unit_ns) {
  int64_t product = 0;
  return !__builtin_mul_overflow(count, unit_ns, &product) && !__builtin_add_overflow(total, product, &total);
}

std::optional<int64_t> parse_prometheus(std::string_view text) {
  int64_t total = 0;
  size_t next_unit = 0;
  while (!text.empty()) {
    if (!is_digit(text.front())) return std::nullopt;
    auto count = take_digits(text);
    std::string_view name = take_unit_name(text);
    while (next_unit < kPrometheusUnits.size() && kPrometheusUnits[next_unit].name != name) ++next_unit;
    if (!count || next_unit == kPrometheusUnits.size()) return std::nullopt;
    if (!add_product(total, *count, kPrometheusUnits[next_unit].ns)) return std::nullopt;
    ++next_unit;
  }
  return total;
}

// The digits after the point, as nanoseconds of the unit, cut (not rounded) below one nanosecond.
int64_t take_fraction(std::string_view& text, int64_t unit_ns) {
  int64_t digits = 0;
  int64_t scale = 1;
  constexpr int64_t kMostScale = 1000000000000000;  // finer than any unit shows
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (scale >= kMostScale) continue;
    digits = digits * 10 + (text.front() - '0');
    scale *= 10;
  }
  return static_cast<int64_t>(static_cast<double>(digits) *
                              (static_cast<double>(unit_ns) / static_cast<double>(scale)));
}

std::optional<int64_t> parse_go(std::string_view text) {
  int64_t total = 0;
  while (!text.empty()) {
    size_t before = text.size();
    auto whole = take_digits(text);
    bool digits = text.size() < before;
    std::string_view fraction;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      size_t length = 0;
      while (length < text.size() && is_digit(text[length])) ++length;
      fraction = text.substr(0, length);
      text.remove_prefix(length);
    }
    if (!whole || (!digits && fraction.empty())) return std::nullopt;
    std::string_view name = take_unit_name(text);
    const Unit* unit = nullptr;
    for (const Unit& known : kGoUnits) {
      if (known.name == name) unit = &known;
    }
    if (!unit || !add_product(total, *whole, unit->ns)) return std::nullopt;
    if (!add_product(total, take_fraction(fraction, unit->ns), 1)) return std::nullopt;
  }
  return total;
}

// value / scale with the zeros at the end of the fraction cut.
std::string decimal(uint64_t value, uint64_t scale, int digits) {
  std::string text = fmt::format("{}.{:0{}}", value / scale, value % scale, digits);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  auto prometheus = parse_prometheus(text);
  return prometheus ? prometheus : parse_go(text);
}

std::string format_duration(int64_t duration_ns) {
  uint64_t ns = duration_ns < 0 ? 0 - static_cast<uint64_t>(duration_ns) : static_cast<uint64_t>(duration_ns);
  if (ns == 0) return "0s";
  std::string text;
  if (ns < 1000) {
    text = fmt::format("{}ns", ns);
  } else if (ns < 1000000) {
    text = decimal(ns, 1000, 3) + "\u00b5s";
  } else if (ns < 1000000000) {
    text = decimal(ns, 1000000, 6) + "ms";
  } else {
    uint64_t minutes = ns / 60000000000;
    if (minutes >= 60) text = fmt::format("{}h", minutes / 60);
    if (minutes > 0) text += fmt::format("{}m", minutes % 60);
    text += decimal(ns % 60000000000, 1000000000, 9) + "s";
  }
  return duration_ns < 0 ? "-" + text : text;
}

}  // namespace clew::traceql
