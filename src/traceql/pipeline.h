// Runs the pipelines of a query on one trace.
#pragma once

#include <vector>

#include "base/result.h"
#include "traceql/spansets.h"

namespace clew::traceql {

// The spansets of the trace that come out at the end; none when the trace does not match.
Result<std::vector<Spanset>> run(const PipelineExpression& expression, const TraceSpans& trace);

}  // namespace clew::traceql
