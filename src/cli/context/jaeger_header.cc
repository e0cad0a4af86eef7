// uber-trace-id: https://www.jaegertracing.io/sdk-migration/#propagation-format.
#include <fmt/format.h>

#include <algorithm>

#include "cli/context/value_reader.h"

namespace clew::cli {
namespace {

// Ids may come without their leading zeros.
bool check_short_id(ExplainedHeader& out, const Part& part, std::string_view name, size_t digits, std::string meaning) {
  if (part.text.empty()) return out.fail(part.at, fmt::format("the {} is missing: TRACE:SPAN:PARENT:FLAGS", name));
  if (!check_id(out, part, name, std::min(part.text.size(), digits), HexCase::any)) return false;
  if (part.text.size() < digits) {
    meaning += fmt::format("{}with its zeros {}{}", meaning.empty() ? "" : "; ",
                           std::string(digits - part.text.size(), '0'), part.text);
  }
  out.add(name, part.text, std::move(meaning));
  return true;
}

std::string flags_text(std::string_view digits) {
  const unsigned flags = static_cast<unsigned>(std::stoul(std::string(digits), nullptr, 16));
  std::string text = flags & 3 ? "sampled" : "not sampled";
  if (flags & 2) text += ", debug: no sampler may say no";
  if (flags & 8) text += ", firehose: not indexed";
  return text;
}

ExplainedHeader explain_parts(std::string_view value) {
  ExplainedHeader out;
  ValueReader reader(value);
  if (!check_short_id(out, reader.next(':'), "trace id", 32, "")) return out;
  if (!check_short_id(out, reader.next(':'), "span id", 16, "the span that sent this")) return out;
  if (!reader.more()) return out.fail(value.size(), "the parent id is missing: TRACE:SPAN:PARENT:FLAGS"), out;
  const Part parent = reader.next(':');
  if (auto bad = first_not_hex(parent.text, HexCase::any)) {
    return out.fail(parent.at + *bad,
                    fmt::format("the parent id has {}, which is no hex digit", shown(parent.text[*bad]))),
           out;
  }
  if (parent.text.size() > 16) return out.fail(parent.at + 16, "the parent id has more than 16 digits"), out;
  out.add("parent id", parent.text, "deprecated, not used");
  if (!reader.more()) return out.fail(value.size(), "the flags are missing: TRACE:SPAN:PARENT:FLAGS"), out;
  const Part flags = reader.next(':');
  if (flags.text.empty() || flags.text.size() > 2 || first_not_hex(flags.text, HexCase::any)) {
    return out.fail(flags.at, "the flags are one or two hex digits"), out;
  }
  out.add("flags", flags.text, flags_text(flags.text));
  if (reader.more()) out.fail(reader.at() - 1, "uber-trace-id ends with the flags");
  return out;
}

size_t find_encoded_colon(std::string_view text, size_t from) {
  return std::min(text.find("%3A", from), text.find("%3a", from));
}

// Colons may be URL-encoded: places are those of what was written.
ExplainedHeader explain_uber_trace_id(std::string_view value) {
  std::string plain;
  std::vector<size_t> places;
  for (size_t i = 0; i < value.size(); ++i) {
    places.push_back(i);
    const bool encoded = find_encoded_colon(value, i) == i;
    plain += encoded ? ':' : value[i];
    if (encoded) i += 2;
  }
  places.push_back(value.size());
  ExplainedHeader out = explain_parts(plain);
  if (out.fault) out.fault->at = places[out.fault->at];
  return out;
}

bool looks_like_uber_trace_id(std::string_view value) {
  if (value.find('=') != std::string_view::npos) return false;
  const size_t colon = std::min(value.find(':'), find_encoded_colon(value, 0));
  return colon != std::string_view::npos && colon != 0 && !first_not_hex(value.substr(0, colon), HexCase::any);
}

}  // namespace

const HeaderFormat kUberTraceId{"uber-trace-id", "Jaeger", looks_like_uber_trace_id, explain_uber_trace_id};

}  // namespace clew::cli
