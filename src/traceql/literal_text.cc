#include "traceql/literal_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "traceql/characters.h"

namespace clew::traceql {
namespace {

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

int base_of(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  switch (text[1]) {
    case 'x':
    case 'X': return 16;
    case 'o':
    case 'O': return 8;
    case 'b':
    case 'B': return 2;
    default: return 10;
  }
}

// Underscores removed; nothing when one does not stand between digits (or after a prefix).
std::optional<std::string> without_underscores(std::string_view text) {
  std::string digits;
  bool prefixed = base_of(text) != 10;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += text[i];
      continue;
    }
    bool after = i > 0 && (digit_value(text[i - 1]) < 16 || (prefixed && i == 2));
    bool before = i + 1 < text.size() && digit_value(text[i + 1]) < 16;
    if (!after || !before) return std::nullopt;
  }
  return digits;
}

void append_utf8(std::string& out, uint32_t c) {
  auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

std::optional<char> simple_escape(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\': return '\\';
    case '"': return '"';
    default: return std::nullopt;
  }
}

struct NumericEscape {
  size_t skip;    // characters of the escape before its digits, the backslash included
  size_t digits;  // 0: not a numeric escape
  uint32_t base;
};

NumericEscape numeric_escape(char c) {
  if (c == 'x') return {2, 2, 16};
  if (c == 'u') return {2, 4, 16};
  if (c == 'U') return {2, 8, 16};
  if (c >= '0' && c <= '7') return {1, 3, 8};
  return {0, 0, 0};
}

// One escape at the front of text; the number of bytes taken, or 0 when malformed.
size_t take_escape(std::string_view text, std::string& out) {
  if (text.size() < 2) return 0;
  if (auto simple = simple_escape(text[1])) {
    out += *simple;
    return 2;
  }
  NumericEscape form = numeric_escape(text[1]);
  if (form.digits == 0 || text.size() < form.skip + form.digits) return 0;
  uint64_t value = 0;
  for (char c : text.substr(form.skip, form.digits)) {
    auto digit = static_cast<uint32_t>(digit_value(c));
    if (digit >= form.base) return 0;
    value = value * form.base + digit;
  }
  if (form.digits <= 3) {  // a byte
    if (value > 0xff) return 0;
    out += static_cast<char>(value);
  } else {  // a character
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
    append_utf8(out, static_cast<uint32_t>(value));
  }
  return form.skip + form.digits;
}

}  // namespace

NumberText take_number(std::string_view text) {
  int base = base_of(text);
  auto is_part = [&](char c) { return c == '_' || (base == 16 ? digit_value(c) < 16 : is_digit(c)); };
  size_t i = base == 10 ? 0 : 2;
  bool real = false;
  while (i < text.size() && is_part(text[i])) ++i;
  if (i < text.size() && text[i] == '.' && (base == 10 || base == 16)) {
    real = true;
    ++i;
    while (i < text.size() && is_part(text[i])) ++i;
  }
  char marker = i < text.size() ? text[i] : '\0';
  if ((base == 10 && (marker == 'e' || marker == 'E')) || (base == 16 && (marker == 'p' || marker == 'P'))) {
    real = true;
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    while (i < text.size() && (is_digit(text[i]) || text[i] == '_')) ++i;
  }
  return {text.substr(0, i), real};
}

std::optional<int64_t> parse_integer(std::string_view text) {
  auto digits = without_underscores(text);
  if (!digits) return std::nullopt;
  int base = base_of(*digits);
  std::string_view rest(*digits);
  if (base != 10) {
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    base = 8;
  }
  int64_t value = 0;
  auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (failure != std::errc() || end != rest.data() + rest.size() || rest[0] == '-') return std::nullopt;
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  auto digits = without_underscores(text);
  if (!digits) return std::nullopt;
  std::string_view rest(*digits);
  bool hexadecimal = base_of(rest) == 16;
  if (hexadecimal) {
    if (rest.find_first_of("pP") == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(2);
  }
  double value = 0;
  const char* last = rest.data() + rest.size();
  auto [end, failure] =
      std::from_chars(rest.data(), last, value, hexadecimal ? std::chars_format::hex : std::chars_format::general);
  // Too small reads as zero, as in Go; from_chars tells both directions apart only by the exponent's sign.
  if (failure == std::errc::result_out_of_range && end == last) {
    size_t marker = rest.find_first_of(hexadecimal ? "pP" : "eE");
    bool tiny = marker == std::string_view::npos ? rest.front() == '0' || rest.front() == '.'
                                                 : rest.substr(marker + 1).starts_with('-');
    if (tiny) return 0.0;
  }
  if (failure != std::errc() || end != last || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::expected<std::string, EscapeError> unescape(std::string_view content) {
  std::string out;
  out.reserve(content.size());
  for (size_t i = 0; i < content.size();) {
    if (content[i] != '\\') {
      out += content[i++];
      continue;
    }
    size_t taken = take_escape(content.substr(i), out);
    if (taken == 0) {
      std::string_view shown = content.substr(i);
      size_t bytes = shown.size() > 1 ? 1 + first_character(shown.substr(1)).bytes : 1;
      return std::unexpected(
          EscapeError{i, i + bytes, fmt::format("unknown escape {} in a string", shown.substr(0, bytes))});
    }
    i += taken;
  }
  return out;
}

std::string quote(std::string_view text) {
  bool text_is_utf8 = is_utf8(text);
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !text_is_utf8)) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string format_real(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

}  // namespace clew::traceql
