#include <fmt/format.h>

#include "traceql/names.h"
#include "traceql/parser.h"

namespace clew::traceql {
namespace {

int field_level_of(TokenKind kind) {
  if (kind == TokenKind::not_tilde) return kComparison;  // "not regex" here
  return is_structural(kind) && !is_comparison(kind) ? kNoOperator : level_of(kind);
}

}  // namespace

Parsed<SpansetFilter> Parser::filter_body() {
  TRY(expect(TokenKind::open_brace, "{"));
  if (accept(TokenKind::close_brace)) return SpansetFilter{};
  ASSIGN_OR_RETURN(FieldExpression condition, field(kJunction));
  if (is_structural(peek().kind)) {
    return unexpected("an operator or }", fmt::format("{} stands between spansets: {{ … }} {} {{ … }}",
                                                      shown(peek().where), shown(peek().where)));
  }
  if (at(TokenKind::pipe)) return unexpected("an operator or }", "\"or\" is written ||; close the filter before a |");
  if (at(TokenKind::equal)) return unexpected("a value", "equality is a single =");
  if (at_word("and") || at_word("AND")) return unexpected("an operator or }", "\"and\" is written &&");
  if (at_word("or") || at_word("OR")) return unexpected("an operator or }", "\"or\" is written ||");
  if (at_word("in") || at_word("IN")) {
    return unexpected("an operator or }", "there are no lists; write .a = \"x\" || .a = \"y\", or a regex");
  }
  TRY(expect(TokenKind::close_brace, "an operator or }"));
  return SpansetFilter{std::make_unique<FieldExpression>(std::move(condition))};
}

Parsed<FieldExpression> Parser::field(int level) {
  Nested nested(*this);
  if (!nested) return too_deep();
  ASSIGN_OR_RETURN(FieldExpression left, field_operand());
  for (int next = field_level_of(peek().kind); next != kNoOperator && next >= level;
       next = field_level_of(peek().kind)) {
    Token op = take();
    ASSIGN_OR_RETURN(FieldExpression right, field(next == kPower ? kPower : next + 1));
    auto joined = join({op.kind, op.where}, std::move(left), std::move(right));
    if (!joined) return joined;
    left = std::move(*joined);
  }
  return left;
}

Parsed<FieldExpression> Parser::field_operand() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::minus:
    case TokenKind::not_: return field_prefix();
    case TokenKind::open_paren: {
      uint32_t begin = token.where.begin;
      take();
      ASSIGN_OR_RETURN(FieldExpression inner, field(kJunction));
      TRY(expect(TokenKind::close_paren, "an operator or )"));
      inner.where = since(begin);
      return inner;
    }
    case TokenKind::attribute: {
      Token taken = take();
      return FieldExpression{std::move(taken.attribute), taken.where};
    }
    case TokenKind::equal: return unexpected("a value", "equality is a single =");
    default: break;
  }
  auto literal = accept_literal();
  if (!literal) return field_word();
  SourceRange where = literal->where;
  return FieldExpression{std::move(*literal), where};
}

Parsed<FieldExpression> Parser::field_prefix() {
  Token op = take();
  bool minus = op.kind == TokenKind::minus;
  // Prefix minus takes what binds tighter than a sum: -a*b is -(a*b).
  ASSIGN_OR_RETURN(FieldExpression operand, field(minus ? kSum + 1 : kNegation + 1));
  SourceRange where = cover(op.where, operand.where);
  if (auto* literal = std::get_if<Literal>(&operand.node);
      minus && literal && is_numeric(literal->type) && !literal->is_negative()) {
    if (literal->type == Type::real) {
      literal->value = -literal->as_real();
    } else {
      literal->value = -literal->as_int();
    }
    literal->where = operand.where = where;
    return operand;
  }
  uint16_t height = height_above(operand.height);
  if (height == 0) return too_high(where);
  return FieldExpression{
      Unary{minus ? Prefix::minus : Prefix::negate, std::make_unique<FieldExpression>(std::move(operand))}, where,
      height};
}

Parsed<FieldExpression> Parser::field_word() {
  constexpr std::string_view kExpected = "an attribute, an intrinsic or a literal";
  if (!at(TokenKind::word)) return unexpected(kExpected);
  const std::string& word = peek().text;
  if (auto intrinsic = unscoped_intrinsic(word)) {
    FieldExpression found;
    found.where = take().where;
    found.node = Attribute{*intrinsic, false, std::nullopt, {}, found.where};
    return found;
  }
  if (word == "not" || word == "NOT") return unexpected(kExpected, "\"not\" is written !(…)");
  if (attribute_scope(word) || has_intrinsics(word)) {
    return unexpected(kExpected, attribute_scope(word) ? fmt::format("a name follows at once: {}.…", word)
                                                       : fmt::format("known are {}", intrinsics_of(word)));
  }
  std::string_view near = nearest_field_word(word);
  std::string scoped = fmt::format("an attribute needs a scope: .{0}, span.{0} or resource.{0}", word);
  return unexpected(kExpected,
                    near.empty() ? scoped + "; text needs quotes" : fmt::format("did you mean {}? {}", near, scoped));
}

Parsed<FieldExpression> Parser::join(const Infix& infix, FieldExpression&& left, FieldExpression&& right) {
  FieldExpression joined;
  joined.where = cover(left.where, right.where);
  joined.height = height_above(left.height, right.height);
  if (infix.kind == TokenKind::and_and || infix.kind == TokenKind::or_or) {
    bool conjunction = infix.kind == TokenKind::and_and;
    if (auto* run = std::get_if<Junction>(&left.node); run && run->conjunction == conjunction) {
      uint16_t height = height_above(right.height);
      if (height == 0) return too_high(infix.where);
      run->operands.push_back(std::move(right));
      left.where = joined.where;
      left.height = std::max(left.height, height);
      return std::move(left);
    }
    Junction run{conjunction, {}};
    run.operands.push_back(std::move(left));
    run.operands.push_back(std::move(right));
    joined.node = std::move(run);
  } else {
    joined.node = Binary{operator_of(infix.kind), infix.where, std::make_unique<FieldExpression>(std::move(left)),
                         std::make_unique<FieldExpression>(std::move(right))};
  }
  if (joined.height == 0) return too_high(infix.where);
  return joined;
}

Parsed<Attribute> Parser::attribute() {
  if (at(TokenKind::attribute)) return take().attribute;
  if (at(TokenKind::word)) {
    if (auto intrinsic = unscoped_intrinsic(peek().text)) {
      return Attribute{*intrinsic, false, std::nullopt, {}, take().where};
    }
  }
  std::string_view near = at(TokenKind::word) ? nearest_field_word(peek().text) : std::string_view();
  return unexpected("an attribute or an intrinsic", near.empty() ? "" : fmt::format("did you mean {}?", near));
}

Parsed<FieldExpression> Parser::parenthesised_field() {
  TRY(expect(TokenKind::open_paren, "("));
  ASSIGN_OR_RETURN(FieldExpression inner, field(kJunction));
  TRY(expect(TokenKind::close_paren, "an operator or )"));
  return inner;
}

Parsed<std::vector<FieldExpression>> Parser::field_list() {
  std::vector<FieldExpression> fields;
  TRY(expect(TokenKind::open_paren, "("));
  do {
    ASSIGN_OR_RETURN(FieldExpression next, field(kJunction));
    fields.push_back(std::move(next));
  } while (accept(TokenKind::comma));
  TRY(expect(TokenKind::close_paren, ", or )"));
  return fields;
}

}  // namespace clew::traceql
