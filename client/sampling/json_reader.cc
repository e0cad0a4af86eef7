#include "sampling/json_reader.h"

#include <charconv>

CLEW_BEGIN
namespace detail {
namespace {

void append_utf8(std::string& text, unsigned code) {
  if (code < 0x80) {
    text += char(code);
    return;
  }
  if (code < 0x800) {
    text += char(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      text += char(0xe0 | code >> 12);
    } else {
      text += char(0xf0 | code >> 18);
      text += char(0x80 | (code >> 12 & 0x3f));
    }
    text += char(0x80 | (code >> 6 & 0x3f));
  }
  text += char(0x80 | (code & 0x3f));
}

}  // namespace

bool JsonReader::four_digits(unsigned& value) noexcept {
  if (end_ - at_ < 4) return false;
  const auto read = std::from_chars(at_, at_ + 4, value, 16);
  if (read.ec != std::errc() || read.ptr != at_ + 4 || *at_ == '-') return false;
  at_ += 4;
  return true;
}

bool JsonReader::escape(std::string& text) noexcept {
  if (at_ == end_) return false;
  const char c = *at_++;
  constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
  const size_t simple = kNames.find(c);
  if (simple != std::string_view::npos) {
    text += kValues[simple];
    return true;
  }
  unsigned code, low;
  if (c != 'u' || !four_digits(code)) return false;
  if (code >= 0xd800 && code < 0xdc00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
    at_ += 2;
    if (!four_digits(low)) return false;
    code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
  } else if (code >= 0xd800 && code < 0xe000) {
    code = 0xfffd;
  }
  append_utf8(text, code);
  return true;
}

bool JsonReader::string(std::string& text) noexcept {
  text.clear();
  if (!take('"')) return fail();
  while (at_ != end_ && *at_ != '"') {
    if (uint8_t(*at_) < 0x20) return fail();
    if (*at_ != '\\') {
      text += *at_++;
      continue;
    }
    ++at_;
    if (!escape(text)) return fail();
  }
  return take('"') || fail();
}

bool JsonReader::number(double& value) noexcept {
  if (spaces() == end_ || (*at_ != '-' && (*at_ < '0' || *at_ > '9'))) return fail();
  const auto read = std::from_chars(at_, end_, value);
  if (read.ec != std::errc()) return fail();
  at_ = read.ptr;
  return true;
}

bool JsonReader::word(std::string_view text) noexcept {
  if (size_t(end_ - at_) < text.size() || std::string_view(at_, text.size()) != text) return fail();
  at_ += text.size();
  return true;
}

bool JsonReader::skip() noexcept {
  std::string text;
  double value;
  switch (next()) {
    case '{': return object([](std::string_view) {});
    case '[': return array([] {});
    case '"': return string(text);
    case 't': return word("true");
    case 'f': return word("false");
    case 'n': return word("null");
    default: return number(value);
  }
}

}  // namespace detail
CLEW_END
