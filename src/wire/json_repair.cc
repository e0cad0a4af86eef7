#include "wire/json_repair.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/hex.h"
#include "base/utf8.h"

namespace clew::wire {
namespace {

// The code unit of a \uXXXX at `at`, or nothing.
std::optional<uint32_t> escaped_unit(std::string_view text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  uint32_t unit = 0;
  for (size_t i = at + 2; i < at + 6; ++i) {
    int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    unit = unit << 4 | static_cast<uint32_t>(digit);
  }
  return unit;
}
bool is_high(uint32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool is_low(uint32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

// Digits that every 64-bit integer has at most: one fewer than the largest one's.
constexpr size_t kLongestInteger = 19;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
size_t number_length(std::string_view text, size_t at) {
  size_t end = text.find_first_not_of("0123456789.eE+-", at);
  return (end == std::string_view::npos ? text.size() : end) - at;
}

// Follows JSON's grammar; containers are kept on a list, so depth costs no stack.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  size_t scan() {
    if (!value()) return at_;
    while (!open_.empty()) {
      if (!after_value()) return at_;
    }
    skip_space();
    return at_;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<uint8_t>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == 'u') {
          if (!escaped_unit(text_, at_)) return false;
        } else if (at_ + 1 < text_.size() &&
                   std::string_view("\"\\/bfnrt").find(text_[at_ + 1]) == std::string_view::npos) {
          return false;
        }
        ++at_;
      }
      ++at_;
    }
    if (at_ > text_.size()) at_ = text_.size();
    return take('"');
  }
  bool digits() {
    size_t from = at_;
    while (is_digit(peek())) ++at_;
    return at_ > from;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }
  bool word(std::string_view expected) {
    for (char c : expected) {
      if (!take(c)) return false;
    }
    return true;
  }
  bool key() {
    skip_space();
    if (!string()) return false;
    skip_space();
    return take(':') && value();
  }
  // A scalar whole; of a container the opening and its first element's opening.
  bool value() {
    for (;;) {
      skip_space();
      switch (peek()) {
        case '{':
          ++at_;
          open_.push_back('}');
          skip_space();
          if (peek() == '}') return true;
          if (!string()) return false;
          skip_space();
          if (!take(':')) return false;
          continue;
        case '[':
          ++at_;
          open_.push_back(']');
          skip_space();
          if (peek() == ']') return true;
          continue;
        case '"': return string();
        case 't': return word("true");
        case 'f': return word("false");
        case 'n': return word("null");
        default: return number();
      }
    }
  }
  bool after_value() {
    skip_space();
    char close = open_.back();
    if (take(close)) {
      open_.pop_back();
      return true;
    }
    if (!take(',')) return false;
    return close == '}' ? key() : value();
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<char> open_;
};

}  // namespace

std::optional<std::string> repair_json(std::string_view text) {
  std::string valid = is_utf8(text) ? std::string() : replace_invalid_utf8(text);
  bool changed = !valid.empty();
  if (changed) text = valid;
  std::string out;
  out.reserve(text.size() + 16);
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    size_t length = 1;
    if (text[i] == '"') in_string = !in_string;
    if (text[i] == '\\') {
      length = std::min<size_t>(2, text.size() - i);
      auto unit = escaped_unit(text, i);
      auto second = escaped_unit(text, i + 6);
      if (unit && is_high(*unit) && second && is_low(*second)) {
        length = 12;
      } else if (unit && (is_high(*unit) || is_low(*unit))) {
        out.append("\\ufffd");
        changed = true;
        i += 6;
        continue;
      }
    } else if (!in_string && is_digit(text[i])) {
      length = number_length(text, i);
      out.append(text, i, length);
      i += length;
      if (length > kLongestInteger && out.find_first_of(".eE", out.size() - length) == std::string::npos) {
        out.append(".0");
        changed = true;
      }
      continue;
    }
    out.append(text, i, length);
    i += length;
  }
  if (!changed) return std::nullopt;
  return out;
}

size_t find_json_fault(std::string_view text) {
  return Scanner(text).scan();
}

}  // namespace clew::wire
