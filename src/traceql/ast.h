// The syntax tree of a TraceQL query, for the whole language: spansets, pipelines, scalars, metrics.
//
// Invariants of a tree that parse() returned: no pointer is null except SpansetFilter::condition of `{ }` and
// Aggregate::operand of count(); trees are values that move and do not copy, and are not changed after parsing, so any
// thread may read one. `height` of a node is the longest path below it and stays within ParseLimits::tree_height:
// walking a tree by recursion is safe. Every node knows its place in Query::text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/span_words.h"

namespace clew::traceql {

// Bytes [begin, end) of the query's text.
struct SourceRange {
  uint32_t begin = 0;
  uint32_t end = 0;

  friend bool operator==(const SourceRange&, const SourceRange&) = default;
};

inline SourceRange cover(SourceRange first, SourceRange last) {
  return {first.begin, last.end};
}

// `any` is the type of an attribute: known only with the data, and fits everything. Literals never have it.
enum class Type : uint8_t { any, nil, integer, real, string, boolean, duration, status, kind };
std::string_view name_of(Type type);
inline bool is_numeric(Type type) {
  return type == Type::integer || type == Type::real || type == Type::duration;
}

struct Literal {
  Type type = Type::nil;
  // nil: monostate; integer and duration (nanoseconds): int64_t; the others: their own.
  std::variant<std::monostate, bool, int64_t, double, std::string, StatusCode, SpanKind> value;
  SourceRange where;

  bool as_bool() const { return std::get<bool>(value); }
  int64_t as_int() const { return std::get<int64_t>(value); }
  double as_real() const { return std::get<double>(value); }
  const std::string& as_string() const { return std::get<std::string>(value); }
  StatusCode as_status() const { return std::get<StatusCode>(value); }
  SpanKind as_kind() const { return std::get<SpanKind>(value); }
  // Of a number: below zero, or -0.0.
  bool is_negative() const;
};

// A name that is not an attribute. Both spellings of one (`span:name`, `name`) are the same intrinsic.
enum class Intrinsic : uint8_t {
  none,
  name,
  duration,
  status,
  status_message,
  kind,
  span_id,
  parent_id,
  child_count,
  trace_id,
  trace_duration,
  root_name,
  root_service,
  event_name,
  event_time_since_start,
  link_trace_id,
  link_span_id,
  instrumentation_name,
  instrumentation_version,
  nested_set_left,
  nested_set_right,
  nested_set_parent,
  parent,
};

// An attribute (`span.x`, `.x`, `parent.resource.x`) or, when `intrinsic` is set, an intrinsic.
struct Attribute {
  Intrinsic intrinsic = Intrinsic::none;
  bool of_parent = false;
  std::optional<Scope> scope;  // none: unscoped
  std::string name;
  SourceRange where;

  bool is_intrinsic() const { return intrinsic != Intrinsic::none; }
};
Type type_of(const Attribute& attribute);

enum class Operator : uint8_t {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  regex_match,
  regex_mismatch,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
};
std::string_view symbol_of(Operator op);
inline bool is_comparison(Operator op) {
  return op <= Operator::regex_mismatch;
}
inline bool is_regex(Operator op) {
  return op == Operator::regex_match || op == Operator::regex_mismatch;
}

// Chapter: field expressions: inside { }, by(), aggregates.

struct FieldExpression;
using FieldPointer = std::unique_ptr<FieldExpression>;

enum class Prefix : uint8_t { negate, minus };  // ! -

struct Unary {
  Prefix op = Prefix::negate;
  FieldPointer operand;
};

struct Binary {
  Operator op = Operator::equal;
  SourceRange op_where;
  FieldPointer left;
  FieldPointer right;
};

// A run of `&&`, or a run of `||`; the levels are equal and group to the left, so `a || b && c` is an `&&` whose first
// operand is an `||`. At least two operands. A run is one node so that thousands of alternatives stay flat.
struct Junction {
  bool conjunction = true;
  std::vector<FieldExpression> operands;
};

struct FieldExpression {
  std::variant<Literal, Attribute, Unary, Binary, Junction> node;
  SourceRange where;
  uint16_t height = 1;
};
// Whether the value can differ from span to span.
bool refers_to_span(const FieldExpression& expression);

// Chapter: spansets.

struct SpansetFilter {
  FieldPointer condition;  // null: every span
};

enum class Combination : uint8_t {
  all_of,        // &&
  any_of,        // ||
  related,       // > >> < << ~
  not_related,   // !> !>> !< !<< !~
  both_related,  // &> &>> &< &<< &~
};
// Of the right side to the left side: `a > b` finds b that are children of a.
enum class Relation : uint8_t { none, child, descendant, parent, ancestor, sibling };

struct SpansetOperator {
  Combination combination = Combination::all_of;
  Relation relation = Relation::none;

  friend bool operator==(const SpansetOperator&, const SpansetOperator&) = default;
};
std::string_view symbol_of(SpansetOperator op);

struct SpansetExpression;
struct SpansetBinary {
  SpansetOperator op;
  std::unique_ptr<SpansetExpression> left;
  std::unique_ptr<SpansetExpression> right;
};
struct SpansetExpression {
  std::variant<SpansetFilter, SpansetBinary> node;
  SourceRange where;
  uint16_t height = 1;
};

// Chapter: scalars and pipelines.

enum class AggregateFunction : uint8_t { count, avg, min, max, sum };
std::string_view name_of(AggregateFunction function);

struct Aggregate {
  AggregateFunction function = AggregateFunction::count;
  FieldPointer operand;  // null for count()
};

struct Pipeline;
struct ScalarExpression;

struct ScalarBinary {
  Operator op = Operator::add;
  std::unique_ptr<ScalarExpression> left;
  std::unique_ptr<ScalarExpression> right;
};
// `({ … } | count())`
struct ScalarPipeline {
  std::unique_ptr<Pipeline> pipeline;
  Aggregate aggregate;
};
struct ScalarExpression {
  std::variant<Literal, Aggregate, ScalarBinary, ScalarPipeline> node;
  SourceRange where;
  uint16_t height = 1;
};

bool holds_scalar_pipeline(const ScalarExpression& scalar);

// Keeps a spanset when the comparison holds. With a ScalarPipeline inside it is the only element of its pipeline.
struct ScalarFilter {
  Operator op = Operator::equal;
  ScalarExpression left;
  ScalarExpression right;
};
struct GroupBy {
  FieldExpression key;
};
struct Coalesce {};
struct Select {
  // Attributes each, once check() has passed.
  std::vector<FieldExpression> fields;
};
struct PipelineElement {
  std::variant<SpansetExpression, ScalarFilter, GroupBy, Coalesce, Select> node;
  SourceRange where;
};
struct Pipeline {
  std::vector<PipelineElement> elements;  // at least one
  SourceRange where;
};

// Pipelines, each in parentheses, joined by spanset operators; most often just one pipeline.
struct PipelineExpression;
struct PipelineBinary {
  SpansetOperator op;
  std::unique_ptr<PipelineExpression> left;
  std::unique_ptr<PipelineExpression> right;
};
struct PipelineExpression {
  std::variant<Pipeline, PipelineBinary> node;
  SourceRange where;
  uint16_t height = 1;
};

// Chapter: metrics.

enum class MetricsFunction : uint8_t {
  rate,
  count_over_time,
  min_over_time,
  max_over_time,
  avg_over_time,
  sum_over_time,
  quantile_over_time,
  histogram_over_time,
  compare,
};
std::string_view name_of(MetricsFunction function);

struct Compare {
  SpansetFilter selection;
  Literal top_n{Type::integer, int64_t{10}, {}};
  std::optional<Literal> start_ns;  // both or none
  std::optional<Literal> end_ns;
};

struct MetricsStage {
  MetricsFunction function = MetricsFunction::rate;
  std::optional<Attribute> operand;  // of *_over_time(a), but count_over_time
  std::vector<Literal> quantiles;    // integers or reals
  std::vector<Attribute> by;
  std::optional<Compare> compare;
  SourceRange where;
};

struct Ranking {  // topk(n), bottomk(n)
  bool top = true;
  Literal n;
};
struct Threshold {
  Operator op = Operator::greater;
  Literal bound;  // a number or a duration
};
struct SecondStage {
  std::variant<Ranking, Threshold> node;
  SourceRange where;
};

struct MetricsQuery {
  Pipeline pipeline;
  MetricsStage stage;
};
struct MetricsExpression;
struct MetricsBinary {
  Operator op = Operator::add;  // + - * /
  std::unique_ptr<MetricsExpression> left;
  std::unique_ptr<MetricsExpression> right;
};
// A query, a constant (an expression of numbers; see constant_value), or arithmetic on them; `stages` apply to the
// whole, in order. A tree holds at least one query.
struct MetricsExpression {
  std::variant<MetricsQuery, ScalarExpression, MetricsBinary> node;
  std::vector<SecondStage> stages;
  SourceRange where;
  uint16_t height = 1;
};

// Chapter: the query.

struct Hint {
  std::string name;
  Literal value;
  SourceRange where;
};

struct Query {
  std::string text;
  std::variant<PipelineExpression, MetricsExpression> body;
  std::vector<Hint> hints;  // of every with(…), in order

  bool is_metrics() const { return std::holds_alternative<MetricsExpression>(body); }
};

}  // namespace clew::traceql
