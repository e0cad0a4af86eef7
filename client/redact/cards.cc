// Numbers of payment cards (ISO/IEC 7812, check digit by Luhn) and of bank accounts (IBAN, ISO 13616, check by 97).
#include "redact/findings.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr unsigned kFewestDigits = 13, kMostDigits = 19;
constexpr unsigned kShortestIban = 15, kLongestIban = 34;

bool luhn(const char* digits, unsigned count) noexcept {
  unsigned sum = 0;
  for (unsigned i = 0; i < count; ++i) {
    unsigned digit = unsigned(digits[count - 1 - i] - '0');
    if (i % 2 == 1) digit = digit < 5 ? 2 * digit : 2 * digit - 9;
    sum += digit;
  }
  return sum % 10 == 0;
}

// Cards of the large networks begin with 2 to 6; times in milliseconds begin with 1.
size_t card_number_at(std::string_view text, size_t at) noexcept {
  if (text[at] < '2' || text[at] > '6') return 0;
  char digits[kMostDigits];
  unsigned count = 0;
  size_t found = 0, end = at;
  char separator = 0;  // one kind in a number
  while (end < text.size() && count < kMostDigits) {
    if (!is_digit(text[end])) {
      if ((text[end] != ' ' && text[end] != '-') || (separator != 0 && text[end] != separator)) break;
      if (end + 1 >= text.size() || !is_digit(text[end + 1])) break;
      separator = text[end++];
    }
    digits[count++] = text[end++];
    // Digits after a space may be something else: the longest number whose check digit is right.
    if (count >= kFewestDigits && ends_at(text, end) && luhn(digits, count)) found = end - at;
  }
  return found;
}

size_t iban_at(std::string_view text, size_t at) noexcept {
  if (text.size() - at < kShortestIban || !is_upper(text[at]) || !is_upper(text[at + 1]) || !is_digit(text[at + 2]) ||
      !is_digit(text[at + 3])) {
    return 0;
  }
  char characters[kLongestIban];
  unsigned count = 0;
  size_t end = at;
  while (end < text.size() && count < kLongestIban) {
    if (text[end] == ' ' && count % 4 == 0 && end + 1 < text.size() &&
        (is_digit(text[end + 1]) || is_upper(text[end + 1])))
      ++end;
    if (!is_digit(text[end]) && !is_upper(text[end])) break;
    characters[count++] = text[end++];
  }
  if (count < kShortestIban || !ends_at(text, end)) return 0;
  unsigned rest = 0;
  for (unsigned i = 0; i < count; ++i) {
    const char c = characters[(i + 4) % count];
    rest = is_digit(c) ? (rest * 10 + unsigned(c - '0')) % 97 : (rest * 100 + unsigned(c - 'A' + 10)) % 97;
  }
  return rest == 1 ? end - at : 0;
}

}  // namespace

size_t card_at(std::string_view text, size_t at) noexcept {
  return is_digit(text[at]) ? card_number_at(text, at) : iban_at(text, at);
}

}  // namespace detail
CLEW_END
