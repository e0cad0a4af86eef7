// For tests: asking a sampler.
#pragma once

#include <string>

#include "clew/samplers.h"
#include "propagate/header_list_for_test.h"

CLEW_BEGIN

struct Asked {
  Context parent = {};
  TraceId trace_id = {};
  std::string name = "span";
  Kind kind = Kind::kInternal;
  std::vector<KeyValue> attributes = {};
};

inline SamplingOutput ask(Sampler& sampler, const Asked& asked) {
  SamplingOutput output;
  output.trace_state = asked.parent.trace_state();
  const SamplingInput input{
      asked.parent, asked.trace_id, asked.name, asked.kind, {asked.attributes.data(), asked.attributes.size()}, {}};
  sampler.decide(input, output);
  return output;
}

// "sampled", "record" or "dropped", and the trace state behind a space.
inline std::string text_of(const SamplingOutput& output) {
  std::string text = output.decision == Decision::kSample       ? "sampled"
                     : output.decision == Decision::kRecordOnly ? "record"
                                                                : "dropped";
  if (!output.trace_state.empty()) text += " " + std::string(output.trace_state.header());
  return text;
}

// A trace id with these 56 bits at its end.
inline TraceId trace_with(uint64_t random) {
  TraceId id;
  id.bytes[0] = 1;
  for (unsigned i = 0; i < 7; ++i) id.bytes[15 - i] = uint8_t(random >> 8 * i);
  return id;
}

// Trace ids as they come, always the same ones.
class TraceIds {
 public:
  TraceId next() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    uint64_t mixed = state_ ^ state_ >> 32;
    mixed *= 0x9e3779b97f4a7c15;
    return trace_with((mixed ^ mixed >> 29) & ((uint64_t(1) << 56) - 1));
  }

 private:
  uint64_t state_ = 1;
};

inline Context parent_of(bool remote, bool sampled, std::string_view state = {}) {
  SpanContext span;
  span.trace_id.bytes[0] = span.span_id.bytes[0] = 1;
  span.remote = remote;
  span.flags = sampled ? SpanContext::kSampled : 0;
  return Context(span, TraceState::parse(state));
}

CLEW_END
