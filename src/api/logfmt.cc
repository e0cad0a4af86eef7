#include "api/logfmt.h"

#include <fmt/format.h>

#include "base/hex.h"

namespace clew::api {
namespace {

bool is_space(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

void append_utf8(std::string& out, unsigned point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0 | point >> 6));
    out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xe0 | point >> 12));
    out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<std::pair<std::string, std::string>>> read() {
    std::vector<std::pair<std::string, std::string>> out;
    while (true) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (at_ == text_.size()) return out;
      std::string key = bare("=\"");
      if (key.empty()) return broken("a key is expected");
      std::string value;
      if (at_ < text_.size() && text_[at_] == '=') {
        ++at_;
        if (at_ < text_.size() && text_[at_] == '"') {
          ASSIGN_OR_RETURN(value, quoted());
        } else {
          value = bare("=\"");
        }
      }
      if (at_ < text_.size() && !is_space(text_[at_])) return broken(fmt::format("unexpected '{}'", text_[at_]));
      out.emplace_back(std::move(key), std::move(value));
    }
  }

 private:
  std::string bare(std::string_view stops) {
    size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_]) && stops.find(text_[at_]) == std::string_view::npos) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<std::string> quoted() {
    size_t begin = at_++;
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      if (at_ == text_.size()) break;
      TRY(escape(out));
    }
    if (at_ >= text_.size()) {
      at_ = begin;
      return broken("the quotes are not closed");
    }
    ++at_;
    return out;
  }

  Status escape(std::string& out) {
    switch (text_[at_++]) {
      case '"': out.push_back('"'); return {};
      case '\\': out.push_back('\\'); return {};
      case '/': out.push_back('/'); return {};
      case 'n': out.push_back('\n'); return {};
      case 'r': out.push_back('\r'); return {};
      case 't': out.push_back('\t'); return {};
      case 'u': {
        constexpr size_t kDigits = 4;
        unsigned point = 0;
        for (size_t i = 0; i < kDigits; ++i, ++at_) {
          int digit = at_ < text_.size() ? hex_digit(text_[at_]) : -1;
          if (digit < 0) return broken("four hex digits are expected after \\u");
          point = point << 4 | static_cast<unsigned>(digit);
        }
        append_utf8(out, point);
        return {};
      }
      default: --at_; return broken(fmt::format("unknown escape '\\{}'", text_[at_]));
    }
  }

  std::unexpected<Error> broken(std::string_view what) const {
    return invalid(
        fmt::format("invalid tags: {} at position {} (the form is: key=value key2=\"value 2\")", what, at_ + 1));
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_logfmt(std::string_view text) {
  return Reader(text).read();
}

}  // namespace clew::api
