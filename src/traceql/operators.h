// The operators between two field values, by Tempo's run-time rules: mismatched types are false, nil equals nothing, an
// array equals when any element does and differs when all do.
#pragma once

#include "base/result.h"
#include "traceql/field_value.h"
#include "traceql/regex.h"

namespace clew::traceql {

// = != < <= > >= between values (nil literals apart: see is_nil()).
bool compare(Operator op, const FieldValue& left, const FieldValue& right);
// =~ and !~; false when `value` is no text.
bool match(Operator op, const FieldValue& value, const Regex& regex);
// + - * / % ^. Nil when a side is missing or no number; an integer divided by zero is an error.
Result<FieldValue> arithmetic(Operator op, const FieldValue& left, const FieldValue& right);

}  // namespace clew::traceql
