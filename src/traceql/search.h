// Executes a checked search query over a snapshot. What a result holds: Tempo's rules for search responses.
//
// Order of the answer: trace start, newest first, then trace id; the spans shown of a spanset are the first by start,
// then id. A trace is in the range when one of its spans overlaps it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "column/snapshot.h"
#include "column/value.h"
#include "model/ids.h"
#include "traceql/query.h"

namespace clew::traceql {

struct SearchOptions {
  uint64_t start_ns = 0;  // 0: unbounded
  uint64_t end_ns = 0;    // 0: unbounded
  uint32_t limit = 20;
  uint32_t spans_per_spanset = 3;
};

// A value of an answer: owns its text. `text` as in ValueView.
struct FoundValue {
  ValueType type = ValueType::none;
  uint64_t scalar = 0;
  std::string text;

  ValueView view() const { return {type, scalar, text}; }
  static FoundValue of(ValueView value) { return {value.type, value.scalar, std::string(value.text)}; }
};

// The key is the bare name without scope, or the intrinsic's name; durations are Go's text ("1.5s"), status and kind
// their words, nil the text "nil".
struct FoundAttribute {
  std::string key;
  FoundValue value;
};

struct FoundSpan {
  SpanId id;
  std::string name;  // empty unless the query asks for the name
  uint64_t start_ns = 0;
  uint64_t duration_ns = 0;
  std::vector<FoundAttribute> attributes;
};

struct FoundSpanset {
  std::vector<FoundSpan> spans;  // at most spans_per_spanset
  uint32_t matched = 0;          // of all
  std::vector<FoundAttribute> attributes;
};

struct ServiceStats {
  uint32_t span_count = 0;
  uint32_t error_count = 0;
};

struct FoundTrace {
  TraceId id;
  std::string root_service;
  std::string root_name;
  bool has_root = false;
  uint64_t start_ns = 0;
  uint64_t duration_ns = 0;
  std::vector<FoundSpanset> spansets;
  std::map<std::string, ServiceStats> services;
};

struct SearchAnswer {
  std::vector<FoundTrace> traces;
  uint32_t units_read = 0;
  uint32_t units_pruned = 0;
};

// Precondition: check(query) found nothing, and the query is not a metrics query. What was looked at is counted in the
// snapshot's budget, whose errors end the search.
Result<SearchAnswer> search(const Snapshot& snapshot, const Query& query, const SearchOptions& options);

}  // namespace clew::traceql
