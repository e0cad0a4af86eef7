#include "traceql/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "traceql/characters.h"
#include "traceql/names.h"
#include "traceql/refusals.h"

namespace clew::traceql {
namespace {

constexpr size_t kShownBytes = 40;

Literal make_number(const Token& token) {
  if (token.kind == TokenKind::real) return {Type::real, token.real, token.where};
  return {token.kind == TokenKind::duration ? Type::duration : Type::integer, token.integer, token.where};
}

// Precondition: text is not well-formed UTF-8.
uint32_t first_ill_formed(std::string_view text) {
  size_t offset = 0;
  while (offset < text.size()) {
    std::string_view next = text.substr(offset, first_character(text.substr(offset)).bytes);
    if (!is_utf8(next)) break;
    offset += next.size();
  }
  return static_cast<uint32_t>(offset);
}

}  // namespace

std::expected<Query, Diagnostic> parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.text_bytes) {
    count_refusal("query_text");
    return std::unexpected(make_diagnostic(Verdict::parse_error, text.substr(0, 0), {},
                                           fmt::format("the query has {} bytes", text.size()),
                                           fmt::format("at most {} are allowed", limits.text_bytes)));
  }
  if (!is_utf8(text)) {
    uint32_t offset = first_ill_formed(text);
    return std::unexpected(make_diagnostic(Verdict::parse_error, text, {offset, offset + 1},
                                           "the query is not valid UTF-8 here", "write other bytes as \\xhh"));
  }
  return Parser(text, limits).query();
}

Token Parser::take() {
  last_end_ = current_.where.end;
  return std::exchange(current_, lexer_.next());
}

bool Parser::accept(TokenKind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

Parsed<Token> Parser::expect(TokenKind kind, std::string_view expected) {
  if (!at(kind)) return unexpected(expected);
  return take();
}

std::string Parser::shown(SourceRange where) const {
  std::string_view source = text_.substr(where.begin, where.end - where.begin);
  if (source.size() <= kShownBytes) return std::string(source);
  size_t end = kShownBytes;
  while ((static_cast<unsigned char>(source[end]) & 0xc0) == 0x80) --end;
  return std::string(source.substr(0, end)) + "…";
}

std::string Parser::shown_current() const {
  return at(TokenKind::end) ? "end of query" : shown(current_.where);
}

std::unexpected<Diagnostic> Parser::fail(SourceRange where, std::string what, std::string hint) const {
  return std::unexpected(make_diagnostic(Verdict::parse_error, text_, where, std::move(what), std::move(hint)));
}

std::unexpected<Diagnostic> Parser::unexpected(std::string_view expected, std::string hint) const {
  if (at(TokenKind::error)) return fail(current_.where, current_.text, current_.hint);
  return fail(current_.where, fmt::format("unexpected {}, expected {}", shown_current(), expected), std::move(hint));
}

std::unexpected<Diagnostic> Parser::too_deep() const {
  count_refusal("nesting");
  return fail(current_.where, fmt::format("nested deeper than {} levels", limits_.nesting));
}

std::unexpected<Diagnostic> Parser::too_high(SourceRange where) const {
  count_refusal("operator_chain");
  return fail(where, fmt::format("more than {} operators in one chain", limits_.tree_height));
}

uint16_t Parser::height_above(uint16_t left, uint16_t right) const {
  uint16_t below = std::max(left, right);
  return below >= limits_.tree_height ? uint16_t{0} : static_cast<uint16_t>(below + 1);
}

std::optional<Literal> Parser::accept_literal() {
  switch (peek().kind) {
    case TokenKind::integer:
    case TokenKind::real:
    case TokenKind::duration: return make_number(take());
    case TokenKind::string: {
      Token token = take();
      return Literal{Type::string, std::move(token.text), token.where};
    }
    case TokenKind::word: {
      auto literal = literal_word(peek().text);
      if (literal) literal->where = take().where;
      return literal;
    }
    default: return std::nullopt;
  }
}

Parsed<Literal> Parser::signed_number(std::string_view expected) {
  uint32_t begin = peek().where.begin;
  bool negative = accept(TokenKind::minus);
  if (!at(TokenKind::integer) && !at(TokenKind::real) && !at(TokenKind::duration)) return unexpected(expected);
  Literal literal = make_number(take());
  if (!negative) return literal;
  if (literal.is_negative()) return fail(since(begin), "-minInt does not fit 64 bits");
  literal.where = since(begin);
  if (literal.type == Type::real) {
    literal.value = -literal.as_real();
  } else {
    literal.value = -literal.as_int();
  }
  return literal;
}

Parsed<Query> Parser::query() {
  if (at(TokenKind::end)) return unexpected("a query such as { }");
  ASSIGN_OR_RETURN(Operand body, pipeline(false));
  return finish(std::move(body));
}

Parsed<Query> Parser::finish(Operand&& body) {
  Query query;
  query.text = text_;
  if (body.is<MetricsExpression>()) {
    query.body = body.take<MetricsExpression>();
  } else if (body.is<ScalarExpression>()) {
    return fail(peek().where, fmt::format("unexpected {}, expected a comparison", shown_current()),
                "an aggregate filters spansets: count() > 2");
  } else {
    query.body = to_pipeline(std::move(body));
  }
  return hints(std::move(query));
}

Parsed<Query> Parser::hints(Query&& query) {
  while (at_word("with")) {
    take();
    TRY(expect(TokenKind::open_paren, "( after with"));
    do {
      ASSIGN_OR_RETURN(Hint next, hint());
      query.hints.push_back(std::move(next));
    } while (accept(TokenKind::comma));
    TRY(expect(TokenKind::close_paren, ", or )"));
  }
  if (!at(TokenKind::end)) return trailing();
  return std::move(query);
}

Parsed<Hint> Parser::hint() {
  ASSIGN_OR_RETURN(Token name, expect(TokenKind::word, "the name of a hint, as in with(most_recent=true)"));
  TRY(expect(TokenKind::equal, "= and a value"));
  auto value = accept_literal();
  if (!value) {
    if (!at(TokenKind::minus)) return unexpected("a literal");
    ASSIGN_OR_RETURN(value, signed_number("a number"));
  }
  return Hint{std::move(name.text), std::move(*value), since(name.where.begin)};
}

std::unexpected<Diagnostic> Parser::trailing() const {
  if (at(TokenKind::word)) {
    if (peek().text == "and" || peek().text == "AND") return unexpected("an operator or |", "\"and\" is written &&");
    if (peek().text == "or" || peek().text == "OR") return unexpected("an operator or |", "\"or\" is written ||");
    if (peek().text == "by") return unexpected("an operator or |", "grouping is a stage: | by(…)");
  }
  if (at(TokenKind::open_brace)) {
    return unexpected("an operator or |", "join spansets with &&, ||, >, >>, <, <<, ~ or |");
  }
  if (at(TokenKind::not_)) return unexpected("an operator or |", "\"not\" forms are !>, !>>, !<, !<<, !~");
  return unexpected("an operator, | or the end of the query");
}

}  // namespace clew::traceql
