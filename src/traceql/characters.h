// The classes of characters that the lexer and the printer must agree on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clew::traceql {

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
inline bool is_word(char c) {
  return is_word_start(c) || is_digit(c);
}

struct Character {
  uint32_t code_point = 0;
  size_t bytes = 1;
};

// Precondition: text is well-formed UTF-8 and not empty.
inline Character first_character(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t code_point = bytes == 1 ? lead : lead & (0xffU >> (bytes + 1));
  for (size_t i = 1; i < bytes && i < text.size(); ++i) {
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  return {code_point, bytes};
}

// Unicode's White_Space.
inline bool is_space(uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// What ends an attribute name, besides white space.
inline bool ends_attribute_name(char c) {
  return c == '\0' || std::string_view("{}()=~!<>&|^,").contains(c);
}

}  // namespace clew::traceql
