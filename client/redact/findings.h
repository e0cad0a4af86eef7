// Hand-written scanners for what must not be seen: one pass over the text, no regular expressions.
//
// Each kind has a function that says how long what it looks for is at a place, 0 when it is not there. A place is the
// beginning of a word: what stands before it is neither a letter nor a digit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

enum class FindingKind : uint8_t { kEmail, kCard, kToken, kNationalId };

struct Finding {
  size_t begin = 0, end = 0;
  FindingKind kind = FindingKind::kEmail;
};

// The first finding at or after `from`. False: none.
bool find_next(std::string_view text, size_t from, Finding& finding) noexcept;

size_t card_at(std::string_view text, size_t at) noexcept;  // and IBANs
size_t national_id_at(std::string_view text, size_t at) noexcept;
// A token may begin behind the word that announces it ("Bearer "): then `skip` is that word's size.
size_t token_at(std::string_view text, size_t at, size_t& skip) noexcept;
// Around an '@'; not before `from`.
bool email_around(std::string_view text, size_t at_sign, size_t from, Finding& finding) noexcept;

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_letter(char c) noexcept {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}
constexpr bool is_alnum(char c) noexcept {
  return is_digit(c) || is_letter(c);
}
// Nothing of a word at this place.
inline bool ends_at(std::string_view text, size_t at) noexcept {
  return at >= text.size() || !is_alnum(text[at]);
}

}  // namespace detail
CLEW_END
