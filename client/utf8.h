// Texts as OTLP wants them: valid UTF-8, not longer than a number of characters.
#pragma once

#include <string_view>

#include "arena.h"

CLEW_BEGIN
namespace detail {

// The bytes of the well-formed character at the beginning of the text, 0 when there is none.
unsigned utf8_character(std::string_view text) noexcept;

// The text itself when it is well-formed, else a copy with U+FFFD in the place of each byte that is not.
std::string_view repaired_utf8(std::string_view text, Arena& arena) noexcept;

// At most that many characters of a well-formed text.
std::string_view first_characters(std::string_view text, size_t most) noexcept;

}  // namespace detail
CLEW_END
