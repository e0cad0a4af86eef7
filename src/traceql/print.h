// A tree as text again. Canonical text has as few parentheses as its meaning allows and parses back to an equal tree;
// it is the name of labels such as `by(…)`, and two trees are equal when their explicit texts are.
#pragma once

#include <string>

#include "traceql/ast.h"

namespace clew::traceql {

enum class Parentheses : uint8_t { needed, everywhere };

std::string print(const Query& query, Parentheses parentheses = Parentheses::needed);
std::string print(const FieldExpression& expression, Parentheses parentheses = Parentheses::needed);
std::string print(const SpansetExpression& expression, Parentheses parentheses = Parentheses::needed);
// `span.http.method`, `name`, `span."foo bar"`.
std::string print(const Attribute& attribute);
// As it is written in a query: "text", 1.0, 1h30m0s, ok.
std::string print(const Literal& literal);
// `count()`, `avg(duration)`.
std::string print(const Aggregate& aggregate);

}  // namespace clew::traceql
