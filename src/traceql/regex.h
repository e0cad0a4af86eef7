// Regular expressions of `=~` and `!~`: RE2 syntax, matched against the whole value, `.` matches line breaks too.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace clew::traceql {

inline constexpr size_t kMaxRegexBytes = 16384;
// Of the compiled program and its matcher's cache: x{1000} stays below, \pL{1000} does not.
inline constexpr int64_t kMaxRegexMemoryBytes = int64_t{8} << 20;

// Use RE2::FullMatch on the result. The error is text for a person: what in the pattern is not understood.
std::expected<std::unique_ptr<RE2>, std::string> compile_regex(std::string_view pattern);

}  // namespace clew::traceql
