#include "traceql/regex.h"

#include <fmt/format.h>

#include <cstring>
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

std::expected<std::unique_ptr<Regex>, std::string> Regex::compile(std::string_view pattern) {
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
  if (compiled->ok()) {
    auto out = std::unique_ptr<Regex>(new Regex(std::move(compiled)));
    out->plain_ = plain_form(pattern);
    return out;
  }
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

std::optional<Regex::Plain> Regex::plain_form(std::string_view pattern) {
  constexpr std::string_view kAny = ".*";
  constexpr std::string_view kSpecial = "\\.+*?()|[]{}^$";
  Plain out;
  while (pattern.starts_with(kAny)) {
    out.any_before = true;
    pattern.remove_prefix(kAny.size());
  }
  for (; !pattern.empty(); pattern.remove_prefix(1)) {
    if (kSpecial.find(pattern.front()) == std::string_view::npos) {
      out.text += pattern.front();
    } else if (pattern.front() == '\\' && pattern.size() > 1 && kSpecial.find(pattern[1]) != std::string_view::npos) {
      out.text += pattern[1];
      pattern.remove_prefix(1);
    } else {
      break;
    }
  }
  while (pattern.starts_with(kAny)) {
    out.any_after = true;
    pattern.remove_prefix(kAny.size());
  }
  if (!pattern.empty()) return std::nullopt;
  return out;
}

bool Regex::matches(std::string_view text) const {
  if (!plain_) return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
  const std::string& wanted = plain_->text;
  if (text.size() < wanted.size()) return false;
  if (plain_->any_before && plain_->any_after) {
    return memmem(text.data(), text.size(), wanted.data(), wanted.size()) != nullptr;
  }
  if (plain_->any_before) return text.ends_with(wanted);
  return plain_->any_after ? text.starts_with(wanted) : text == wanted;
}

}  // namespace clew::traceql
