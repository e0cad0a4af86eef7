// From spans of a matching trace to what an answer shows of them.
#pragma once

#include "base/result.h"
#include "traceql/field_value.h"
#include "traceql/search.h"

namespace clew::traceql {

class TraceSpans;
struct Spanset;

// Durations as Go's text, status and kind as words, nil as the text "nil", an array as it is written in JSON-like text.
FoundValue found_value(const FieldValue& value);

Result<FoundTrace> found_trace(const TraceSpans& trace, const std::vector<Spanset>& spansets,
                               const SearchOptions& options);

}  // namespace clew::traceql
