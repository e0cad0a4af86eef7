// Sets of spans of one trace, and the operators between them (reference: Tempo's "spanset operators").
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "traceql/found.h"
#include "traceql/search.h"
#include "traceql/trace_spans.h"

namespace clew::traceql {

struct Spanset {
  std::vector<uint32_t> spans;             // indices, ascending
  std::vector<FoundAttribute> attributes;  // "count()", "by(name)"
};

// Those of `among` that satisfy the expression.
Result<std::vector<uint32_t>> evaluate(const SpansetExpression& expression, const TraceSpans& trace,
                                       const std::vector<uint32_t>& among);
// Those of `among` that satisfy the filter.
Result<std::vector<uint32_t>> filter_spans(const SpansetFilter& filter, const TraceSpans& trace,
                                           const std::vector<uint32_t>& among);
// Left op right.
Result<std::vector<uint32_t>> combine(SpansetOperator op, const TraceSpans& trace, const std::vector<uint32_t>& left,
                                      const std::vector<uint32_t>& right);

}  // namespace clew::traceql
