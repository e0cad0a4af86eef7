// For JSON that simdjson refuses as a whole: what can be mended, and where what cannot is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clew::wire {

// Ill-formed UTF-8, and \u escapes of surrogates without their other half (JavaScript writes those), replaced by
// U+FFFD. Nothing when there was neither.
std::optional<std::string> repair_json(std::string_view text);

// The byte where text stops being JSON: its size when it only ends too early.
size_t find_json_fault(std::string_view text);

}  // namespace clew::wire
