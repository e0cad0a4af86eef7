// Goes through a header's value, with places for what is wrong.
#pragma once

#include "cli/context/explained_header.h"

namespace clew::cli {

struct Part {
  size_t at = 0;
  std::string_view text;
  bool last = true;  // no separator behind it
};

class ValueReader {
 public:
  explicit ValueReader(std::string_view value) : value_(value) {}

  // Up to the separator, or to the end.
  Part next(char separator) {
    size_t end = value_.find(separator, at_);
    Part part{at_, value_.substr(at_, end == std::string_view::npos ? end : end - at_), end == std::string_view::npos};
    at_ = part.last ? value_.size() : end + 1;
    more_ = !part.last;
    return part;
  }
  bool more() const { return more_; }
  size_t at() const { return at_; }

 private:
  std::string_view value_;
  size_t at_ = 0;
  bool more_ = true;
};

enum class HexCase { lower, any };
// Whether a part is such an id, else its fault: how many digits it has, which one is none, all zero.
bool check_id(ExplainedHeader& out, const Part& part, std::string_view name, size_t digits, HexCase hex_case);
// The place of the first character that is no hex digit.
std::optional<size_t> first_not_hex(std::string_view text, HexCase hex_case);

// Cuts white space off both ends; `at` follows.
Part trimmed(Part part);
// "'x'", or what a control character is called.
std::string shown(char c);
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace clew::cli
