#include "traceql/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace clew::traceql {
namespace {

// A longer line is cut around the caret.
constexpr size_t kShownCharacters = 100;

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

// The byte offset of the n-th character.
size_t offset_of_character(std::string_view text, size_t n) {
  size_t offset = 0;
  while (offset < text.size()) {
    if (starts_character(text[offset])) {
      if (n == 0) break;
      --n;
    }
    ++offset;
  }
  return offset;
}

std::string one_cell_each(std::string_view text) {
  std::string shown(text);
  std::replace_if(shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return shown;
}

std::string single_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::valid: return "valid";
    case Verdict::parse_error: return "parse error";
    case Verdict::invalid: return "invalid";
    case Verdict::unsupported: return "unsupported";
  }
  return "";
}

TextPosition position_of(std::string_view text, uint32_t offset) {
  std::string_view before = text.substr(0, offset);
  size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
          static_cast<uint32_t>(1 + count_characters(before.substr(line_start)))};
}

std::string Diagnostic::message() const {
  return fmt::format("{} at line {}, col {}: {}", name_of(kind), at.line, at.column, what);
}

std::string Diagnostic::line() const {
  std::string text = fmt::format("{}: line {}, col {}: {}", name_of(kind), at.line, at.column, what);
  if (!hint.empty()) text += fmt::format(" ({})", hint);
  return single_line(std::move(text));
}

Diagnostic make_diagnostic(Verdict kind, std::string_view text, SourceRange where, std::string what, std::string hint) {
  return {kind, where, position_of(text, where.begin), std::move(what), std::move(hint)};
}

std::string render(const Diagnostic& diagnostic, std::string_view text) {
  size_t begin = std::min<size_t>(diagnostic.where.begin, text.size());
  size_t line_start = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
  size_t line_end = std::min(text.find('\n', begin), text.size());
  std::string_view line = text.substr(line_start, line_end - line_start);
  size_t marked_end = std::clamp<size_t>(diagnostic.where.end, begin, line_end);
  size_t column = count_characters(text.substr(line_start, begin - line_start));
  size_t width = std::max<size_t>(1, count_characters(text.substr(begin, marked_end - begin)));

  std::string_view before_cut;
  std::string_view after_cut;
  if (count_characters(line) > kShownCharacters) {
    size_t first = column > kShownCharacters / 2 ? column - kShownCharacters / 2 : 0;
    line.remove_prefix(offset_of_character(line, first));
    column -= first;
    if (first > 0) before_cut = "... ";
    size_t shown = offset_of_character(line, kShownCharacters);
    if (shown < line.size()) after_cut = " ...";
    line = line.substr(0, shown);
    width = std::min(width, kShownCharacters - column + 1);
  }
  std::string out = fmt::format("{}\n  {}{}{}\n  {}^{}\n", diagnostic.message(), before_cut, one_cell_each(line),
                                after_cut, std::string(before_cut.size() + column, ' '), std::string(width - 1, '~'));
  if (!diagnostic.hint.empty()) out += fmt::format("  hint: {}\n", diagnostic.hint);
  return out;
}

}  // namespace clew::traceql
