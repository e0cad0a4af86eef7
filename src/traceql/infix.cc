#include "traceql/infix.h"

#include <array>

namespace clew::traceql {
namespace {

struct InfixRow {
  TokenKind kind;
  int level;
  Operator op;                // of comparisons and arithmetic
  SpansetOperator structure;  // of the others
  bool structural;
};

constexpr SpansetOperator kNoStructure{};
constexpr InfixRow plain(TokenKind kind, int level, Operator op) {
  return {kind, level, op, kNoStructure, false};
}
constexpr InfixRow structural(TokenKind kind, Combination combination, Relation relation,
                              Operator op = Operator::equal) {
  return {kind, kComparison, op, {combination, relation}, true};
}

constexpr std::array kInfixRows = {
    InfixRow{TokenKind::and_and, kJunction, Operator::equal, {Combination::all_of, Relation::none}, false},
    InfixRow{TokenKind::or_or, kJunction, Operator::equal, {Combination::any_of, Relation::none}, false},
    plain(TokenKind::equal, kComparison, Operator::equal),
    plain(TokenKind::not_equal, kComparison, Operator::not_equal),
    plain(TokenKind::less_equal, kComparison, Operator::less_equal),
    plain(TokenKind::greater_equal, kComparison, Operator::greater_equal),
    plain(TokenKind::regex_match, kComparison, Operator::regex_match),
    plain(TokenKind::plus, kSum, Operator::add),
    plain(TokenKind::minus, kSum, Operator::subtract),
    plain(TokenKind::star, kProduct, Operator::multiply),
    plain(TokenKind::slash, kProduct, Operator::divide),
    plain(TokenKind::percent, kProduct, Operator::modulo),
    plain(TokenKind::caret, kPower, Operator::power),
    structural(TokenKind::greater, Combination::related, Relation::child, Operator::greater),
    structural(TokenKind::less, Combination::related, Relation::parent, Operator::less),
    structural(TokenKind::not_tilde, Combination::not_related, Relation::sibling, Operator::regex_mismatch),
    structural(TokenKind::descendant, Combination::related, Relation::descendant),
    structural(TokenKind::ancestor, Combination::related, Relation::ancestor),
    structural(TokenKind::tilde, Combination::related, Relation::sibling),
    structural(TokenKind::not_child, Combination::not_related, Relation::child),
    structural(TokenKind::not_descendant, Combination::not_related, Relation::descendant),
    structural(TokenKind::not_parent, Combination::not_related, Relation::parent),
    structural(TokenKind::not_ancestor, Combination::not_related, Relation::ancestor),
    structural(TokenKind::both_child, Combination::both_related, Relation::child),
    structural(TokenKind::both_descendant, Combination::both_related, Relation::descendant),
    structural(TokenKind::both_parent, Combination::both_related, Relation::parent),
    structural(TokenKind::both_ancestor, Combination::both_related, Relation::ancestor),
    structural(TokenKind::both_sibling, Combination::both_related, Relation::sibling),
};

const InfixRow* row_of(TokenKind kind) {
  for (const InfixRow& row : kInfixRows) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

}  // namespace

int level_of(TokenKind kind) {
  const InfixRow* row = row_of(kind);
  return row ? row->level : kNoOperator;
}
Operator operator_of(TokenKind kind) {
  return row_of(kind)->op;
}
SpansetOperator spanset_operator_of(TokenKind kind) {
  return row_of(kind)->structure;
}
bool is_structural(TokenKind kind) {
  const InfixRow* row = row_of(kind);
  return row && row->structural;
}
bool is_comparison(TokenKind kind) {
  return kind == TokenKind::less || kind == TokenKind::greater ||
         (level_of(kind) == kComparison && !is_structural(kind));
}

}  // namespace clew::traceql
