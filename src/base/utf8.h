// UTF-8 as OTLP demands it of strings.
#pragma once

#include <string>
#include <string_view>

namespace clew {

// True for well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// Each maximal ill-formed part replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace clew
