// Percent-encoding (RFC 3986 section 2.1) and the form encoding of query strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clew::net {

// Nothing when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

// For query keys and values: '+' is a space, a '%' that encodes nothing stays as it is.
std::string form_decode(std::string_view text);

// A request target in origin form or absolute form: its decoded path, and what follows '?'. Nothing when malformed.
struct Target {
  std::string path;
  std::string query;
};
std::optional<Target> parse_target(std::string_view target);

}  // namespace clew::net
