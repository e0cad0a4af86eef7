// The checker behind check(): walks a tree once and remembers the first invalid and the first unsupported place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "traceql/query.h"

namespace clew::traceql {

// Limits of Tempo's metrics functions.
inline constexpr size_t kMaxMetricsLabels = 5;      // of by(); one less for avg, quantile and histogram
inline constexpr int64_t kMaxCompareValues = 1000;  // second argument of compare()

class Checker {
 public:
  Checker(const Query& query, Support support) : query_(query), support_(support) {}
  std::optional<Diagnostic> run();

 private:
  void invalid(SourceRange where, std::string what, std::string hint = {});
  void unsupported(SourceRange where, std::string what, std::string hint = {});

  // check_field.cc. Each answers the type of its expression, `any` after an error.
  Type field(const FieldExpression& expression);
  Type attribute(const Attribute& attribute);
  Type unary(const Unary& unary, SourceRange where);
  Type binary(const Binary& binary, SourceRange where);
  Type junction(const Junction& run);
  void compared_with_nil(const Binary& binary, SourceRange where);
  void regex(const Binary& binary);
  void filter(const SpansetFilter& filter);

  // check.cc
  void spanset(const SpansetExpression& expression);
  void pipeline(const Pipeline& pipeline);
  void pipelines(const PipelineExpression& expression);
  void element(const PipelineElement& element);
  void scalar_filter(const ScalarFilter& filter, SourceRange where);
  Type scalar(const ScalarExpression& expression);
  Type aggregate(const Aggregate& aggregate, SourceRange where);

  // check_metrics.cc
  void metrics(const MetricsExpression& expression);
  void metrics_stage(const MetricsStage& stage);
  void compare(const Compare& compare);
  void second_stage(const SecondStage& stage, bool of_compare);
  void metrics_binary(const MetricsBinary& binary);

  const Query& query_;
  Support support_;
  std::optional<Diagnostic> invalid_;
  std::optional<Diagnostic> unsupported_;
};

// Of a constant side of metrics arithmetic: integers stay integers and divide truncating; nothing when an integer is
// divided by zero or overflows. Precondition: literals and + - * / of integers and reals only, as the parser builds it.
std::optional<Literal> constant_value(const ScalarExpression& constant);

}  // namespace clew::traceql
