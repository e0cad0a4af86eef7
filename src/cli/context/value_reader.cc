#include "cli/context/value_reader.h"

#include <fmt/format.h>

namespace clew::cli {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f ? fmt::format("'{}'", c) : c == ' ' ? "a space" : fmt::format("byte {:#04x}", byte);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::optional<size_t> first_not_hex(std::string_view text, HexCase hex_case) {
  size_t at = text.find_first_not_of(hex_case == HexCase::lower ? "0123456789abcdef" : "0123456789abcdefABCDEF");
  return at == std::string_view::npos ? std::nullopt : std::optional(at);
}

bool check_id(ExplainedHeader& out, const Part& part, std::string_view name, size_t digits, HexCase hex_case) {
  if (auto bad = first_not_hex(part.text, hex_case)) {
    const char c = part.text[*bad];
    const bool upper = c >= 'A' && c <= 'F';
    return out.fail(part.at + *bad,
                    upper ? fmt::format("the {} has an upper-case digit: only lower case is allowed", name)
                          : fmt::format("the {} has {}, which is no hex digit", name, shown(c)));
  }
  if (part.text.size() != digits) {
    const bool shorter = part.text.size() < digits;
    return out.fail(part.at + (shorter ? part.text.size() : digits),
                    fmt::format("the {} has {} digits instead of {}", name, part.text.size(), digits));
  }
  if (part.text.find_first_not_of('0') == std::string_view::npos) {
    return out.fail(part.at, fmt::format("the {} is all zeros, which means none", name));
  }
  return true;
}

Part trimmed(Part part) {
  while (!part.text.empty() && (part.text.front() == ' ' || part.text.front() == '\t')) {
    part.text.remove_prefix(1);
    ++part.at;
  }
  while (!part.text.empty() && (part.text.back() == ' ' || part.text.back() == '\t')) part.text.remove_suffix(1);
  return part;
}

}  // namespace clew::cli
