#include "utf8.h"

CLEW_BEGIN
namespace detail {
namespace {

bool is_tail(char c) noexcept {
  return (uint8_t(c) & 0xc0) == 0x80;
}

// How many bytes at the beginning are ASCII.
size_t ascii_bytes(std::string_view text) noexcept {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080) != 0) break;
  }
  while (at < text.size() && uint8_t(text[at]) < 0x80) ++at;
  return at;
}

size_t valid_bytes(std::string_view text) noexcept {
  size_t at = ascii_bytes(text);
  while (at < text.size()) {
    const unsigned bytes = utf8_character(text.substr(at));
    if (bytes == 0) return at;
    at += bytes;
    at += ascii_bytes(text.substr(at));
  }
  return at;
}

}  // namespace

unsigned utf8_character(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const uint8_t first = uint8_t(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const unsigned bytes = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < bytes) return 0;
  for (unsigned i = 1; i < bytes; ++i) {
    if (!is_tail(text[i])) return 0;
  }
  // Not the shortest form, surrogates, and what is beyond U+10FFFF.
  const uint8_t second = uint8_t(text[1]);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return bytes;
}

std::string_view repaired_utf8(std::string_view text, Arena& arena) noexcept {
  size_t at = valid_bytes(text);
  if (at == text.size()) return text;
  char* const copy = static_cast<char*>(arena.take(at + 3 * (text.size() - at)));
  if (copy == nullptr) return text.substr(0, at);
  std::memcpy(copy, text.data(), at);
  size_t out = at;
  while (at < text.size()) {
    const unsigned bytes = utf8_character(text.substr(at));
    if (bytes == 0) {
      std::memcpy(copy + out, "\xef\xbf\xbd", 3);
      out += 3;
      at += 1;
    } else {
      std::memcpy(copy + out, text.data() + at, bytes);
      out += bytes;
      at += bytes;
    }
  }
  return {copy, out};
}

std::string_view first_characters(std::string_view text, size_t most) noexcept {
  if (text.size() <= most) return text;
  size_t at = 0;
  for (size_t characters = 0; at < text.size() && characters < most; ++characters) {
    ++at;
    while (at < text.size() && is_tail(text[at])) ++at;
  }
  return text.substr(0, at);
}

}  // namespace detail
CLEW_END
