// Sizes and durations as people write them in a configuration.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::server {

// "64MiB", "4 GiB", "1.5GiB", "10MB" (decimal), "4096" and "4096B" (bytes). Errors say what is expected.
Result<uint64_t> parse_size(std::string_view text);
// In the largest binary unit that divides it: "64MiB".
std::string size_text(uint64_t bytes);

// "250ms", "30s", "5m", "1h", "1.5h", "7d", "1h30m"; "0". Errors say what is expected.
Result<uint64_t> parse_duration_ns(std::string_view text);
// In the largest unit that divides it: "90s", "5m".
std::string duration_text(uint64_t ns);

}  // namespace clew::server
