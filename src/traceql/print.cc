#include "traceql/print.h"

#include <fmt/format.h>

#include <limits>

#include "traceql/characters.h"
#include "traceql/duration.h"
#include "traceql/infix.h"
#include "traceql/lexer.h"
#include "traceql/literal_text.h"
#include "traceql/names.h"

namespace clew::traceql {
namespace {

constexpr int kOperandLevel = 100;  // of what needs no parentheses anywhere

int level_of(Operator op) {
  switch (op) {
    case Operator::add:
    case Operator::subtract: return kSum;
    case Operator::multiply:
    case Operator::divide:
    case Operator::modulo: return kProduct;
    case Operator::power: return kPower;
    default: return kComparison;
  }
}

int level_of(SpansetOperator op) {
  return op.combination == Combination::all_of || op.combination == Combination::any_of ? kJunction : kComparison;
}

int level_of(const FieldExpression& expression) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    return literal->is_negative() ? int{kSum} : kOperandLevel;
  }
  if (const auto* unary = std::get_if<Unary>(&expression.node)) {
    return unary->op == Prefix::minus ? kSum : kNegation;
  }
  if (const auto* binary = std::get_if<Binary>(&expression.node)) return level_of(binary->op);
  return std::holds_alternative<Junction>(expression.node) ? int{kJunction} : kOperandLevel;
}

// Appends to one string: trees are as high as they are long, and joining strings would cost their product.
class Printer {
 public:
  explicit Printer(Parentheses parentheses) : everywhere_(parentheses == Parentheses::everywhere) {}
  std::string take() { return std::move(out_); }

  void attribute(const Attribute& attribute);
  void literal(const Literal& literal);
  // Parentheses when it binds looser than `level`.
  void field(const FieldExpression& expression, int level);
  void spanset(const SpansetExpression& expression, int level);
  void filter(const SpansetFilter& filter);
  void aggregate(const Aggregate& aggregate);
  void scalar(const ScalarExpression& expression, int level);
  void pipeline(const Pipeline& pipeline);
  void pipelines(const PipelineExpression& expression, int level);
  void metrics(const MetricsExpression& expression, int level);
  void hints(const std::vector<Hint>& hints);

 private:
  void add(std::string_view text) { out_ += text; }
  void open(bool parenthesised) {
    if (parenthesised) out_ += '(';
  }
  void close(bool parenthesised) {
    if (parenthesised) out_ += ')';
  }
  void infix(std::string_view symbol) { out_.append(" ").append(symbol).append(" "); }
  template <typename List, typename Each>
  void list(const List& items, Each each);
  void element(const PipelineElement& element);
  void metrics_stage(const MetricsStage& stage);
  void second_stage(const SecondStage& stage);

  bool everywhere_;
  std::string out_;
};

template <typename List, typename Each>
void Printer::list(const List& items, Each each) {
  bool first = true;
  for (const auto& item : items) {
    if (!first) add(", ");
    first = false;
    each(item);
  }
}

void Printer::attribute(const Attribute& attribute) {
  if (attribute.is_intrinsic()) return add(canonical_name(attribute.intrinsic));
  if (attribute.of_parent) add("parent");
  if (attribute.scope) add(fmt::format("{}{}", attribute.of_parent ? "." : "", name_of(*attribute.scope)));
  add(".");
  std::string_view name = attribute.name;
  bool plain = is_plain_attribute_name(name);
  if (!attribute.scope) {
    // `.5` is a number, and `parent.span.x` has a scope.
    if (!attribute.of_parent && !name.empty() && is_digit(name[0])) plain = false;
    if (attribute.of_parent && (name.starts_with("span.") || name.starts_with("resource."))) plain = false;
  }
  if (plain) return add(name);
  out_ += '"';
  for (char c : name) {
    if (c == '"' || c == '\\') out_ += '\\';
    out_ += c;
  }
  out_ += '"';
}

void Printer::literal(const Literal& literal) {
  switch (literal.type) {
    case Type::any:
    case Type::nil: return add("nil");
    case Type::integer:
      if (literal.as_int() == std::numeric_limits<int64_t>::min()) return add("minInt");
      return add(fmt::format("{}", literal.as_int()));
    case Type::real: return add(format_real(literal.as_real()));
    case Type::string: return add(quote(literal.as_string()));
    case Type::boolean: return add(literal.as_bool() ? "true" : "false");
    case Type::duration: return add(format_duration(literal.as_int()));
    case Type::status: return add(name_of(literal.as_status()));
    case Type::kind: return add(name_of(literal.as_kind()));
  }
}

void Printer::field(const FieldExpression& expression, int level) {
  int own = level_of(expression);
  bool simple = std::holds_alternative<Literal>(expression.node) || std::holds_alternative<Attribute>(expression.node);
  bool wrap = own < level || (everywhere_ && !simple);
  open(wrap);
  if (const auto* attribute = std::get_if<Attribute>(&expression.node)) {
    this->attribute(*attribute);
  } else if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    this->literal(*literal);
  } else if (const auto* unary = std::get_if<Unary>(&expression.node)) {
    add(unary->op == Prefix::minus ? "-" : "!");
    // A prefix directly behind a prefix needs no parentheses, whatever their levels.
    bool prefixed = level_of(*unary->operand) != kOperandLevel &&
                    !std::holds_alternative<Binary>(unary->operand->node) &&
                    !std::holds_alternative<Junction>(unary->operand->node);
    field(*unary->operand, prefixed ? 0 : own + 1);
  } else if (const auto* binary = std::get_if<Binary>(&expression.node)) {
    bool right_associative = binary->op == Operator::power;
    field(*binary->left, right_associative ? own + 1 : own);
    infix(symbol_of(binary->op));
    field(*binary->right, right_associative ? own : own + 1);
  } else {
    const auto& run = std::get<Junction>(expression.node);
    for (size_t i = 0; i < run.operands.size(); ++i) {
      if (i > 0) infix(run.conjunction ? "&&" : "||");
      field(run.operands[i], i == 0 ? own : own + 1);
    }
  }
  close(wrap);
}

void Printer::filter(const SpansetFilter& filter) {
  add("{ ");
  if (filter.condition) {
    field(*filter.condition, 0);
    add(" ");
  }
  add("}");
}

void Printer::spanset(const SpansetExpression& expression, int level) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) return this->filter(*filter);
  const auto& binary = std::get<SpansetBinary>(expression.node);
  int own = level_of(binary.op);
  bool wrap = own < level || everywhere_;
  open(wrap);
  spanset(*binary.left, own);
  infix(symbol_of(binary.op));
  spanset(*binary.right, own + 1);
  close(wrap);
}

void Printer::aggregate(const Aggregate& aggregate) {
  add(name_of(aggregate.function));
  add("(");
  if (aggregate.operand) field(*aggregate.operand, 0);
  add(")");
}

void Printer::scalar(const ScalarExpression& expression, int level) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) return this->literal(*literal);
  if (const auto* aggregate = std::get_if<Aggregate>(&expression.node)) return this->aggregate(*aggregate);
  if (const auto* nested = std::get_if<ScalarPipeline>(&expression.node)) {
    add("(");
    pipeline(*nested->pipeline);
    add(" | ");
    this->aggregate(nested->aggregate);
    return add(")");
  }
  const auto& binary = std::get<ScalarBinary>(expression.node);
  int own = level_of(binary.op);
  bool right_associative = binary.op == Operator::power;
  bool wrap = own < level || everywhere_;
  open(wrap);
  scalar(*binary.left, right_associative ? own + 1 : own);
  infix(symbol_of(binary.op));
  scalar(*binary.right, right_associative ? own : own + 1);
  close(wrap);
}

void Printer::element(const PipelineElement& element) {
  if (const auto* spansets = std::get_if<SpansetExpression>(&element.node)) {
    spanset(*spansets, 0);
  } else if (const auto* filter = std::get_if<ScalarFilter>(&element.node)) {
    scalar(filter->left, kComparison + 1);
    infix(symbol_of(filter->op));
    scalar(filter->right, kComparison + 1);
  } else if (const auto* group = std::get_if<GroupBy>(&element.node)) {
    add("by(");
    field(group->key, 0);
    add(")");
  } else if (const auto* select = std::get_if<Select>(&element.node)) {
    add("select(");
    list(select->fields, [&](const FieldExpression& f) { field(f, 0); });
    add(")");
  } else {
    add("coalesce()");
  }
}

void Printer::pipeline(const Pipeline& pipeline) {
  bool first = true;
  for (const PipelineElement& next : pipeline.elements) {
    if (!first) add(" | ");
    first = false;
    element(next);
  }
}

// Operands of an operator are always in parentheses; the whole is not.
void Printer::pipelines(const PipelineExpression& expression, int level) {
  if (const auto* one = std::get_if<Pipeline>(&expression.node)) {
    open(level > 0);
    pipeline(*one);
    return close(level > 0);
  }
  const auto& binary = std::get<PipelineBinary>(expression.node);
  int own = level_of(binary.op);
  bool wrap = own < level || everywhere_;
  open(wrap);
  pipelines(*binary.left, own);
  infix(symbol_of(binary.op));
  pipelines(*binary.right, own + 1);
  close(wrap);
}

void Printer::metrics_stage(const MetricsStage& stage) {
  add(name_of(stage.function));
  add("(");
  if (stage.operand) attribute(*stage.operand);
  for (const Literal& quantile : stage.quantiles) {
    add(", ");
    literal(quantile);
  }
  if (stage.compare) {
    filter(stage.compare->selection);
    add(", ");
    literal(stage.compare->top_n);
    if (stage.compare->start_ns) {
      add(", ");
      literal(*stage.compare->start_ns);
      add(", ");
      literal(*stage.compare->end_ns);
    }
  }
  add(")");
  if (stage.by.empty()) return;
  add(" by(");
  list(stage.by, [&](const Attribute& a) { attribute(a); });
  add(")");
}

void Printer::second_stage(const SecondStage& stage) {
  if (const auto* ranking = std::get_if<Ranking>(&stage.node)) {
    add(ranking->top ? " | topk(" : " | bottomk(");
    literal(ranking->n);
    return add(")");
  }
  const auto& threshold = std::get<Threshold>(stage.node);
  infix(symbol_of(threshold.op));
  literal(threshold.bound);
}

void Printer::metrics(const MetricsExpression& expression, int level) {
  const auto* query = std::get_if<MetricsQuery>(&expression.node);
  const auto* constant = std::get_if<ScalarExpression>(&expression.node);
  if (constant) {
    bool wrap = std::holds_alternative<ScalarBinary>(constant->node) && !everywhere_;
    open(wrap);
    scalar(*constant, 0);
    return close(wrap);
  }
  const auto* binary = std::get_if<MetricsBinary>(&expression.node);
  int own = binary && expression.stages.empty() ? level_of(binary->op) : 0;
  bool wrap = own < level || (everywhere_ && binary);
  open(wrap);
  if (query) {
    pipeline(query->pipeline);
    add(" | ");
    metrics_stage(query->stage);
  } else {
    int inner = level_of(binary->op);
    metrics(*binary->left, inner);
    infix(symbol_of(binary->op));
    metrics(*binary->right, inner + 1);
  }
  for (const SecondStage& stage : expression.stages) second_stage(stage);
  close(wrap);
}

void Printer::hints(const std::vector<Hint>& hints) {
  if (hints.empty()) return;
  add(" with(");
  list(hints, [&](const Hint& hint) {
    add(hint.name);
    add("=");
    literal(hint.value);
  });
  add(")");
}

}  // namespace

std::string print(const Query& query, Parentheses parentheses) {
  Printer printer(parentheses);
  if (const auto* pipelines = std::get_if<PipelineExpression>(&query.body)) {
    printer.pipelines(*pipelines, 0);
  } else {
    printer.metrics(std::get<MetricsExpression>(query.body), 0);
  }
  printer.hints(query.hints);
  return printer.take();
}

std::string print(const FieldExpression& expression, Parentheses parentheses) {
  Printer printer(parentheses);
  printer.field(expression, 0);
  return printer.take();
}

std::string print(const SpansetExpression& expression, Parentheses parentheses) {
  Printer printer(parentheses);
  printer.spanset(expression, 0);
  return printer.take();
}

std::string print(const Attribute& attribute) {
  Printer printer(Parentheses::needed);
  printer.attribute(attribute);
  return printer.take();
}

std::string print(const Literal& literal) {
  Printer printer(Parentheses::needed);
  printer.literal(literal);
  return printer.take();
}

std::string print(const Aggregate& aggregate) {
  Printer printer(Parentheses::needed);
  printer.aggregate(aggregate);
  return printer.take();
}

}  // namespace clew::traceql
