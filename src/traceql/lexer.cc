#include "traceql/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "traceql/characters.h"
#include "traceql/duration.h"
#include "traceql/literal_text.h"
#include "traceql/names.h"

namespace clew::traceql {
namespace {

struct Punctuation {
  std::string_view text;
  TokenKind kind;
};
// Longest first: the first that fits is taken.
constexpr std::array kPunctuation = {
    Punctuation{"!>>", TokenKind::not_descendant},
    Punctuation{"!<<", TokenKind::not_ancestor},
    Punctuation{"&>>", TokenKind::both_descendant},
    Punctuation{"&<<", TokenKind::both_ancestor},
    Punctuation{"&&", TokenKind::and_and},
    Punctuation{"||", TokenKind::or_or},
    Punctuation{"=~", TokenKind::regex_match},
    Punctuation{"!=", TokenKind::not_equal},
    Punctuation{"!~", TokenKind::not_tilde},
    Punctuation{"<=", TokenKind::less_equal},
    Punctuation{">=", TokenKind::greater_equal},
    Punctuation{">>", TokenKind::descendant},
    Punctuation{"<<", TokenKind::ancestor},
    Punctuation{"!>", TokenKind::not_child},
    Punctuation{"!<", TokenKind::not_parent},
    Punctuation{"&>", TokenKind::both_child},
    Punctuation{"&<", TokenKind::both_parent},
    Punctuation{"&~", TokenKind::both_sibling},
    Punctuation{"{", TokenKind::open_brace},
    Punctuation{"}", TokenKind::close_brace},
    Punctuation{"(", TokenKind::open_paren},
    Punctuation{")", TokenKind::close_paren},
    Punctuation{",", TokenKind::comma},
    Punctuation{"|", TokenKind::pipe},
    Punctuation{"!", TokenKind::not_},
    Punctuation{"=", TokenKind::equal},
    Punctuation{"<", TokenKind::less},
    Punctuation{">", TokenKind::greater},
    Punctuation{"~", TokenKind::tilde},
    Punctuation{"+", TokenKind::plus},
    Punctuation{"-", TokenKind::minus},
    Punctuation{"*", TokenKind::star},
    Punctuation{"/", TokenKind::slash},
    Punctuation{"%", TokenKind::percent},
    Punctuation{"^", TokenKind::caret},
};

// Letters and digits that may continue a number into a duration. Both micro signs are two bytes, 0xc2b5 and 0xcebc.
size_t duration_length(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    if (is_digit(text[i]) || std::string_view("numshdwy.").contains(text[i])) {
      ++i;
    } else if (text.substr(i).starts_with("\u00b5") || text.substr(i).starts_with("\u03bc")) {
      i += 2;
    } else {
      break;
    }
  }
  return i;
}

}  // namespace

Token Lexer::token(TokenKind kind, size_t begin) const {
  Token made;
  made.kind = kind;
  made.where = {static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
  return made;
}

Token Lexer::error(size_t begin, size_t end, std::string what, std::string hint) const {
  Token made;
  made.kind = TokenKind::error;
  made.where = {static_cast<uint32_t>(begin), static_cast<uint32_t>(std::min(end, text_.size()))};
  made.text = std::move(what);
  made.hint = std::move(hint);
  return made;
}

Token Lexer::next() {
  Token found;
  if (stopped_ || !skip_blank(found)) {
    // skip_blank has left its error
  } else if (at_ >= text_.size()) {
    found = token(TokenKind::end, at_);
  } else if (char c = text_[at_]; is_digit(c) || (c == '.' && is_digit(at(at_ + 1)))) {
    found = number();
  } else if (c == '.') {
    found = attribute(static_cast<uint32_t>(at_), at_ + 1, {});
  } else if (c == '"') {
    found = quoted_string();
  } else if (c == '`') {
    found = raw_string();
  } else if (is_word_start(c) && !is_space(first_character(text_.substr(at_)).code_point)) {
    found = word_or_scope();
  } else {
    found = punctuation();
  }
  if (stopped_) found = token(TokenKind::end, text_.size());
  stopped_ = stopped_ || found.kind == TokenKind::error;
  return found;
}

bool Lexer::skip_blank(Token& failure) {
  while (at_ < text_.size()) {
    if (std::string_view(" \t\r\n").contains(text_[at_])) {
      ++at_;
    } else if (text_.substr(at_).starts_with("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (text_.substr(at_).starts_with("/*")) {
      size_t end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) {
        failure = error(at_, at_ + 2, "comment is not closed", "end it with */");
        return false;
      }
      at_ = end + 2;
    } else {
      break;
    }
  }
  return true;
}

Token Lexer::word_or_scope() {
  size_t begin = at_;
  while (is_word(at(at_)) && !is_space(first_character(text_.substr(at_)).code_point)) {
    at_ += first_character(text_.substr(at_)).bytes;
  }
  std::string_view word = text_.substr(begin, at_ - begin);
  auto scope = attribute_scope(word);
  if (at(at_) == '.' && (scope || word == "parent")) {
    Attribute found;
    found.scope = scope;
    size_t name_at = at_ + 1;
    if (word == "parent") {
      found.of_parent = true;
      for (Scope inner : {Scope::span, Scope::resource}) {
        std::string_view rest = text_.substr(name_at);
        if (!rest.starts_with(name_of(inner)) || !rest.substr(name_of(inner).size()).starts_with('.')) continue;
        found.scope = inner;
        name_at += name_of(inner).size() + 1;
        break;
      }
    }
    return attribute(static_cast<uint32_t>(begin), name_at, std::move(found));
  }
  if (at(at_) == ':' && has_intrinsics(word)) return scoped_intrinsic(static_cast<uint32_t>(begin), word);
  if (word == "minInt" || word == "maxInt") {
    Token found = token(TokenKind::integer, begin);
    found.integer = word == "minInt" ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
    return found;
  }
  if (at(at_) == '.' || at(at_) == ':') return unknown_scope(begin, word);
  Token found = token(TokenKind::word, begin);
  found.text = word;
  return found;
}

Token Lexer::unknown_scope(size_t begin, std::string_view word) const {
  size_t end = at_ + 1;
  while (end < text_.size() && !ends_attribute_name(text_[end]) && static_cast<unsigned char>(text_[end]) > 0x20) ++end;
  std::string_view rest = text_.substr(at_, end - at_);
  std::string_view near = nearest_scope(word);
  if (near == word && rest.starts_with('.')) {
    return error(begin, end, fmt::format("{} has no attributes", word),
                 fmt::format("it has the intrinsics {}", intrinsics_of(word)));
  }
  if (near == word) {
    return error(begin, end, fmt::format("{} has no intrinsics", word), fmt::format("its attributes are {}.…", word));
  }
  if (!near.empty()) {
    return error(begin, end, fmt::format("unknown scope {}", word), fmt::format("did you mean {}{}?", near, rest));
  }
  if (rest.starts_with('.')) {
    return error(begin, end, fmt::format("unknown scope {}", word),
                 fmt::format("an attribute needs a scope: .{0}{1}, span.{0}{1} or resource.{0}{1}", word, rest));
  }
  return error(begin, end, fmt::format("unknown scope {}", word),
               "intrinsics have the scopes span:, trace:, event:, link: and instrumentation:");
}

Token Lexer::attribute(uint32_t begin, size_t name_at, Attribute found) {
  at_ = name_at;
  Token result;
  if (!attribute_name(found.name, result)) return result;
  if (found.name.empty()) {
    return error(begin, at_ > begin ? at_ : begin + 1, "attribute without a name",
                 "the name follows the point at once, as in span.http.method");
  }
  result = token(TokenKind::attribute, begin);
  found.where = result.where;
  result.attribute = std::move(found);
  return result;
}

bool Lexer::attribute_name(std::string& name, Token& failure) {
  while (at_ < text_.size()) {
    if (text_[at_] == '"') {
      if (!quoted_piece(name, failure)) return false;
      continue;
    }
    Character c = first_character(text_.substr(at_));
    if (is_space(c.code_point) || ends_attribute_name(text_[at_])) break;
    name.append(text_, at_, c.bytes);
    at_ += c.bytes;
  }
  return true;
}

bool Lexer::quoted_piece(std::string& name, Token& failure) {
  size_t begin = at_++;
  for (; at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (c == '\\') {
      c = at(++at_);
      if (c != '"' && c != '\\') {
        failure = error(at_ - 1, at_ + 1, "unknown escape in a quoted attribute name", "only \\\" and \\\\ are known");
        return false;
      }
    }
    name += c;
  }
  failure = error(begin, text_.size(), "quoted attribute name is not closed", "end it with \"");
  return false;
}

Token Lexer::scoped_intrinsic(uint32_t begin, std::string_view scope) {
  ++at_;  // the colon
  Token failure;
  if (!skip_blank(failure)) return failure;
  size_t word_at = at_;
  while (is_word(at(at_))) ++at_;
  std::string_view word = text_.substr(word_at, at_ - word_at);
  auto intrinsic = traceql::scoped_intrinsic(scope, word);
  if (!intrinsic) {
    std::string_view near = nearest_scoped_word(scope, word);
    std::string known = intrinsics_of(scope);
    return error(begin, at_, fmt::format("unknown intrinsic {}:{}", scope, word),
                 near.empty() ? fmt::format("known are {}", known)
                              : fmt::format("did you mean {}:{}? known are {}", scope, near, known));
  }
  Token found = token(TokenKind::attribute, begin);
  found.attribute.intrinsic = *intrinsic;
  found.attribute.where = found.where;
  return found;
}

Token Lexer::number() {
  size_t begin = at_;
  NumberText digits = take_number(text_.substr(begin));
  at_ += digits.text.size();
  if (size_t more = duration_length(text_.substr(at_)); more > 0) {
    if (auto ns = parse_duration(text_.substr(begin, at_ + more - begin))) {
      at_ += more;
      Token found = token(TokenKind::duration, begin);
      found.integer = *ns;
      return found;
    }
  }
  Token found = token(digits.real ? TokenKind::real : TokenKind::integer, begin);
  auto integer = digits.real ? std::nullopt : parse_integer(digits.text);
  auto real = digits.real ? parse_real(digits.text) : std::nullopt;
  if (!integer && !real) {
    return error(begin, at_, fmt::format("{} is not a number that fits", digits.text),
                 "integers have 64 bits (minInt and maxInt are their ends); durations look like 1h30m or 1.5ms");
  }
  found.integer = integer.value_or(0);
  found.real = real.value_or(0);
  return found;
}

Token Lexer::quoted_string() {
  size_t begin = at_++;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2 : 1;
  if (at(at_) != '"') {
    return error(begin, std::min(text_.find('\n', begin), text_.size()), "string is not closed",
                 "end it with \"; a line break inside is written \\n, or use `back quotes`");
  }
  ++at_;
  auto content = unescape(text_.substr(begin + 1, at_ - begin - 2));
  if (!content) {
    return error(begin + 1 + content.error().begin, begin + 1 + content.error().end, content.error().what,
                 "write \\\\ for a backslash, or use `back quotes`, where nothing is escaped");
  }
  Token found = token(TokenKind::string, begin);
  found.text = std::move(*content);
  return found;
}

Token Lexer::raw_string() {
  size_t begin = at_;
  size_t end = text_.find('`', begin + 1);
  if (end == std::string_view::npos) return error(begin, text_.size(), "string is not closed", "end it with `");
  at_ = end + 1;
  Token found = token(TokenKind::string, begin);
  found.text = text_.substr(begin + 1, end - begin - 1);
  std::erase(found.text, '\r');  // Go's rule
  return found;
}

Token Lexer::punctuation() {
  size_t begin = at_;
  for (const Punctuation& known : kPunctuation) {
    if (!text_.substr(at_).starts_with(known.text)) continue;
    at_ += known.text.size();
    return token(known.kind, begin);
  }
  return strange_character();
}

Token Lexer::strange_character() {
  Character c = first_character(text_.substr(at_));
  std::string_view shown = text_.substr(at_, c.bytes);
  if (shown == "'") {
    return error(at_, at_ + 1, "single quotes are not known", "strings are written \"…\" or `…`");
  }
  if (shown == "&") return error(at_, at_ + 1, "unexpected &", "\"and\" is written &&");
  if (shown == "[") {
    return error(at_, at_ + 1, "unexpected [", "there are no lists; write .a = \"x\" || .a = \"y\", or a regex");
  }
  if (is_space(c.code_point)) {
    return error(at_, at_ + c.bytes, fmt::format("unexpected character U+{:04X}", c.code_point),
                 "it looks like a space but is none; type a plain one");
  }
  bool visible = c.code_point > 0x20 && c.code_point != 0x7f;
  return error(
      at_, at_ + c.bytes,
      visible ? fmt::format("unexpected {}", shown) : fmt::format("unexpected character U+{:04X}", c.code_point));
}

bool is_plain_attribute_name(std::string_view name) {
  for (size_t i = 0; i < name.size();) {
    Character c = first_character(name.substr(i));
    if (is_space(c.code_point) || ends_attribute_name(name[i]) || name[i] == '"') return false;
    i += c.bytes;
  }
  return !name.empty();
}

}  // namespace clew::traceql
