// Regular expressions of `=~` and `!~`: RE2 syntax, matched against the whole value, `.` matches line breaks too.
//
// What is a plain text between `.*`, the commonest kind, is looked for as such. Values are valid UTF-8 (what came in
// otherwise was repaired), so that `.*` is any text.
//
// Of most others, many texts are asked at once: a call costs more than the few bytes of a value, so they are laid side
// by side, with a byte between them that is in no UTF-8 and so in no match, and the pattern is sought anywhere in all
// of it. Where it is not found no text matches; the few where it is are matched one by one.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
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
  // Whether may_match() can be asked: not where the pattern depends on where a text ends, or is in every text.
  bool can_search() const { return searched_ != nullptr; }
  // Sets may[i] to false where texts[i] does not match. `joined` is room for them. Preconditions: can_search(), `may`
  // has room for all.
  void may_match(std::span<const std::string_view> texts, std::string& joined, bool* may) const;

 private:
  struct Plain {
    std::string text;
    bool any_before = false;
    bool any_after = false;
  };
  explicit Regex(std::unique_ptr<RE2> compiled) : compiled_(std::move(compiled)) {}
  static std::optional<Plain> plain_form(std::string_view pattern);
  // `joined` is these texts, each with the byte behind it.
  void search(std::span<const std::string_view> texts, const std::string& joined, bool* may) const;
  void prepare_search(std::string_view pattern, const RE2::Options& options);

  std::unique_ptr<RE2> compiled_;
  std::unique_ptr<RE2> core_;  // the pattern without `.*` at its ends, where it has one
  const RE2* searched_ = nullptr;
  std::optional<Plain> plain_;
};

}  // namespace clew::traceql
