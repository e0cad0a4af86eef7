#include "traceql/check.h"

#include <fmt/format.h>

#include <utility>

#include "traceql/print.h"

namespace clew::traceql {

std::optional<Diagnostic> check(const Query& query, Support support) {
  return Checker(query, support).run();
}

std::optional<Diagnostic> Checker::run() {
  if (const auto* body = std::get_if<PipelineExpression>(&query_.body)) {
    pipelines(*body);
  } else {
    const auto& expression = std::get<MetricsExpression>(query_.body);
    if (!support_.metrics) unsupported(expression.where, "metrics functions are not executed yet");
    metrics(expression);
  }
  return invalid_ ? invalid_ : unsupported_;
}

void Checker::invalid(SourceRange where, std::string what, std::string hint) {
  if (invalid_) return;
  invalid_ = make_diagnostic(Verdict::invalid, query_.text, where, std::move(what), std::move(hint));
}

void Checker::unsupported(SourceRange where, std::string what, std::string hint) {
  if (unsupported_) return;
  unsupported_ = make_diagnostic(Verdict::unsupported, query_.text, where, std::move(what), std::move(hint));
}

void Checker::spanset(const SpansetExpression& expression) {
  if (const auto* one = std::get_if<SpansetFilter>(&expression.node)) return filter(*one);
  const auto& binary = std::get<SpansetBinary>(expression.node);
  spanset(*binary.left);
  spanset(*binary.right);
}

void Checker::pipelines(const PipelineExpression& expression) {
  if (const auto* one = std::get_if<Pipeline>(&expression.node)) return pipeline(*one);
  const auto& binary = std::get<PipelineBinary>(expression.node);
  pipelines(*binary.left);
  pipelines(*binary.right);
}

void Checker::pipeline(const Pipeline& pipeline) {
  for (const PipelineElement& next : pipeline.elements) element(next);
}

void Checker::element(const PipelineElement& element) {
  if (const auto* spansets = std::get_if<SpansetExpression>(&element.node)) {
    spanset(*spansets);
  } else if (const auto* filter = std::get_if<ScalarFilter>(&element.node)) {
    scalar_filter(*filter, element.where);
  } else if (const auto* group = std::get_if<GroupBy>(&element.node)) {
    field(group->key);
    if (!refers_to_span(group->key)) {
      invalid(group->key.where, "by() needs an expression that refers to the span", "as in by(resource.service.name)");
    }
  } else if (const auto* select = std::get_if<Select>(&element.node)) {
    for (const FieldExpression& next : select->fields) {
      field(next);
      if (std::holds_alternative<Attribute>(next.node)) continue;
      invalid(next.where, "select() takes attributes and intrinsics only");
    }
  }
}

Type Checker::aggregate(const Aggregate& aggregate, SourceRange where) {
  if (!aggregate.operand) return Type::integer;
  Type type = field(*aggregate.operand);
  if (type != Type::any && !is_numeric(type)) {
    invalid(aggregate.operand->where,
            fmt::format("{}() needs numbers, this is a {}", name_of(aggregate.function), name_of(type)));
  } else if (!refers_to_span(*aggregate.operand)) {
    invalid(where, fmt::format("{}() needs an expression that refers to the span", name_of(aggregate.function)));
  }
  return type == Type::duration ? Type::duration : Type::real;
}

Type Checker::scalar(const ScalarExpression& expression) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    if (!is_numeric(literal->type)) {
      invalid(literal->where, fmt::format("an aggregate is a number, this is a {}", name_of(literal->type)));
    }
    return literal->type;
  }
  if (const auto* one = std::get_if<Aggregate>(&expression.node)) return aggregate(*one, expression.where);
  if (const auto* nested = std::get_if<ScalarPipeline>(&expression.node)) {
    pipeline(*nested->pipeline);
    return aggregate(nested->aggregate, expression.where);
  }
  const auto& binary = std::get<ScalarBinary>(expression.node);
  Type left = scalar(*binary.left);
  scalar(*binary.right);
  return left;
}

void Checker::scalar_filter(const ScalarFilter& filter, SourceRange where) {
  scalar(filter.left);
  scalar(filter.right);
  if (holds_scalar_pipeline(filter.left) || holds_scalar_pipeline(filter.right)) {
    if (!support_.scalar_pipelines) {
      unsupported(where, "comparing the aggregate of a parenthesised pipeline is not yet supported",
                  "write { … } | count() > 2");
    }
    return;
  }
  bool plain =
      std::holds_alternative<Aggregate>(filter.left.node) && std::holds_alternative<Literal>(filter.right.node);
  if (!plain && !support_.scalar_expressions) {
    unsupported(where, "an aggregate can only be compared with a literal on its right, so far",
                "as in avg(duration) > 1s");
  }
}

}  // namespace clew::traceql
