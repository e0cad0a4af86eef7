// The parser behind parse(): recursive descent, precedence climbing for operators. One object parses one text.
//
// Levels are infix.h's. Outside braces `-` before a number belongs to the number.
//
// Chapters: parser.cc (cursor, literals, query, hints), parse_field.cc, parse_pipeline.cc, parse_metrics.cc.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "traceql/infix.h"
#include "traceql/lexer.h"
#include "traceql/query.h"

namespace clew::traceql {

template <typename T>
using Parsed = std::expected<T, Diagnostic>;

class Parser {
 public:
  Parser(std::string_view text, const ParseLimits& limits) : text_(text), limits_(limits), lexer_(text) {
    current_ = lexer_.next();
  }

  Parsed<Query> query();

 private:
  // Outside { }, one operator table serves spansets, pipelines, scalars and metrics: `(` alone does not tell which one
  // follows. What an operator may join is decided when both sides are known.
  struct Operand {
    std::variant<SpansetExpression, ScalarExpression, ScalarFilter, PipelineExpression, MetricsExpression> node;
    SourceRange where;
    bool wrapped = false;  // in parentheses

    template <typename T>
    bool is() const {
      return std::holds_alternative<T>(node);
    }
    template <typename T>
    T take() {
      return std::get<T>(std::move(node));
    }
  };
  struct Infix {
    TokenKind kind;
    SourceRange where;
  };

  // Holds one level of nesting; false when the limit is reached.
  class Nested {
   public:
    explicit Nested(Parser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Nested() { --parser_.nesting_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    explicit operator bool() const { return parser_.nesting_ <= parser_.limits_.nesting; }

   private:
    Parser& parser_;
  };

  // parser.cc
  const Token& peek() const { return current_; }
  bool at(TokenKind kind) const { return current_.kind == kind; }
  bool at_word(std::string_view word) const { return at(TokenKind::word) && current_.text == word; }
  Token take();
  bool accept(TokenKind kind);
  Parsed<Token> expect(TokenKind kind, std::string_view expected);
  SourceRange since(uint32_t begin) const { return {begin, last_end_}; }
  std::string shown(SourceRange where) const;
  std::string shown_current() const;
  std::unexpected<Diagnostic> fail(SourceRange where, std::string what, std::string hint = {}) const;
  // At the current token; its own message if it is an error of the lexer.
  std::unexpected<Diagnostic> unexpected(std::string_view expected, std::string hint = {}) const;
  std::unexpected<Diagnostic> too_deep() const;
  std::unexpected<Diagnostic> too_high(SourceRange where) const;
  // The height of a node above these; 0 when over the limit.
  uint16_t height_above(uint16_t left, uint16_t right = 0) const;
  // Nothing taken when the current token is no literal.
  std::optional<Literal> accept_literal();
  Parsed<Literal> signed_number(std::string_view expected);
  Parsed<Query> finish(Operand&& body);
  Parsed<Query> hints(Query&& query);
  Parsed<Hint> hint();
  std::unexpected<Diagnostic> trailing() const;

  // parse_field.cc
  Parsed<FieldExpression> field(int level);
  Parsed<FieldExpression> field_operand();
  Parsed<FieldExpression> field_prefix();
  Parsed<FieldExpression> field_word();
  Parsed<FieldExpression> join(const Infix& infix, FieldExpression&& left, FieldExpression&& right);
  Parsed<SpansetFilter> filter_body();
  Parsed<Attribute> attribute();
  Parsed<FieldExpression> parenthesised_field();
  Parsed<std::vector<FieldExpression>> field_list();

  // parse_pipeline.cc
  Parsed<Operand> pipeline(bool inside);
  Parsed<Operand> lone(Operand&& operand);
  Parsed<Operand> scalar_pipeline(Pipeline&& pipeline, Operand&& last, bool inside);
  std::unexpected<Diagnostic> misplaced(const Operand& operand, bool first, bool inside) const;
  Parsed<PipelineElement> stage(bool first);
  Parsed<Operand> expression(int level);
  Parsed<Operand> operand();
  Parsed<Operand> filter_operand();
  Parsed<Operand> wrapped_operand();
  Parsed<Operand> aggregate();
  Parsed<Operand> combine(const Infix& infix, Operand&& left, Operand&& right);
  Parsed<Operand> combine_spansets(const Infix& infix, Operand&& left, Operand&& right);
  Parsed<Operand> combine_scalars(const Infix& infix, Operand&& left, Operand&& right);
  std::unexpected<Diagnostic> cannot_combine(const Infix& infix, const Operand& left, const Operand& right) const;
  static PipelineExpression to_pipeline(Operand&& operand);

  // parse_metrics.cc
  Parsed<Operand> metrics_query(Pipeline&& pipeline);
  Parsed<MetricsStage> metrics_stage();
  Parsed<Compare> compare_arguments();
  Parsed<std::vector<Attribute>> labels();
  Parsed<std::vector<SecondStage>> second_stages();
  Parsed<SecondStage> ranking();
  Parsed<SecondStage> threshold();
  Parsed<Operand> combine_metrics(const Infix& infix, Operand&& left, Operand&& right);
  Parsed<MetricsExpression> to_metrics(const Infix& infix, Operand&& operand);

  std::string_view text_;
  ParseLimits limits_;
  Lexer lexer_;
  Token current_;
  uint32_t last_end_ = 0;
  int nesting_ = 0;
};

}  // namespace clew::traceql
