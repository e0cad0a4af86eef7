// traceparent and tracestate: https://www.w3.org/TR/trace-context-2.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "cli/context/value_reader.h"

namespace clew::cli {
namespace {

constexpr size_t kVersionDigits = 2, kTraceDigits = 32, kSpanDigits = 16, kFlagsDigits = 2;
constexpr size_t kMaxMembers = 32, kMaxKeyBytes = 256, kMaxValueBytes = 256;

std::string flags_text(std::string_view digits) {
  const unsigned flags = static_cast<unsigned>(std::stoul(std::string(digits), nullptr, 16));
  std::string text = flags & 1 ? "sampled" : "not sampled";
  if (flags & 2) text += ", the trace id is random";
  if (flags & ~3u) text += fmt::format("; {:#04x} has no meaning, and is not sent on", flags & ~3u);
  return text;
}

// Two hex digits in lower case, zeros allowed.
bool check_byte(ExplainedHeader& out, const Part& part, std::string_view name) {
  if (auto bad = first_not_hex(part.text, HexCase::lower)) {
    return out.fail(part.at + *bad,
                    fmt::format("the {} has {}, which is no lower-case hex digit", name, shown(part.text[*bad])));
  }
  if (part.text.size() == 2) return true;
  return out.fail(part.at + std::min<size_t>(part.text.size(), 2),
                  fmt::format("the {} has {} digits instead of 2", name, part.text.size()));
}

ExplainedHeader explain_traceparent(std::string_view value) {
  ExplainedHeader out;
  ValueReader reader(value);
  const auto next = [&](std::string_view missing) {
    if (!reader.more()) out.fail(value.size(), fmt::format("the {} is missing: VERSION-TRACE-PARENT-FLAGS", missing));
    return reader.next('-');
  };
  const Part version = next("version");
  if (!check_byte(out, version, "version")) return out;
  if (version.text == "ff") return out.fail(version.at, "version ff is forbidden"), out;
  out.add("version", version.text,
          version.text == "00" ? "" : "later than 00, the one there is: read as far as 00 goes");
  const Part trace = next("trace id");
  if (out.fault || !check_id(out, trace, "trace id", kTraceDigits, HexCase::lower)) return out;
  out.add("trace id", trace.text);
  const Part parent = next("parent id");
  if (out.fault || !check_id(out, parent, "parent id", kSpanDigits, HexCase::lower)) return out;
  out.add("parent id", parent.text, "the span that sent this");
  const Part flags = next("flags byte");
  if (out.fault || !check_byte(out, flags, "flags byte")) return out;
  out.add("flags", flags.text, flags_text(flags.text));
  if (!reader.more()) return out;
  if (version.text == "00") return out.fail(reader.at() - 1, "version 00 ends with the flags"), out;
  out.add("more", value.substr(reader.at()), "of the later version");
  return out;
}

bool looks_like_traceparent(std::string_view value) {
  return value.size() > kVersionDigits + 1 && value[kVersionDigits] == '-' && value.find('=') == std::string_view::npos;
}

// OpenTelemetry's member: th, the rejection threshold, and rv, the random value.
std::string ot_text(std::string_view value) {
  std::string text;
  ValueReader reader(value);
  while (reader.more()) {
    const std::string_view part = reader.next(';').text;
    if (!part.starts_with("th:") || part.size() < 4 || part.size() > 17 ||
        first_not_hex(part.substr(3), HexCase::lower)) {
      continue;
    }
    double threshold = 0;
    for (size_t i = part.size(); i-- > 3;) {
      threshold = (threshold + static_cast<double>(std::stoul(std::string(1, part[i]), nullptr, 16))) / 16;
    }
    const double share = 1 - threshold;
    text =
        share > 0 ? fmt::format("sampled with probability {:.4g}: each span stands for {:.4g}", share, 1 / share) : "";
  }
  return text;
}

bool is_key_character(char c, bool first) {
  const bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return alnum || (!first && std::string_view("_-*/@").find(c) != std::string_view::npos);
}

bool check_member(ExplainedHeader& out, const Part& member) {
  const size_t equals = member.text.find('=');
  const std::string_view key = member.text.substr(0, equals);
  for (size_t i = 0; i < key.size(); ++i) {
    if (is_key_character(key[i], i == 0)) continue;
    const char* allowed = i == 0 ? "keys begin with a-z or 0-9" : "keys have a-z, 0-9 and _-*/@";
    return out.fail(member.at + i, fmt::format("{} in a key: {}", shown(key[i]), allowed));
  }
  if (key.empty()) return out.fail(member.at, "a member without a key");
  if (equals == std::string_view::npos) return out.fail(member.at + key.size(), "a member without '=' and a value");
  if (key.size() > kMaxKeyBytes) return out.fail(member.at + kMaxKeyBytes, "a key with more than 256 characters");
  const std::string_view value = member.text.substr(equals + 1);
  const size_t at = member.at + equals + 1;
  if (value.empty()) return out.fail(at, "a member without a value");
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] >= 0x20 && value[i] < 0x7f && value[i] != '=') continue;
    return out.fail(at + i, fmt::format("{} in a value: printable ASCII without ',' and '='", shown(value[i])));
  }
  if (value.size() > kMaxValueBytes) return out.fail(at + kMaxValueBytes, "a value with more than 256 characters");
  out.add(key, value, key == "ot" ? ot_text(value) : "");
  return true;
}

ExplainedHeader explain_tracestate(std::string_view value) {
  ExplainedHeader out;
  ValueReader reader(value);
  std::set<std::string_view> keys;
  while (reader.more()) {
    const Part member = trimmed(reader.next(','));
    if (member.text.empty()) continue;
    if (!check_member(out, member)) return out;
    if (!keys.insert(member.text.substr(0, member.text.find('='))).second) {
      out.fields.pop_back();
      return out.fail(member.at, "a key that is there already: the whole tracestate is dropped"), out;
    }
    if (keys.size() > kMaxMembers)
      return out.fail(member.at, "more than 32 members: the whole tracestate is dropped"), out;
  }
  return out;
}

bool looks_like_tracestate(std::string_view value) {
  return value.find('=') != std::string_view::npos && !explain_tracestate(value).fault;
}

}  // namespace

const HeaderFormat kTraceparent{"traceparent", "W3C Trace Context", looks_like_traceparent, explain_traceparent};
const HeaderFormat kTracestate{"tracestate", "W3C Trace Context", looks_like_tracestate, explain_tracestate};

}  // namespace clew::cli
