#include <fmt/format.h>

#include "traceql/names.h"
#include "traceql/parser.h"

namespace clew::traceql {

Parsed<Parser::Operand> Parser::pipeline(bool inside) {
  uint32_t begin = peek().where.begin;
  Pipeline pipeline;
  do {
    bool first = pipeline.elements.empty();
    if (at(TokenKind::word) && metrics_function(peek().text)) {
      if (first)
        return unexpected("a spanset", fmt::format("a metrics function ends a pipeline: {{ }} | {}(…)", peek().text));
      pipeline.where = since(begin);
      return metrics_query(std::move(pipeline));
    }
    if (at_word("by") || at_word("coalesce") || at_word("select") || at_word("topk") || at_word("bottomk")) {
      ASSIGN_OR_RETURN(PipelineElement element, stage(first));
      pipeline.elements.push_back(std::move(element));
      continue;
    }
    ASSIGN_OR_RETURN(Operand operand, expression(kJunction));
    if (operand.is<SpansetExpression>()) {
      pipeline.elements.push_back({operand.take<SpansetExpression>(), operand.where});
    } else if (operand.is<ScalarFilter>()) {
      if (const auto& filter = std::get<ScalarFilter>(operand.node);
          (holds_scalar_pipeline(filter.left) || holds_scalar_pipeline(filter.right)) &&
          (inside || !first || at(TokenKind::pipe))) {
        return fail(operand.where, "a comparison of pipelines must be the whole query");
      }
      pipeline.elements.push_back({operand.take<ScalarFilter>(), operand.where});
    } else if (!first) {
      pipeline.where = since(begin);
      return scalar_pipeline(std::move(pipeline), std::move(operand), inside);
    } else {
      return lone(std::move(operand));
    }
  } while (accept(TokenKind::pipe));
  pipeline.where = since(begin);
  Operand whole;
  whole.where = pipeline.where;
  if (pipeline.elements.size() == 1 && std::holds_alternative<SpansetExpression>(pipeline.elements[0].node)) {
    whole.node = std::get<SpansetExpression>(std::move(pipeline.elements[0].node));
  } else {
    whole.node = PipelineExpression{std::move(pipeline), whole.where};
  }
  return whole;
}

// An operand that is a whole pipeline by itself: in parentheses, or arithmetic.
Parsed<Parser::Operand> Parser::lone(Operand&& operand) {
  if (auto* metrics = std::get_if<MetricsExpression>(&operand.node)) {
    ASSIGN_OR_RETURN(auto stages, second_stages());
    for (SecondStage& stage : stages) metrics->stages.push_back(std::move(stage));
    if (!stages.empty()) metrics->where = operand.where = since(operand.where.begin);
    return std::move(operand);
  }
  if (operand.is<PipelineExpression>() && at(TokenKind::pipe)) {
    return unexpected("the end of the query", "pipelines joined in parentheses cannot be piped further");
  }
  if (operand.is<ScalarExpression>() && at(TokenKind::pipe)) {
    return unexpected("a comparison", "an aggregate filters spansets: count() > 2");
  }
  return std::move(operand);
}

// `{ … } | count()` has only one meaning: inside parentheses, compared with something.
Parsed<Parser::Operand> Parser::scalar_pipeline(Pipeline&& pipeline, Operand&& last, bool inside) {
  auto* scalar = std::get_if<ScalarExpression>(&last.node);
  if (!scalar) {
    return fail(last.where, "parenthesised pipelines cannot be a stage", "put each whole pipeline in parentheses");
  }
  auto* aggregate = std::get_if<Aggregate>(&scalar->node);
  if (!aggregate || !inside || !at(TokenKind::close_paren) || last.wrapped) {
    std::string hint = at_word("by") ? "group first, then filter: | by(…) | count() > 2"
                                     : "an aggregate filters spansets: count() > 2";
    return unexpected("a comparison", std::move(hint));
  }
  Operand whole;
  whole.where = since(pipeline.where.begin);
  whole.node = ScalarExpression{ScalarPipeline{std::make_unique<Pipeline>(std::move(pipeline)), std::move(*aggregate)},
                                whole.where};
  return whole;
}

Parsed<PipelineElement> Parser::stage(bool first) {
  Token word = take();
  PipelineElement element;
  if (word.text == "by") {
    ASSIGN_OR_RETURN(FieldExpression key, parenthesised_field());
    element.node = GroupBy{std::move(key)};
  } else if (word.text == "select") {
    ASSIGN_OR_RETURN(auto fields, field_list());
    element.node = Select{std::move(fields)};
  } else if (word.text == "coalesce") {
    if (first) return fail(word.where, "coalesce() cannot be first", "it merges the spansets of the stages before it");
    TRY(expect(TokenKind::open_paren, "()"));
    TRY(expect(TokenKind::close_paren, ")"));
    element.node = Coalesce{};
  } else {
    return fail(word.where, fmt::format("{} needs a metrics function before it", word.text),
                fmt::format("as in {{ }} | rate() by(name) | {}(10)", word.text));
  }
  element.where = since(word.where.begin);
  return element;
}

Parsed<Parser::Operand> Parser::expression(int level) {
  Nested nested(*this);
  if (!nested) return too_deep();
  ASSIGN_OR_RETURN(Operand left, operand());
  for (int next = level_of(peek().kind); next != kNoOperator && next >= level; next = level_of(peek().kind)) {
    if (is_comparison(peek().kind) && left.is<MetricsExpression>()) break;  // a threshold: second_stages()
    Token op = take();
    ASSIGN_OR_RETURN(Operand right, expression(next == kPower ? kPower : next + 1));
    auto combined = combine({op.kind, op.where}, std::move(left), std::move(right));
    if (!combined) return combined;
    left = std::move(*combined);
  }
  return left;
}

Parsed<Parser::Operand> Parser::operand() {
  switch (peek().kind) {
    case TokenKind::open_brace: return filter_operand();
    case TokenKind::open_paren: return wrapped_operand();
    case TokenKind::minus: {
      ASSIGN_OR_RETURN(Literal number, signed_number("a number"));
      SourceRange where = number.where;
      return Operand{ScalarExpression{std::move(number), where}, where};
    }
    default: break;
  }
  if (at(TokenKind::word) && aggregate_function(peek().text)) return aggregate();
  if (auto literal = accept_literal()) {
    SourceRange where = literal->where;
    return Operand{ScalarExpression{std::move(*literal), where}, where};
  }
  std::string hint;
  if (at(TokenKind::word)) {
    std::string_view near = nearest_stage_word(peek().text);
    if (!near.empty()) hint = fmt::format("did you mean {}?", near);
    if (unscoped_intrinsic(peek().text)) hint = "conditions on spans stand in braces: { duration > 1s }";
  }
  if (at(TokenKind::attribute)) hint = fmt::format("conditions on spans stand in braces: {{ {} … }}", shown_current());
  return unexpected("a spanset { … }, an aggregate or a stage", std::move(hint));
}

Parsed<Parser::Operand> Parser::filter_operand() {
  uint32_t begin = peek().where.begin;
  ASSIGN_OR_RETURN(SpansetFilter filter, filter_body());
  Operand made;
  made.where = since(begin);
  uint16_t height = filter.condition ? height_above(filter.condition->height) : uint16_t{1};
  if (height == 0) return too_high(made.where);
  made.node = SpansetExpression{std::move(filter), made.where, height};
  return made;
}

Parsed<Parser::Operand> Parser::wrapped_operand() {
  uint32_t begin = take().where.begin;
  ASSIGN_OR_RETURN(Operand inner, pipeline(true));
  TRY(expect(TokenKind::close_paren, "an operator, | or )"));
  inner.where = since(begin);
  std::visit(
      [&](auto& node) {
        if constexpr (requires { node.where; }) node.where = inner.where;
      },
      inner.node);
  inner.wrapped = true;
  return inner;
}

Parsed<Parser::Operand> Parser::aggregate() {
  Token word = take();
  Aggregate made;
  made.function = *aggregate_function(word.text);
  uint16_t height = 1;
  if (made.function == AggregateFunction::count) {
    TRY(expect(TokenKind::open_paren, "()"));
    TRY(expect(TokenKind::close_paren, ") as count() has no argument"));
  } else {
    ASSIGN_OR_RETURN(FieldExpression operand, parenthesised_field());
    height = height_above(operand.height);
    if (height == 0) return too_high(word.where);
    made.operand = std::make_unique<FieldExpression>(std::move(operand));
  }
  SourceRange where = since(word.where.begin);
  return Operand{ScalarExpression{std::move(made), where, height}, where};
}

Parsed<Parser::Operand> Parser::combine(const Infix& infix, Operand&& left, Operand&& right) {
  int level = level_of(infix.kind);
  bool metrics = left.is<MetricsExpression>() || right.is<MetricsExpression>();
  if (metrics && level >= kSum) return combine_metrics(infix, std::move(left), std::move(right));
  bool scalars = left.is<ScalarExpression>() && right.is<ScalarExpression>();
  if (scalars && (level >= kSum || is_comparison(infix.kind)) && infix.kind != TokenKind::regex_match) {
    return combine_scalars(infix, std::move(left), std::move(right));
  }
  if (level == kJunction || is_structural(infix.kind)) {
    return combine_spansets(infix, std::move(left), std::move(right));
  }
  return cannot_combine(infix, left, right);
}

Parsed<Parser::Operand> Parser::combine_spansets(const Infix& infix, Operand&& left, Operand&& right) {
  SpansetOperator op = spanset_operator_of(infix.kind);
  Operand made;
  made.where = cover(left.where, right.where);
  if (left.is<SpansetExpression>() && right.is<SpansetExpression>()) {
    auto l = std::make_unique<SpansetExpression>(left.take<SpansetExpression>());
    auto r = std::make_unique<SpansetExpression>(right.take<SpansetExpression>());
    uint16_t height = height_above(l->height, r->height);
    if (height == 0) return too_high(infix.where);
    made.node = SpansetExpression{SpansetBinary{op, std::move(l), std::move(r)}, made.where, height};
    return made;
  }
  for (const Operand* side : {&left, &right}) {
    if (side->is<PipelineExpression>()) continue;
    if (side->is<SpansetExpression>() && side->wrapped) continue;
    if (side->is<SpansetExpression>() || side->is<ScalarFilter>()) {
      return fail(side->where, fmt::format("{} joins pipelines here: this side needs parentheses", shown(infix.where)));
    }
    return cannot_combine(infix, left, right);
  }
  auto l = std::make_unique<PipelineExpression>(to_pipeline(std::move(left)));
  auto r = std::make_unique<PipelineExpression>(to_pipeline(std::move(right)));
  uint16_t height = height_above(l->height, r->height);
  if (height == 0) return too_high(infix.where);
  made.node = PipelineExpression{PipelineBinary{op, std::move(l), std::move(r)}, made.where, height};
  return made;
}

Parsed<Parser::Operand> Parser::combine_scalars(const Infix& infix, Operand&& left, Operand&& right) {
  Operand made;
  made.where = cover(left.where, right.where);
  if (is_comparison(infix.kind)) {
    made.node = ScalarFilter{operator_of(infix.kind), left.take<ScalarExpression>(), right.take<ScalarExpression>()};
    return made;
  }
  auto l = std::make_unique<ScalarExpression>(left.take<ScalarExpression>());
  auto r = std::make_unique<ScalarExpression>(right.take<ScalarExpression>());
  uint16_t height = height_above(l->height, r->height);
  if (height == 0) return too_high(infix.where);
  made.node = ScalarExpression{ScalarBinary{operator_of(infix.kind), std::move(l), std::move(r)}, made.where, height};
  return made;
}

std::unexpected<Diagnostic> Parser::cannot_combine(const Infix& infix, const Operand& left,
                                                   const Operand& right) const {
  auto kind = [](const Operand& operand) -> std::string_view {
    static constexpr std::string_view kKinds[] = {"a spanset", "a scalar", "a comparison", "a pipeline",
                                                  "a metrics query"};
    return kKinds[operand.node.index()];
  };
  return fail(infix.where, fmt::format("{} cannot join {} and {}", shown(infix.where), kind(left), kind(right)));
}

PipelineExpression Parser::to_pipeline(Operand&& operand) {
  if (operand.is<PipelineExpression>()) return operand.take<PipelineExpression>();
  Pipeline pipeline;
  pipeline.where = operand.where;
  PipelineElement element;
  element.where = operand.where;
  if (operand.is<SpansetExpression>()) {
    element.node = operand.take<SpansetExpression>();
  } else {
    element.node = operand.take<ScalarFilter>();
  }
  pipeline.elements.push_back(std::move(element));
  return PipelineExpression{std::move(pipeline), operand.where};
}

}  // namespace clew::traceql
