#include <fmt/format.h>

#include "traceql/check.h"

namespace clew::traceql {
namespace {

double real_of(const Literal& literal) {
  return literal.type == Type::real ? literal.as_real() : static_cast<double>(literal.as_int());
}

Literal real_literal(double value) {
  return {Type::real, value, {}};
}

std::optional<Literal> fold(Operator op, int64_t a, int64_t b) {
  int64_t value = 0;
  bool overflow = false;
  switch (op) {
    case Operator::add: overflow = __builtin_add_overflow(a, b, &value); break;
    case Operator::subtract: overflow = __builtin_sub_overflow(a, b, &value); break;
    case Operator::multiply: overflow = __builtin_mul_overflow(a, b, &value); break;
    default:
      overflow = b == 0 || (b == -1 && __builtin_sub_overflow(int64_t{0}, a, &value));
      if (!overflow) value = a / b;
  }
  if (overflow) return std::nullopt;
  return Literal{Type::integer, value, {}};
}

double fold(Operator op, double a, double b) {
  switch (op) {
    case Operator::add: return a + b;
    case Operator::subtract: return a - b;
    case Operator::multiply: return a * b;
    default: return a / b;
  }
}

size_t label_limit(MetricsFunction function) {
  bool adds_a_label = function == MetricsFunction::avg_over_time || function == MetricsFunction::quantile_over_time ||
                      function == MetricsFunction::histogram_over_time;
  return adds_a_label ? kMaxMetricsLabels - 1 : kMaxMetricsLabels;
}

bool is_compare(const MetricsExpression& expression) {
  const auto* query = std::get_if<MetricsQuery>(&expression.node);
  return query && query->stage.function == MetricsFunction::compare;
}

}  // namespace

std::optional<Literal> constant_value(const ScalarExpression& constant) {
  if (const auto* literal = std::get_if<Literal>(&constant.node)) return *literal;
  const auto& binary = std::get<ScalarBinary>(constant.node);
  auto left = constant_value(*binary.left);
  auto right = constant_value(*binary.right);
  if (!left || !right) return std::nullopt;
  if (left->type == Type::integer && right->type == Type::integer) {
    return fold(binary.op, left->as_int(), right->as_int());
  }
  return real_literal(fold(binary.op, real_of(*left), real_of(*right)));
}

void Checker::metrics(const MetricsExpression& expression) {
  if (const auto* query = std::get_if<MetricsQuery>(&expression.node)) {
    pipeline(query->pipeline);
    metrics_stage(query->stage);
  } else if (const auto* binary = std::get_if<MetricsBinary>(&expression.node)) {
    metrics_binary(*binary);
  } else if (!constant_value(std::get<ScalarExpression>(expression.node))) {
    invalid(expression.where, "the constant divides an integer by zero, or does not fit 64 bits",
            "integers truncate on division; write 1.0 for a real number");
  }
  for (const SecondStage& stage : expression.stages) second_stage(stage, is_compare(expression));
}

void Checker::metrics_binary(const MetricsBinary& binary) {
  for (const MetricsExpression* side : {binary.left.get(), binary.right.get()}) {
    metrics(*side);
    if (is_compare(*side)) invalid(side->where, "compare() cannot be an operand of arithmetic");
  }
}

void Checker::metrics_stage(const MetricsStage& stage) {
  if (stage.operand) attribute(*stage.operand);
  for (const Literal& quantile : stage.quantiles) {
    if (double q = real_of(quantile); q < 0 || q > 1) {
      invalid(quantile.where, "a quantile is a number from 0 to 1", "0.99 for the 99th percentile");
    }
  }
  for (const Attribute& label : stage.by) attribute(label);
  if (stage.by.size() > label_limit(stage.function)) {
    unsupported(stage.where, fmt::format("{}() groups by at most {} attributes, here are {}", name_of(stage.function),
                                         label_limit(stage.function), stage.by.size()));
  }
  if (stage.compare) compare(*stage.compare);
}

void Checker::compare(const Compare& compare) {
  filter(compare.selection);
  if (int64_t n = compare.top_n.as_int(); n < 1 || n > kMaxCompareValues) {
    invalid(compare.top_n.where, fmt::format("compare() shows 1 to {} values of an attribute", kMaxCompareValues));
  }
  if (!compare.start_ns) return;
  if (compare.start_ns->as_int() == 0 && compare.end_ns->as_int() == 0) return;  // Tempo's "no range"
  for (const auto& time : {compare.start_ns, compare.end_ns}) {
    if (time->as_int() <= 0) invalid(time->where, "a time is a positive number of Unix nanoseconds");
  }
  if (compare.start_ns->as_int() >= compare.end_ns->as_int()) {
    invalid(compare.end_ns->where, "the end of compare() must be after its start");
  }
}

void Checker::second_stage(const SecondStage& stage, bool of_compare) {
  if (const auto* ranking = std::get_if<Ranking>(&stage.node)) {
    if (ranking->n.as_int() <= 0) {
      invalid(ranking->n.where, fmt::format("{} needs a number above 0", ranking->top ? "topk" : "bottomk"));
    }
    return;
  }
  if (of_compare) invalid(stage.where, "compare() has no threshold");
}

}  // namespace clew::traceql
