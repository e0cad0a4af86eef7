#include "json.h"

namespace w3c {
namespace {

constexpr unsigned kMostNesting = 64;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    space();
    return at_ == text_.size();
  }
  // A string without \u escapes, which URLs and names have no use for.
  bool string(std::string& value) {
    if (!take('"')) return false;
    for (value.clear(); at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && (++at_ >= text_.size() || text_[at_] == 'u')) return false;
      value += text_[at_];
    }
    return take('"');
  }
  // Any value; its text.
  bool value(std::string& text) {
    space();
    const size_t begin = at_;
    if (!skip(0)) return false;
    text = text_.substr(begin, at_ - begin);
    return true;
  }

 private:
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool skip(unsigned depth) {
    if (depth > kMostNesting) return false;
    space();
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '"') return skip_string();
    if (text_[at_] == '[' || text_[at_] == '{') return skip_group(depth, text_[at_] == '{');
    const size_t end = text_.find_first_of(",]} \t\r\n", at_);
    const size_t begin = at_;
    at_ = end == std::string_view::npos ? text_.size() : end;
    return at_ > begin;
  }
  bool skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\';
    return take('"');
  }
  bool skip_group(unsigned depth, bool object) {
    const char close = object ? '}' : ']';
    ++at_;
    if (take(close)) return true;
    do {
      space();
      if (object && (at_ >= text_.size() || text_[at_] != '"' || !skip_string() || !take(':'))) return false;
      if (!skip(depth + 1)) return false;
    } while (take(','));
    return take(close);
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool callback_from(Reader& json, Callback& callback) {
  if (!json.take('{')) return false;
  std::string name, other;
  do {
    if (!json.string(name) || !json.take(':')) return false;
    const bool good =
        name == "url" ? json.string(callback.url) : json.value(name == "arguments" ? callback.arguments : other);
    if (!good) return false;
  } while (json.take(','));
  return json.take('}') && !callback.url.empty();
}

}  // namespace

bool callbacks_from(std::string_view text, std::vector<Callback>& callbacks) {
  Reader json(text);
  if (!json.take('[')) return false;
  if (json.take(']')) return json.at_end();
  do {
    if (!callback_from(json, callbacks.emplace_back())) return false;
  } while (json.take(','));
  return json.take(']') && json.at_end();
}

}  // namespace w3c
