// Durations as text: Prometheus' form (`1d2h`) and Go's (`1.5ms`), both in nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clew::traceql {

// Unsigned; Prometheus' form is tried first (whole units y w d h m s ms, each at most once, largest first; a day is
// 24 h, a year 365 days), then Go's (units h m s ms us µs ns in any order, with fractions). Nothing when neither fits
// or the value exceeds int64 nanoseconds.
std::optional<int64_t> parse_duration(std::string_view text);

// Go's Duration.String(): "1h30m0s", "1.5s", "250µs", "0s". parse_duration() reads it back, but for the sign.
std::string format_duration(int64_t duration_ns);

}  // namespace clew::traceql
