#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace clew {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ULL;

// Length of the well-formed sequence at the start of text, or 0; `bad` is then the length of its ill-formed part.
size_t sequence(std::string_view text, size_t& bad) {
  auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t lead = at(0);
  bad = 1;
  if (lead < 0x80) return 1;
  size_t length = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length == 0) return 0;
  uint8_t low = 0x80;
  uint8_t high = 0xbf;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  for (size_t i = 1; i < length; ++i) {
    if (i >= text.size() || at(i) < low || at(i) > high) {
      bad = i;
      return 0;
    }
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

// What most texts are. Eight bytes at a time, of the last eight some perhaps twice.
bool is_ascii(std::string_view text) {
  uint64_t seen = 0;
  auto see = [&](const char* at) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    seen |= word;
  };
  if (text.size() < 8) {
    for (char c : text) seen |= static_cast<uint8_t>(c);
  } else {
    for (size_t i = 0; i + 8 < text.size(); i += 8) see(text.data() + i);
    see(text.data() + text.size() - 8);
  }
  return (seen & kHighBits) == 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  size_t bad = 0;
  while (!text.empty()) {
    uint64_t word = 0;
    while (text.size() >= 8) {
      std::memcpy(&word, text.data(), 8);
      if (word & kHighBits) break;
      text.remove_prefix(8);
    }
    if (text.empty()) return true;
    size_t length = sequence(text, bad);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) {
    size_t bad = 0;
    size_t length = sequence(text, bad);
    if (length > 0) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      out.append("\xef\xbf\xbd");
      text.remove_prefix(bad);
    }
  }
  return out;
}

}  // namespace clew
