// Which characters may stand where in the headers of contexts, and the few things that all their parsers do.
#pragma once

#include <cstring>
#include <string_view>

#include "clew/trace_state.h"
#include "clew/value.h"

CLEW_BEGIN
namespace detail {

constexpr uint8_t kSpace = 1;          // HTTP's optional white space
constexpr uint8_t kStateKeyFirst = 2;  // of a tracestate member's key: a-z 0-9
constexpr uint8_t kStateKey = 4;       // and _ - * / @
constexpr uint8_t kStateValue = 8;     // printable, but neither ',' nor '='
constexpr uint8_t kToken = 16;         // HTTP's token: keys of baggage
constexpr uint8_t kBaggageValue = 32;  // written as it is in a value of baggage; '+' is not, some read it as a space
constexpr uint8_t kUrlPlain = 64;      // written as it is when URL-encoded

struct Characters {
  uint8_t classes[256] = {};

  constexpr Characters() {
    for (int c = 0; c < 256; ++c) {
      const bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
      const bool printable = c > 0x20 && c < 0x7f;
      uint8_t is = 0;
      if (c == ' ' || c == '\t') is |= kSpace;
      if (lower || digit) is |= kStateKeyFirst | kStateKey;
      if (c == '_' || c == '-' || c == '*' || c == '/' || c == '@') is |= kStateKey;
      if ((printable || c == ' ') && c != ',' && c != '=') is |= kStateValue;
      if (printable && !in("\"(),/:;<=>?@[\\]{}", c)) is |= kToken;
      if (printable && !in("\",;\\%+", c)) is |= kBaggageValue;
      if (lower || upper || digit || in("-_.~", c)) is |= kUrlPlain;
      classes[c] = is;
    }
  }
  static constexpr bool in(const char* set, int c) {
    for (; *set != 0; ++set) {
      if (*set == c) return true;
    }
    return false;
  }
};
inline constexpr Characters kCharacters;

inline bool is_a(char c, uint8_t classes) noexcept {
  return (kCharacters.classes[uint8_t(c)] & classes) != 0;
}

inline std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_a(text.front(), kSpace)) text.remove_prefix(1);
  while (!text.empty() && is_a(text.back(), kSpace)) text.remove_suffix(1);
  return text;
}

// What stands before the separator; `rest` begins after it, or has a null pointer when there was none.
inline std::string_view cut(std::string_view& rest, char separator) noexcept {
  const size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

// Writes the text with its %XX decoded, at most as long as it was; returns the size. A '%' without two digits stays.
unsigned percent_decode(std::string_view text, char* out) noexcept;
// Writes what is not of `plain` as %XX; returns the size, which percent_encoded_size() knows before.
unsigned percent_encode(std::string_view text, uint8_t plain, char* out) noexcept;

inline size_t percent_encoded_size(std::string_view text, uint8_t plain) noexcept {
  size_t size = 0;
  for (char c : text) size += is_a(c, plain) ? 1 : 3;
  return size;
}

// Several headers are one (RFC 9110, 5.3).
TraceState parse_trace_state(List<const std::string_view> headers) noexcept;

}  // namespace detail
CLEW_END
