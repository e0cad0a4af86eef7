// For JSON that simdjson refuses as a whole: what can be mended, and where what cannot is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clew::wire {

// Ill-formed UTF-8, and \u escapes of surrogates without their other half (JavaScript writes those), replaced by
// U+FFFD; integers too long for 64 bits (JavaScript writes reals so) given a fraction. Nothing when there was none of
// it.
std::optional<std::string> repair_json(std::string_view text);

// The byte where text stops being JSON: its size when it only ends too early.
size_t find_json_fault(std::string_view text);

}  // namespace clew::wire
