// One token of a query.
#pragma once

#include <cstdint>
#include <string>

#include "traceql/ast.h"

namespace clew::traceql {

enum class TokenKind : uint8_t {
  end,
  error,      // text: what is wrong; hint
  word,       // text: names, functions, literals such as `ok`; the parser knows which
  attribute,  // attribute: span.x, .x, parent.x, and scoped intrinsics such as span:name
  string,     // text: the decoded content
  integer,    // integer
  real,       // real
  duration,   // integer: nanoseconds
  open_brace,
  close_brace,
  open_paren,
  close_paren,
  comma,
  pipe,
  not_,           // !
  and_and,        // &&
  or_or,          // ||
  equal,          // =
  not_equal,      // !=
  less,           // <  child, parent …: comparison or structure
  less_equal,     // <=
  greater,        // >
  greater_equal,  // >=
  regex_match,    // =~
  not_tilde,      // !~ regex or "not sibling"
  tilde,          // ~
  descendant,     // >>
  ancestor,       // <<
  not_child,      // !>
  not_descendant,
  not_parent,  // !<
  not_ancestor,
  both_child,  // &>
  both_descendant,
  both_parent,  // &<
  both_ancestor,
  both_sibling,  // &~
  plus,
  minus,
  star,
  slash,
  percent,
  caret,
};

struct Token {
  TokenKind kind = TokenKind::end;
  SourceRange where;
  std::string text;
  std::string hint;
  int64_t integer = 0;
  double real = 0;
  Attribute attribute;
};

}  // namespace clew::traceql
