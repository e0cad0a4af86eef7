#include "traceql/regex.h"

#include <fmt/format.h>

#include <utility>

#include "traceql/characters.h"
#include "traceql/refusals.h"

namespace clew::traceql {
namespace {

bool has_backreference(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    ++i;
    if (is_digit(pattern[i]) && pattern[i] != '0') return true;
    if (pattern[i] == 'k' && pattern.substr(i + 1).starts_with('<')) return true;
  }
  return pattern.contains("(?P=");
}

bool has_lookaround(std::string_view pattern) {
  for (std::string_view start : {"(?=", "(?!", "(?<=", "(?<!"}) {
    if (pattern.contains(start)) return true;
  }
  return false;
}

}  // namespace

std::expected<std::unique_ptr<RE2>, std::string> compile_regex(std::string_view pattern) {
  if (pattern.size() > kMaxRegexBytes) {
    count_refusal("regex_text");
    return std::unexpected(
        fmt::format("the regex has {} bytes, at most {} are allowed", pattern.size(), kMaxRegexBytes));
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(kMaxRegexMemoryBytes);
  auto compiled = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (compiled->ok()) return compiled;
  if (compiled->error_code() == RE2::ErrorPatternTooLarge) {
    count_refusal("regex_memory");
    return std::unexpected(std::string("the regex is too large once its repetitions are written out"));
  }
  if (has_backreference(pattern)) {
    return std::unexpected(std::string("the regex has a backreference, which RE2 does not know"));
  }
  if (has_lookaround(pattern)) {
    return std::unexpected(std::string("the regex looks ahead or behind, which RE2 does not know"));
  }
  return std::unexpected(fmt::format("the regex does not compile: {}", compiled->error()));
}

}  // namespace clew::traceql
