// Social security numbers (USA): 123-45-6789 as the administration gives them out, with '-' or ' ' in both places.
// National insurance numbers (UK): two letters, six digits, A to D.
#include "redact/findings.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr size_t kSsnSize = 11;

size_t ssn_at(std::string_view text, size_t at) noexcept {
  const std::string_view number = text.substr(at, kSsnSize);
  if (number.size() < kSsnSize || !ends_at(text, at + kSsnSize)) return 0;
  const char separator = number[3];
  if ((separator != '-' && separator != ' ') || number[6] != separator) return 0;
  for (size_t i = 0; i < kSsnSize; ++i) {
    if (i != 3 && i != 6 && !is_digit(number[i])) return 0;
  }
  // What goes on with digits is another number.
  if (at + kSsnSize + 1 < text.size() && text[at + kSsnSize] == separator && is_digit(text[at + kSsnSize + 1]))
    return 0;
  const std::string_view area = number.substr(0, 3);
  if (area == "000" || area == "666" || area[0] == '9') return 0;
  return number.substr(4, 2) == "00" || number.substr(7) == "0000" ? 0 : kSsnSize;
}

size_t nino_at(std::string_view text, size_t at) noexcept {
  constexpr std::string_view kNotFirst = "DFIQUV", kNotSecond = "DFIOQUV";
  size_t end = at;
  const auto next = [&] {
    if (end < text.size() && text[end] == ' ') ++end;
    return end < text.size() ? text[end++] : '\0';
  };
  const char first = next(), second = end < text.size() ? text[end++] : '\0';
  if (!is_upper(first) || !is_upper(second)) return 0;
  if (kNotFirst.find(first) != std::string_view::npos || kNotSecond.find(second) != std::string_view::npos) return 0;
  for (int pair = 0; pair < 3; ++pair) {
    if (!is_digit(next()) || end >= text.size() || !is_digit(text[end++])) return 0;
  }
  const char suffix = next();
  return suffix >= 'A' && suffix <= 'D' && ends_at(text, end) ? end - at : 0;
}

}  // namespace

size_t national_id_at(std::string_view text, size_t at) noexcept {
  return is_digit(text[at]) ? ssn_at(text, at) : nino_at(text, at);
}

}  // namespace detail
CLEW_END
