// Field expressions on one span.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"
#include "traceql/ast.h"
#include "traceql/field_value.h"
#include "traceql/trace_spans.h"

namespace clew::traceql {

// Errors are the query's own at run time (an integer divided by zero, `!` before a number) or the unit's.
Result<FieldValue> evaluate(const FieldExpression& expression, const TraceSpans& trace, size_t index);

// The trace id that a literal of `trace:id` means: hex digits of any case, with or without zeros before them.
std::optional<TraceId> trace_id_of(std::string_view text);

// A comparison whose other side is a literal, given the value of its attribute side.
Result<bool> holds(const Binary& binary, const Program& program, bool attribute_on_left, const FieldValue& value);

}  // namespace clew::traceql
