#include "net/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace clew::net {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

bool equals_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view media_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

bool is_grpc_type(std::string_view content_type) {
  constexpr std::string_view kGrpc = "application/grpc";
  std::string_view type = media_type(content_type);
  return equals_without_case(type.substr(0, kGrpc.size()), kGrpc) &&
         (type.size() == kGrpc.size() || type[kGrpc.size()] == '+');
}

bool is_engine_field(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {"connection",        "content-length",   "keep-alive", "te",
                                                      "transfer-encoding", "proxy-connection", "upgrade"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view one) { return equals_without_case(one, name); });
}

std::string safe_value(std::string_view value) {
  std::string out(trim(value));
  for (char& c : out) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) c = ' ';
  }
  return out;
}

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_char);
}

void add_retry_after(Headers& headers, std::chrono::milliseconds delay) {
  using std::chrono::seconds;
  if (delay.count() <= 0) return;
  headers.add("retry-after", std::to_string(std::chrono::ceil<seconds>(delay).count()));
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    std::string_view one = list.substr(0, list.find(','));
    if (equals_without_case(trim(one), token)) return true;
    list.remove_prefix(std::min(list.size(), one.size() + 1));
  }
  return false;
}

int64_t parse_length(std::string_view digits) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return -1;
  return value >> 62 ? -1 : static_cast<int64_t>(value);
}

}  // namespace clew::net
