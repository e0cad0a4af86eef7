// Numbers and strings as they are written in a query: Go's syntax.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace clew::traceql {

// The longest prefix that has the form of a number: 1, 0x1f, 1_000, 1.5, .99, 1e-3. Malformed digits ("0x", "1e") are
// part of it and refused by the functions below.
struct NumberText {
  std::string_view text;
  bool real = false;
};
// Precondition: text begins with a digit, or with '.' and a digit.
NumberText take_number(std::string_view text);

// Nothing when malformed or outside int64. Prefixes 0x, 0o, 0b and underscores between digits as in Go.
std::optional<int64_t> parse_integer(std::string_view text);
// Nothing when malformed or too large for a double.
std::optional<double> parse_real(std::string_view text);

struct EscapeError {
  size_t begin = 0;  // the escape, in the given text
  size_t end = 0;
  std::string what;
};
// The content between double quotes; Go's escapes: \a \b \f \n \r \t \v \\ \" \ooo \xhh \uhhhh \Uhhhhhhhh.
std::expected<std::string, EscapeError> unescape(std::string_view content);
// With the quotes. unescape() reads it back.
std::string quote(std::string_view text);

// Always readable as a real number again: 1 is "1.0".
std::string format_real(double value);

}  // namespace clew::traceql
