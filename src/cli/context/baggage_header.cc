// baggage: https://www.w3.org/TR/baggage.
#include <fmt/format.h>

#include "cli/context/value_reader.h"

namespace clew::cli {
namespace {

constexpr size_t kMaxEntries = 64, kMaxBytes = 8192;

bool is_token_character(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && !first_not_hex(text.substr(i + 1, 2), HexCase::any);
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoul(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

bool check_value(ExplainedHeader& out, const Part& value) {
  for (size_t i = 0; i < value.text.size(); ++i) {
    const char c = value.text[i];
    if (c == '%' && (i + 2 >= value.text.size() || first_not_hex(value.text.substr(i + 1, 2), HexCase::any))) {
      return out.fail(value.at + i, "'%' without two hex digits: a percent sign is written %25");
    }
    if (c > 0x20 && c < 0x7f && c != '"' && c != '\\') continue;
    return out.fail(value.at + i,
                    fmt::format("{} in a value is written %{:02X}", shown(c), static_cast<unsigned char>(c)));
  }
  return true;
}

bool check_entry(ExplainedHeader& out, const Part& entry) {
  const size_t semicolon = std::min(entry.text.find(';'), entry.text.size());
  const std::string_view pair = entry.text.substr(0, semicolon);
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return out.fail(entry.at + pair.size(), "an entry without '=' and a value");
  const Part key = trimmed({entry.at, pair.substr(0, equals)});
  if (key.text.empty()) return out.fail(key.at, "an entry without a key");
  for (size_t i = 0; i < key.text.size(); ++i) {
    if (!is_token_character(key.text[i]))
      return out.fail(key.at + i, shown(key.text[i]) + " in a key: keys are HTTP tokens");
  }
  const Part value = trimmed({entry.at + equals + 1, pair.substr(equals + 1)});
  if (!check_value(out, value)) return false;
  std::string meaning;
  if (semicolon < entry.text.size()) meaning = "properties: " + std::string(entry.text.substr(semicolon + 1));
  out.add(key.text, decoded(value.text), std::move(meaning));
  return true;
}

ExplainedHeader explain_baggage(std::string_view value) {
  ExplainedHeader out;
  ValueReader reader(value);
  while (reader.more()) {
    const Part entry = trimmed(reader.next(','));
    if (entry.text.empty()) {
      if (value.empty()) break;
      return out.fail(entry.at, "an empty entry"), out;
    }
    if (out.fields.size() == kMaxEntries) {
      return out.fail(entry.at, "more than 64 entries: receivers may drop these"), out;
    }
    if (!check_entry(out, entry)) return out;
  }
  if (value.size() > kMaxBytes) out.fail(kMaxBytes, "more than 8192 bytes: receivers may drop entries");
  return out;
}

bool looks_like_baggage(std::string_view value) {
  return value.find('=') != std::string_view::npos;
}

}  // namespace

const HeaderFormat kBaggage{"baggage", "W3C Baggage", looks_like_baggage, explain_baggage};

}  // namespace clew::cli
