// Secrets that can be told by how they begin, or by the word before them.
#include "redact/findings.h"

CLEW_BEGIN
namespace detail {
namespace {

bool is_base64url(char c) noexcept {
  return is_alnum(c) || c == '-' || c == '_';
}
bool is_token68(char c) noexcept {
  return is_base64url(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}
bool is_upper_or_digit(char c) noexcept {
  return is_upper(c) || is_digit(c);
}

size_t run(std::string_view text, size_t at, bool (*is)(char) noexcept) noexcept {
  size_t end = at;
  while (end < text.size() && is(text[end])) ++end;
  return end - at;
}

// Prefix, how many characters follow at least, which.
struct Prefix {
  std::string_view text;
  size_t fewest;
  bool (*is)(char) noexcept;
};
constexpr Prefix kPrefixes[] = {
    {"AKIA", 16, is_upper_or_digit}, {"ASIA", 16, is_upper_or_digit},
    {"ghp_", 30, is_alnum},          {"gho_", 30, is_alnum},
    {"ghu_", 30, is_alnum},          {"ghs_", 30, is_alnum},
    {"ghr_", 30, is_alnum},          {"github_pat_", 22, is_base64url},
    {"glpat-", 20, is_base64url},    {"xoxb-", 10, is_base64url},
    {"xoxp-", 10, is_base64url},     {"xoxa-", 10, is_base64url},
    {"sk_live_", 16, is_alnum},      {"rk_live_", 16, is_alnum},
    {"AIza", 35, is_base64url},      {"sk-ant-", 20, is_base64url},
    {"sk-proj-", 20, is_base64url},
};

size_t prefixed_at(std::string_view text, size_t at) noexcept {
  for (const Prefix& prefix : kPrefixes) {
    if (text[at] != prefix.text[0] || text.substr(at, prefix.text.size()) != prefix.text) continue;
    const size_t size = run(text, at + prefix.text.size(), prefix.is);
    if (size >= prefix.fewest && ends_at(text, at + prefix.text.size() + size)) return prefix.text.size() + size;
  }
  return 0;
}

// Three parts, of which the first two are JSON objects: they begin with {" in base64.
size_t jwt_at(std::string_view text, size_t at) noexcept {
  if (text.substr(at, 3) != "eyJ" || (at != 0 && is_base64url(text[at - 1]))) return 0;
  size_t end = at + run(text, at, is_base64url);
  if (text.substr(end, 4) != ".eyJ") return 0;
  end += 1 + run(text, end + 1, is_base64url);
  if (end >= text.size() || text[end] != '.') return 0;
  return end + 1 + run(text, end + 1, is_base64url) - at;
}

// The characters that something in this file begins with: most words go no further.
struct Beginnings {
  bool is[256] = {};
  constexpr Beginnings() {
    is[uint8_t('e')] = true;  // JWTs
    for (const Prefix& prefix : kPrefixes) is[uint8_t(prefix.text[0])] = true;
    for (char c : std::string_view("bacikprstx")) is[uint8_t(c)] = is[uint8_t(c - 'a' + 'A')] = true;
  }
};
constexpr Beginnings kBeginnings;

bool same(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((is_upper(text[i]) ? char(text[i] - 'A' + 'a') : text[i]) != lower_case[i]) return false;
  }
  return true;
}

// "Bearer TOKEN", "Basic TOKEN".
size_t scheme_at(std::string_view text, size_t at, size_t& skip) noexcept {
  for (std::string_view scheme : {std::string_view("bearer "), std::string_view("basic ")}) {
    if (!same(text.substr(at, scheme.size()), scheme)) continue;
    const size_t size = run(text, at + scheme.size(), is_token68);
    if (size < 8) return 0;
    skip = scheme.size();
    return size;
  }
  return 0;
}

bool is_parameter_value(char c) noexcept {
  return c > ' ' && c != '&' && c != ';' && c != ',' && c != '"' && c != '\'' && c != '<' && c != '>' && c != ')';
}

constexpr std::string_view kParameters[] = {
    "password", "passwd",        "pwd", "secret", "client_secret", "access_token",    "token",      "api_key", "apikey",
    "api-key",  "refresh_token", "sig", "key",    "signature",     "x-amz-signature", "auth_token", "id_token"};
constexpr size_t kLongestParameter = 15;

// "password=VALUE", in URLs and in messages.
size_t parameter_at(std::string_view text, size_t at, size_t& skip) noexcept {
  size_t end = at;
  while (end < text.size() && end - at < kLongestParameter && is_base64url(text[end])) ++end;
  if (end >= text.size() || text[end] != '=') return 0;
  for (std::string_view name : kParameters) {
    if (!same(text.substr(at, end - at), name)) continue;
    skip = end + 1 - at;
    return run(text, end + 1, is_parameter_value);
  }
  return 0;
}

}  // namespace

size_t token_at(std::string_view text, size_t at, size_t& skip) noexcept {
  skip = 0;
  if (!kBeginnings.is[uint8_t(text[at])]) return 0;
  size_t size = jwt_at(text, at);
  if (size == 0) size = prefixed_at(text, at);
  if (size == 0) size = scheme_at(text, at, skip);
  if (size == 0) size = parameter_at(text, at, skip);
  if (size == 0) skip = 0;
  return size;
}

}  // namespace detail
CLEW_END
