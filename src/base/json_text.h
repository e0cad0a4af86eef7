// Writing JSON: escaping is the only part that must be right, and it is needed by rooms that may not know each other.
#pragma once

#include <string>
#include <string_view>

namespace clew {

// Appends text as a JSON string with its quotes. Control characters, '"', '\\', and the line separators U+2028/9 are
// escaped; invalid UTF-8 becomes U+FFFD, so that the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace clew
