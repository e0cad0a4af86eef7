// Text to tokens, one at a time.
//
// Two rules differ from most languages. After `.` or a scope an attribute name runs until white space or one of
// { } ( ) = ~ ! < > & | ^ , and so swallows + - * / . : (quoted pieces may hold anything). A number followed by letters
// is tried as a duration first. White space and comments (// and /* */) are free between tokens.
#pragma once

#include <string>
#include <string_view>

#include "traceql/token.h"

namespace clew::traceql {

class Lexer {
 public:
  // Precondition: text is UTF-8, outlives the lexer, and is shorter than 4 GiB.
  explicit Lexer(std::string_view text) : text_(text) {}

  // After an error or the end: `end`, for ever.
  Token next();

 private:
  bool skip_blank(Token& error);
  Token word_or_scope();
  Token unknown_scope(size_t begin, std::string_view word) const;
  Token attribute(uint32_t begin, size_t name_at, Attribute attribute);
  bool attribute_name(std::string& name, Token& error);
  bool quoted_piece(std::string& name, Token& error);
  Token scoped_intrinsic(uint32_t begin, std::string_view scope);
  Token number();
  Token quoted_string();
  Token raw_string();
  Token punctuation();
  Token strange_character();

  char at(size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  Token token(TokenKind kind, size_t begin) const;
  Token error(size_t begin, size_t end, std::string what, std::string hint = {}) const;

  std::string_view text_;
  size_t at_ = 0;
  bool stopped_ = false;
};

// Whether `name` needs quotes when printed after `.` or a scope.
bool is_plain_attribute_name(std::string_view name);

}  // namespace clew::traceql
