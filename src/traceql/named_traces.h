// The traces that a query names: `{ trace:id = "…" }` and whatever cannot match without it are looked up, not searched.
#pragma once

#include <optional>
#include <vector>

#include "model/ids.h"
#include "traceql/ast.h"

namespace clew::traceql {

// Every trace that matches is one of these; none: the query names no traces.
std::optional<std::vector<TraceId>> named_traces(const PipelineExpression& expression);

}  // namespace clew::traceql
