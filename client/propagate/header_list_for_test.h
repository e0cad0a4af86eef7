// For tests: headers as they came, and as they are written.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "clew/carriers/map.h"

CLEW_BEGIN

using HeaderList = std::vector<std::pair<std::string, std::string>>;

inline Context extracted(const Propagator& propagator, const HeaderList& headers, const Context& base = {}) {
  return propagator.extract(MapReader(headers), base);
}

inline HeaderList injected(const Propagator& propagator, const Context& context) {
  HeaderList headers;
  MapWriter<HeaderList> writer(headers);
  propagator.inject(context, writer);
  return headers;
}

// "TRACE-SPAN sampled random debug", "none" for no span.
inline std::string text_of(const SpanContext& span) {
  if (!span.valid()) return "none";
  char ids[TraceId::kHexSize + 1 + SpanId::kHexSize];
  span.trace_id.to_hex(ids);
  ids[TraceId::kHexSize] = '-';
  span.span_id.to_hex(ids + TraceId::kHexSize + 1);
  std::string text(ids, sizeof ids);
  if (span.sampled()) text += " sampled";
  if (span.flags & SpanContext::kRandom) text += " random";
  if (span.debug) text += " debug";
  if (!span.remote) text += " local";
  return text;
}

// "key=value;properties,…", decoded.
inline std::string text_of(const Baggage& baggage) {
  std::string text;
  for (Baggage::Entry entry : baggage) {
    if (!text.empty()) text += ",";
    text += std::string(entry.key) + "=" + std::string(entry.value);
    if (!entry.properties.empty()) text += ";" + std::string(entry.properties);
  }
  return text;
}

CLEW_END
