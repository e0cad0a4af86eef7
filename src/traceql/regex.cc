#include "traceql/regex.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "traceql/characters.h"
#include "traceql/refusals.h"

namespace clew::traceql {
namespace {

constexpr char kInNoText = '\xff';
constexpr size_t kMaxJoinedBytes = size_t{64} << 10;

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

// Whether a match depends on more of a text than what it takes of it (^, $, \A, \z), or may take any byte (\C). What
// begins a quotation is not looked into.
bool depends_on_ends(std::string_view pattern) {
  constexpr std::string_view kEscapes = "AzCQ";
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '^' || pattern[i] == '$') return true;
    if (pattern[i] == '\\' && i + 1 < pattern.size() && kEscapes.contains(pattern[++i])) return true;
    if (pattern[i] != '[') continue;
    // A class: up to the first ] that is not the first of it.
    if (i + 1 < pattern.size() && pattern[i + 1] == '^') ++i;
    if (i + 1 < pattern.size() && pattern[i + 1] == ']') ++i;
    for (++i; i < pattern.size() && pattern[i] != ']'; ++i) {
      if (pattern[i] == '\\') {
        if (i + 1 < pattern.size() && kEscapes.contains(pattern[++i])) return true;
      } else if (pattern.substr(i).starts_with("[:")) {
        i = std::min(pattern.find(":]", i), pattern.size() - 2) + 1;
      }
    }
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
    if (!out->plain_) out->prepare_search(pattern, options);
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

// A text that matches has a match of the core: it is sought without what is before and after it.
void Regex::prepare_search(std::string_view pattern, const RE2::Options& options) {
  constexpr std::string_view kAny = ".*";
  if (depends_on_ends(pattern)) return;
  std::string_view core = pattern;
  while (core.starts_with(kAny)) core.remove_prefix(kAny.size());
  while (core.ends_with(kAny) && !core.ends_with("\\.*")) core.remove_suffix(kAny.size());
  searched_ = compiled_.get();
  if (core.size() < pattern.size()) {
    core_ = std::make_unique<RE2>(re2::StringPiece(core.data(), core.size()), options);
    // What followed may have belonged to it: `.*?`.
    if (core_->ok()) searched_ = core_.get();
  }
  if (RE2::FullMatch(re2::StringPiece(), *searched_)) searched_ = nullptr;
}

void Regex::may_match(std::span<const std::string_view> texts, std::string& joined, bool* may) const {
  std::fill_n(may, texts.size(), false);
  for (size_t first = 0; first < texts.size();) {
    joined.clear();
    size_t end = first;
    do {
      joined += texts[end];
      joined += kInNoText;
    } while (++end < texts.size() && joined.size() < kMaxJoinedBytes);
    search(texts.subspan(first, end - first), joined, may + first);
    first = end;
  }
}

void Regex::search(std::span<const std::string_view> texts, const std::string& joined, bool* may) const {
  const re2::StringPiece all(joined);
  size_t text = 0, begin = 0;
  for (re2::StringPiece found; text < texts.size();) {
    if (!searched_->Match(all, begin, all.size(), RE2::UNANCHORED, &found, 1)) return;
    const auto at = static_cast<size_t>(found.data() - all.data());
    while (begin + texts[text].size() < at) begin += texts[text++].size() + 1;
    may[text] = true;
    begin += texts[text++].size() + 1;
  }
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
