// B3: https://github.com/openzipkin/b3-propagation.
#include <fmt/format.h>

#include "cli/context/value_reader.h"

namespace clew::cli {
namespace {

std::string decision_text(std::string_view word) {
  if (word == "1" || word == "true") return "sampled";
  if (word == "0" || word == "false") return "not sampled";
  return word == "d" ? "debug: sampled, and no sampler may say no" : "";
}

bool check_trace_id(ExplainedHeader& out, const Part& part) {
  const bool half = part.text.size() == 16;
  if (!check_id(out, part, "trace id", half ? 16 : 32, HexCase::any)) return false;
  out.add("trace id", part.text, half ? "64 bits; as 128 bits: " + std::string(16, '0') + std::string(part.text) : "");
  return true;
}

bool check_span_id(ExplainedHeader& out, const Part& part, std::string_view name, std::string meaning) {
  if (!check_id(out, part, name, 16, HexCase::any)) return false;
  out.add(name, part.text, std::move(meaning));
  return true;
}

ExplainedHeader explain_b3(std::string_view value) {
  ExplainedHeader out;
  ValueReader reader(value);
  const Part first = reader.next('-');
  if (!reader.more() && first.text.size() <= 1) {
    const std::string meaning = decision_text(first.text);
    if (meaning.empty()) return out.fail(0, "neither ids nor one of 0, 1 and d"), out;
    out.add("decision", first.text, meaning + "; without ids: a new trace begins");
    return out;
  }
  if (!check_trace_id(out, first)) return out;
  if (!reader.more()) return out.fail(value.size(), "the span id is missing: TRACE-SPAN-DECISION-PARENT"), out;
  if (!check_span_id(out, reader.next('-'), "span id", "the span that sent this")) return out;
  if (!reader.more()) {
    out.add("decision", "", "none: left to the receiver");
    return out;
  }
  const Part decision = reader.next('-');
  if (decision.text.size() != 1 || decision_text(decision.text).empty()) {
    return out.fail(decision.at, "the decision is one of 0, 1 and d"), out;
  }
  out.add("decision", decision.text, decision_text(decision.text));
  if (!reader.more()) return out;
  if (!check_span_id(out, reader.next('-'), "parent id", "the parent of the span that sent this")) return out;
  if (reader.more()) out.fail(reader.at() - 1, "b3 ends with the parent id");
  return out;
}

bool looks_like_b3(std::string_view value) {
  if (value == "0" || value == "1" || value == "d") return true;
  const size_t dash = value.find('-');
  return (dash == 16 || dash == 32) && value.find('=') == std::string_view::npos;
}

ExplainedHeader explain_trace_id(std::string_view value) {
  ExplainedHeader out;
  check_trace_id(out, {0, value});
  return out;
}
ExplainedHeader explain_span_id(std::string_view value) {
  ExplainedHeader out;
  check_span_id(out, {0, value}, "span id", "the span that sent this");
  return out;
}
ExplainedHeader explain_parent_id(std::string_view value) {
  ExplainedHeader out;
  check_span_id(out, {0, value}, "parent id", "the parent of the span that sent this");
  return out;
}
ExplainedHeader explain_sampled(std::string_view value) {
  ExplainedHeader out;
  if (decision_text(value).empty()) return out.fail(0, "the decision is 0 or 1 (once also true, false, d)"), out;
  out.add("decision", value, decision_text(value));
  return out;
}
ExplainedHeader explain_flags(std::string_view value) {
  ExplainedHeader out;
  if (value != "1" && value != "0") return out.fail(0, "the flags are 1 for debug, or are not sent"), out;
  out.add("flags", value, value == "1" ? decision_text("d") : "nothing");
  return out;
}

}  // namespace

const HeaderFormat kB3{"b3", "B3, Zipkin", looks_like_b3, explain_b3};
const HeaderFormat kB3TraceId{"X-B3-TraceId", "B3, Zipkin", nullptr, explain_trace_id};
const HeaderFormat kB3SpanId{"X-B3-SpanId", "B3, Zipkin", nullptr, explain_span_id};
const HeaderFormat kB3ParentSpanId{"X-B3-ParentSpanId", "B3, Zipkin", nullptr, explain_parent_id};
const HeaderFormat kB3Sampled{"X-B3-Sampled", "B3, Zipkin", nullptr, explain_sampled};
const HeaderFormat kB3Flags{"X-B3-Flags", "B3, Zipkin", nullptr, explain_flags};

}  // namespace clew::cli
