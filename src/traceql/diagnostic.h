// What is wrong with a query, where, and what to do: one struct for the parser and the checker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "traceql/ast.h"

namespace clew::traceql {

enum class Verdict : uint8_t { valid, parse_error, invalid, unsupported };
std::string_view name_of(Verdict verdict);  // "valid", "parse error", "invalid", "unsupported"

// Counted from 1; a column is a character, not a byte.
struct TextPosition {
  uint32_t line = 1;
  uint32_t column = 1;
};
TextPosition position_of(std::string_view text, uint32_t offset);

struct Diagnostic {
  Verdict kind = Verdict::parse_error;
  SourceRange where;
  TextPosition at;
  std::string what;
  std::string hint;  // may be empty

  // "parse error at line 1, col 8: what", the form of Tempo's API.
  std::string message() const;
  // "parse error: line 1, col 8: what (hint)", the form of `clew traceql check -`: one line.
  std::string line() const;
};

Diagnostic make_diagnostic(Verdict kind, std::string_view text, SourceRange where, std::string what, std::string hint);

// For a terminal: the message, the line of the query with a caret under the place, the hint. Ends with a line break.
std::string render(const Diagnostic& diagnostic, std::string_view text);

}  // namespace clew::traceql
