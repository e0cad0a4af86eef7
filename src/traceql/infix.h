// The infix operators: one table of levels for everything, since `>` compares scalars and relates spansets.
#pragma once

#include "traceql/token.h"

namespace clew::traceql {

// Low to high. All group to the left but kPower; kNegation is the prefix `!`, and the prefix `-` of field expressions
// stands at kSum.
enum Level : int { kNoOperator = 0, kJunction = 2, kComparison = 3, kSum = 5, kNegation = 6, kProduct = 7, kPower = 8 };

// kNoOperator for everything else.
int level_of(TokenKind kind);
bool is_structural(TokenKind kind);  // > and < and !~ too
bool is_comparison(TokenKind kind);  // of scalars and metrics: = != < <= > >=, and =~
// Precondition: an infix operator of that family.
Operator operator_of(TokenKind kind);
SpansetOperator spanset_operator_of(TokenKind kind);

}  // namespace clew::traceql
