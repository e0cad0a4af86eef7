// Regular expressions of `=~` and `!~`: RE2 syntax, matched against the whole value, `.` matches line breaks too.
//
// What is a plain text between `.*`, the commonest kind, is looked for as such. Values are valid UTF-8 (what came in
// otherwise was repaired), so that `.*` is any text.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clew::traceql {

inline constexpr size_t kMaxRegexBytes = 16384;
// Of the compiled program and its matcher's cache: x{1000} stays below, \pL{1000} does not.
inline constexpr int64_t kMaxRegexMemoryBytes = int64_t{8} << 20;

// Thread rule: immutable.
class Regex {
 public:
  // The error is text for a person: what in the pattern is not understood.
  static std::expected<std::unique_ptr<Regex>, std::string> compile(std::string_view pattern);

  bool matches(std::string_view text) const;
  // It costs no more than looking for a text in a text.
  bool is_plain() const { return plain_.has_value(); }

 private:
  struct Plain {
    std::string text;
    bool any_before = false;
    bool any_after = false;
  };
  explicit Regex(std::unique_ptr<RE2> compiled) : compiled_(std::move(compiled)) {}
  static std::optional<Plain> plain_form(std::string_view pattern);

  std::unique_ptr<RE2> compiled_;
  std::optional<Plain> plain_;
};

}  // namespace clew::traceql
