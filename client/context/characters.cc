#include "context/characters.h"

#include "clew/ids.h"

CLEW_BEGIN
namespace detail {
namespace {

uint8_t digit(char c) noexcept {
  return hex_value(c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c);
}

}  // namespace

unsigned percent_decode(std::string_view text, char* out) noexcept {
  unsigned size = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) < 16 && digit(text[i + 2]) < 16) {
      out[size++] = char(digit(text[i + 1]) << 4 | digit(text[i + 2]));
      i += 2;
    } else {
      out[size++] = text[i];
    }
  }
  return size;
}

unsigned percent_encode(std::string_view text, uint8_t plain, char* out) noexcept {
  unsigned size = 0;
  for (char c : text) {
    if (is_a(c, plain)) {
      out[size++] = c;
    } else {
      out[size++] = '%';
      out[size++] = "0123456789ABCDEF"[uint8_t(c) >> 4];
      out[size++] = "0123456789ABCDEF"[uint8_t(c) & 15];
    }
  }
  return size;
}

}  // namespace detail
CLEW_END
