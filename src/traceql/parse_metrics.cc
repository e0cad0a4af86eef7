#include <fmt/format.h>

#include "traceql/names.h"
#include "traceql/parser.h"

namespace clew::traceql {
namespace {

bool is_constant(const ScalarExpression& scalar) {
  if (const auto* literal = std::get_if<Literal>(&scalar.node)) {
    return literal->type == Type::integer || literal->type == Type::real;
  }
  const auto* binary = std::get_if<ScalarBinary>(&scalar.node);
  return binary && binary->op <= Operator::divide && is_constant(*binary->left) && is_constant(*binary->right);
}

}  // namespace

Parsed<Parser::Operand> Parser::metrics_query(Pipeline&& pipeline) {
  uint32_t begin = pipeline.where.begin;
  ASSIGN_OR_RETURN(MetricsStage stage, metrics_stage());
  MetricsExpression whole;
  whole.node = MetricsQuery{std::move(pipeline), std::move(stage)};
  ASSIGN_OR_RETURN(whole.stages, second_stages());
  whole.where = since(begin);
  if (level_of(peek().kind) >= kSum) {
    return unexpected("| or the end of the query",
                      "arithmetic needs each metrics query in parentheses: ({ } | rate()) / 2");
  }
  return Operand{std::move(whole), since(begin)};
}

Parsed<MetricsStage> Parser::metrics_stage() {
  Token word = take();
  MetricsStage stage;
  stage.function = *metrics_function(word.text);
  TRY(expect(TokenKind::open_paren, fmt::format("( after {}", word.text)));
  switch (stage.function) {
    case MetricsFunction::rate:
    case MetricsFunction::count_over_time: break;
    case MetricsFunction::compare: {
      ASSIGN_OR_RETURN(stage.compare, compare_arguments());
      break;
    }
    default: {
      ASSIGN_OR_RETURN(stage.operand, attribute());
    }
  }
  if (stage.function == MetricsFunction::quantile_over_time) {
    do {
      TRY(expect(TokenKind::comma, ", and a quantile from 0 to 1"));
      if (!at(TokenKind::integer) && !at(TokenKind::real)) return unexpected("a quantile from 0 to 1");
      stage.quantiles.push_back(*accept_literal());
    } while (!at(TokenKind::close_paren));
  }
  TRY(expect(TokenKind::close_paren, ")"));
  if (at_word("by")) {
    if (stage.function == MetricsFunction::compare) return unexpected("the end of the query", "compare() has no by()");
    take();
    ASSIGN_OR_RETURN(stage.by, labels());
  }
  stage.where = since(word.where.begin);
  return stage;
}

Parsed<Compare> Parser::compare_arguments() {
  Compare compare;
  if (!at(TokenKind::open_brace)) return unexpected("the selection as { … }");
  ASSIGN_OR_RETURN(compare.selection, filter_body());
  if (!accept(TokenKind::comma)) return compare;
  auto integer = [&](std::string_view expected) -> Parsed<Literal> {
    if (!at(TokenKind::integer)) return unexpected(expected);
    return *accept_literal();
  };
  ASSIGN_OR_RETURN(compare.top_n, integer("the number of values to show"));
  if (!accept(TokenKind::comma)) return compare;
  ASSIGN_OR_RETURN(compare.start_ns, integer("the start in Unix nanoseconds"));
  TRY(expect(TokenKind::comma, ", and the end in Unix nanoseconds"));
  ASSIGN_OR_RETURN(compare.end_ns, integer("the end in Unix nanoseconds"));
  return compare;
}

Parsed<std::vector<Attribute>> Parser::labels() {
  std::vector<Attribute> found;
  TRY(expect(TokenKind::open_paren, "( after by"));
  do {
    ASSIGN_OR_RETURN(Attribute next, attribute());
    found.push_back(std::move(next));
  } while (accept(TokenKind::comma));
  TRY(expect(TokenKind::close_paren, ", or )"));
  return found;
}

Parsed<std::vector<SecondStage>> Parser::second_stages() {
  std::vector<SecondStage> stages;
  while (at(TokenKind::pipe) || is_comparison(peek().kind)) {
    auto next = accept(TokenKind::pipe) ? ranking() : threshold();
    if (!next) return std::unexpected(std::move(next.error()));
    stages.push_back(std::move(*next));
  }
  return stages;
}

Parsed<SecondStage> Parser::ranking() {
  if (!at_word("topk") && !at_word("bottomk")) {
    return unexpected("topk(n) or bottomk(n)", is_comparison(peek().kind)
                                                   ? "a threshold follows the function without |: rate() > 10"
                                                   : "only these may follow a metrics function after |");
  }
  Token word = take();
  TRY(expect(TokenKind::open_paren, "("));
  ASSIGN_OR_RETURN(Token n, expect(TokenKind::integer, "a positive integer"));
  TRY(expect(TokenKind::close_paren, ")"));
  Ranking ranking{word.text == "topk", Literal{Type::integer, n.integer, n.where}};
  return SecondStage{std::move(ranking), since(word.where.begin)};
}

Parsed<SecondStage> Parser::threshold() {
  Token op = take();
  if (op.kind == TokenKind::regex_match) return fail(op.where, "=~ does not fit a metrics query");
  ASSIGN_OR_RETURN(Literal bound, signed_number("a number or a duration"));
  Threshold threshold{operator_of(op.kind), std::move(bound)};
  return SecondStage{std::move(threshold), since(op.where.begin)};
}

Parsed<Parser::Operand> Parser::combine_metrics(const Infix& infix, Operand&& left, Operand&& right) {
  Operator op = operator_of(infix.kind);
  if (op == Operator::modulo || op == Operator::power) {
    return fail(infix.where, fmt::format("{} does not fit metrics queries", symbol_of(op)), "known are + - * /");
  }
  SourceRange where = cover(left.where, right.where);
  ASSIGN_OR_RETURN(MetricsExpression l, to_metrics(infix, std::move(left)));
  ASSIGN_OR_RETURN(MetricsExpression r, to_metrics(infix, std::move(right)));
  MetricsExpression whole;
  whole.where = where;
  whole.height = height_above(l.height, r.height);
  if (whole.height == 0) return too_high(infix.where);
  whole.node = MetricsBinary{op, std::make_unique<MetricsExpression>(std::move(l)),
                             std::make_unique<MetricsExpression>(std::move(r))};
  return Operand{std::move(whole), where};
}

Parsed<MetricsExpression> Parser::to_metrics(const Infix& infix, Operand&& operand) {
  if (operand.is<MetricsExpression>()) return operand.take<MetricsExpression>();
  auto* scalar = std::get_if<ScalarExpression>(&operand.node);
  if (!scalar || !is_constant(*scalar)) {
    return fail(operand.where, fmt::format("{} joins a metrics query with this, which is neither one nor a number",
                                           shown(infix.where)));
  }
  MetricsExpression constant;
  constant.where = operand.where;
  constant.height = scalar->height;
  constant.node = std::move(*scalar);
  return constant;
}

}  // namespace clew::traceql
