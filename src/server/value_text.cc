#include "server/value_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

namespace clew::server {
namespace {

struct UnitName {
  std::string_view name;
  uint64_t factor;
};

// Largest first; those that size_text() and duration_text() may print stand first of their size.
constexpr std::array<UnitName, 10> kSizes = {{{"TiB", 1ULL << 40},
                                              {"GiB", 1ULL << 30},
                                              {"MiB", 1ULL << 20},
                                              {"KiB", 1ULL << 10},
                                              {"TB", 1'000'000'000'000},
                                              {"GB", 1'000'000'000},
                                              {"MB", 1'000'000},
                                              {"kB", 1'000},
                                              {"B", 1},
                                              {"", 1}}};
constexpr size_t kBinarySizes = 4;
constexpr std::array<UnitName, 7> kDurations = {{{"d", 86'400'000'000'000},
                                                 {"h", 3'600'000'000'000},
                                                 {"m", 60'000'000'000},
                                                 {"s", 1'000'000'000},
                                                 {"ms", 1'000'000},
                                                 {"us", 1'000},
                                                 {"ns", 1}}};

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  size_t count = 0;
  while (count < text.size() && wanted(text[count])) ++count;
  std::string_view out = text.substr(0, count);
  text.remove_prefix(count);
  return out;
}

// One number and its unit from the front of text; nothing when malformed or beyond 64 bits.
std::optional<uint64_t> take_quantity(std::string_view& text, std::span<const UnitName> units) {
  std::string_view digits = take_while(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  take_while(text, [](char c) { return c == ' '; });
  std::string_view name = take_while(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  const UnitName* unit = nullptr;
  for (const UnitName& one : units) {
    if (one.name == name) unit = &one;
  }
  const char* end = digits.data() + digits.size();
  if (unit == nullptr || digits.empty()) return std::nullopt;
  uint64_t whole = 0;
  uint64_t out = 0;
  if (auto [at, error] = std::from_chars(digits.data(), end, whole); error == std::errc() && at == end) {
    if (__builtin_mul_overflow(whole, unit->factor, &out)) return std::nullopt;
    return out;
  }
  double fraction = 0;
  if (auto [at, error] = std::from_chars(digits.data(), end, fraction); error != std::errc() || at != end) {
    return std::nullopt;
  }
  double scaled = std::round(fraction * static_cast<double>(unit->factor));
  if (scaled >= 9e18) return std::nullopt;
  return static_cast<uint64_t>(scaled);
}

std::string largest_unit(uint64_t value, std::span<const UnitName> units, std::string_view smallest) {
  for (const UnitName& unit : units) {
    if (value != 0 && value % unit.factor == 0) return fmt::format("{}{}", value / unit.factor, unit.name);
  }
  return fmt::format("{}{}", value, value == 0 ? "" : smallest);
}

}  // namespace

Result<uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  auto bytes = take_quantity(rest, kSizes);
  if (!bytes || !rest.empty()) return invalid(fmt::format("'{}' is not a size such as 64MiB, 4GiB or 4096", text));
  return *bytes;
}

std::string size_text(uint64_t bytes) {
  return largest_unit(bytes, std::span(kSizes).first(kBinarySizes), "B");
}

Result<uint64_t> parse_duration_ns(std::string_view text) {
  if (text == "0") return uint64_t{0};
  std::string_view rest = text;
  uint64_t total = 0;
  do {
    auto part = take_quantity(rest, kDurations);
    if (!part || __builtin_add_overflow(total, *part, &total)) {
      return invalid(fmt::format("'{}' is not a duration such as 250ms, 30s, 5m or 1h30m", text));
    }
  } while (!rest.empty());
  return total;
}

std::string duration_text(uint64_t ns) {
  return largest_unit(ns, kDurations, "ns");
}

}  // namespace clew::server
