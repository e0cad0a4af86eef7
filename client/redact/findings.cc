#include "redact/findings.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr size_t kLongestLocal = 64;  // of an address, before the '@'

bool is_local(char c) noexcept {
  return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

// What begins with this word.
bool find_at_word(std::string_view text, size_t at, Finding& finding) noexcept {
  size_t skip = 0, size = token_at(text, at, skip);
  finding.kind = FindingKind::kToken;
  if (size == 0) {
    size = card_at(text, at);
    finding.kind = FindingKind::kCard;
  }
  if (size == 0) {
    size = national_id_at(text, at);
    finding.kind = FindingKind::kNationalId;
  }
  finding.begin = at + skip;
  finding.end = finding.begin + size;
  return size != 0;
}

}  // namespace

bool email_around(std::string_view text, size_t at_sign, size_t from, Finding& finding) noexcept {
  size_t begin = at_sign, end = at_sign + 1, last_dot = 0;
  while (begin > from && is_local(text[begin - 1])) --begin;
  while (begin < at_sign && text[begin] == '.') ++begin;
  while (end < text.size() && (is_alnum(text[end]) || text[end] == '.' || text[end] == '-')) {
    if (text[end] == '.') last_dot = end;
    ++end;
  }
  // What ends a sentence is none of it.
  while (end > at_sign + 1 && !is_alnum(text[end - 1])) {
    --end;
    if (last_dot == end) last_dot = text.substr(0, end).rfind('.');
  }
  if (begin == at_sign || last_dot == std::string_view::npos || last_dot <= at_sign + 1) return false;
  size_t letters = 0;
  for (size_t i = last_dot + 1; i < end; ++i) letters += is_letter(text[i]);
  finding = {begin, end, FindingKind::kEmail};
  return letters >= 2;
}

bool find_next(std::string_view text, size_t from, Finding& finding) noexcept {
  bool in_word = false;
  size_t local = from;  // behind it an address may begin
  for (size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '@' && email_around(text, at, local, finding)) return true;
    if (c == '@') local = at + 1;
    const bool alnum = is_alnum(c);
    if (alnum && !in_word && find_at_word(text, at, finding)) {
      // An address that begins with something else that was found is an address.
      Finding email;
      size_t sign = finding.end;
      while (sign < text.size() && sign - at < kLongestLocal && is_local(text[sign])) ++sign;
      if (sign < text.size() && text[sign] == '@' && email_around(text, sign, at, email)) finding = email;
      return true;
    }
    in_word = alnum;
  }
  return false;
}

}  // namespace detail
CLEW_END
