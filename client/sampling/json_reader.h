// Reads JSON where it stands, asking for what is expected: object({{"key", read}}) and its like. Whatever is not asked
// for is skipped, with what is below it. No memory but for texts with escapes.
#pragma once

#include <string>
#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

class JsonReader {
 public:
  static constexpr unsigned kMaxDepth = 32;

  explicit JsonReader(std::string_view text) noexcept
      : at_(text.data()), begin_(text.data()), end_(at_ + text.size()) {}

  // Calls field(key) for each member; it reads the value, or returns without reading it.
  template <typename Field>
  bool object(Field field) noexcept {
    if (!enter('{')) return false;
    if (take('}')) return leave();
    std::string key;
    do {
      if (!string(key) || !take(':')) return fail();
      const char* const value = spaces();
      field(std::string_view(key));
      if (failed_ || (at_ == value && !skip())) return fail();
    } while (take(','));
    return take('}') ? leave() : fail();
  }
  // Calls element() for each; it reads the value, or returns without reading it.
  template <typename Element>
  bool array(Element element) noexcept {
    if (!enter('[')) return false;
    if (take(']')) return leave();
    do {
      const char* const value = spaces();
      element();
      if (failed_ || (at_ == value && !skip())) return fail();
    } while (take(','));
    return take(']') ? leave() : fail();
  }
  bool string(std::string& text) noexcept;
  bool number(double& value) noexcept;
  bool skip() noexcept;
  // What comes next: '{', '[', '"', a letter, '-' or a digit; 0 at the end.
  char next() noexcept { return spaces() == end_ ? '\0' : *at_; }

  bool failed() const noexcept { return failed_; }
  bool at_end() noexcept { return spaces() == end_; }
  size_t position() const noexcept { return size_t(at_ - begin_); }

 private:
  const char* spaces() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    return at_;
  }
  bool take(char c) noexcept {
    if (spaces() == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool enter(char c) noexcept { return take(c) && ++depth_ <= kMaxDepth ? true : fail(); }
  bool leave() noexcept {
    --depth_;
    return true;
  }
  bool fail() noexcept {
    failed_ = true;
    return false;
  }
  bool word(std::string_view text) noexcept;
  bool escape(std::string& text) noexcept;
  bool four_digits(unsigned& value) noexcept;

  const char* at_;
  const char* begin_;
  const char* end_;
  unsigned depth_ = 0;
  bool failed_ = false;
};

}  // namespace detail
CLEW_END
