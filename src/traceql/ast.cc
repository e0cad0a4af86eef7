#include "traceql/ast.h"

#include <algorithm>
#include <cmath>

namespace clew::traceql {

bool Literal::is_negative() const {
  if (type == Type::real) return std::signbit(as_real());
  return (type == Type::integer || type == Type::duration) && as_int() < 0;
}

bool refers_to_span(const FieldExpression& expression) {
  if (const auto* unary = std::get_if<Unary>(&expression.node)) return refers_to_span(*unary->operand);
  if (const auto* binary = std::get_if<Binary>(&expression.node)) {
    return refers_to_span(*binary->left) || refers_to_span(*binary->right);
  }
  if (const auto* run = std::get_if<Junction>(&expression.node)) {
    return std::any_of(run->operands.begin(), run->operands.end(), refers_to_span);
  }
  return std::holds_alternative<Attribute>(expression.node);
}

bool holds_scalar_pipeline(const ScalarExpression& scalar) {
  if (const auto* binary = std::get_if<ScalarBinary>(&scalar.node)) {
    return holds_scalar_pipeline(*binary->left) || holds_scalar_pipeline(*binary->right);
  }
  return std::holds_alternative<ScalarPipeline>(scalar.node);
}

}  // namespace clew::traceql
