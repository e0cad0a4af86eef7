#include "traceql/named_traces.h"

#include "traceql/evaluate.h"

namespace clew::traceql {
namespace {

using Named = std::optional<std::vector<TraceId>>;

Named fewer(Named left, Named right) {
  if (!left || (right && right->size() < left->size())) return right;
  return left;
}

Named both(Named left, Named right) {
  if (!left || !right) return std::nullopt;
  left->insert(left->end(), right->begin(), right->end());
  return left;
}

Named joined(SpansetOperator op, Named left, Named right) {
  if (op.combination == Combination::any_of) return both(std::move(left), std::move(right));
  if (op.combination == Combination::not_related) return right;
  return fewer(std::move(left), std::move(right));
}

Named named(const Binary& binary) {
  const auto* attribute = std::get_if<Attribute>(&binary.left->node);
  const auto* literal = std::get_if<Literal>(&binary.right->node);
  if (attribute == nullptr) {
    attribute = std::get_if<Attribute>(&binary.right->node);
    literal = std::get_if<Literal>(&binary.left->node);
  }
  if (binary.op != Operator::equal || attribute == nullptr || attribute->intrinsic != Intrinsic::trace_id) return {};
  if (literal == nullptr || literal->type != Type::string) return {};
  auto id = trace_id_of(literal->as_string());
  return id ? std::vector<TraceId>{*id} : std::vector<TraceId>{};
}

Named named(const FieldExpression& expression) {
  if (const auto* binary = std::get_if<Binary>(&expression.node)) return named(*binary);
  const auto* junction = std::get_if<Junction>(&expression.node);
  if (junction == nullptr) return {};
  Named out = named(junction->operands.front());
  for (size_t i = 1; i < junction->operands.size(); ++i) {
    Named next = named(junction->operands[i]);
    out = junction->conjunction ? fewer(std::move(out), std::move(next)) : both(std::move(out), std::move(next));
  }
  return out;
}

Named named(const SpansetExpression& expression) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) {
    return filter->condition ? named(*filter->condition) : std::nullopt;
  }
  const auto& binary = std::get<SpansetBinary>(expression.node);
  return joined(binary.op, named(*binary.left), named(*binary.right));
}

}  // namespace

std::optional<std::vector<TraceId>> named_traces(const PipelineExpression& expression) {
  if (const auto* binary = std::get_if<PipelineBinary>(&expression.node)) {
    return joined(binary->op, named_traces(*binary->left), named_traces(*binary->right));
  }
  Named out;
  for (const PipelineElement& element : std::get<Pipeline>(expression.node).elements) {
    if (const auto* spansets = std::get_if<SpansetExpression>(&element.node))
      out = fewer(std::move(out), named(*spansets));
  }
  return out;
}

}  // namespace clew::traceql
