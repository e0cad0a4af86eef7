// Patterns for names and keys: '*' is any text, '?' any one byte. No recursion: at most text times pattern steps.
#pragma once

#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

inline bool matches(std::string_view pattern, std::string_view text) noexcept {
  size_t at = 0, in = 0, star = std::string_view::npos, behind = 0;
  while (in < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      behind = in;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[in])) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++behind;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace detail
CLEW_END
