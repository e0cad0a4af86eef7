// Which web pages of other origins may send spans and ask questions from a browser (CORS, the Fetch standard section
// 3.2). Nothing is allowed unless `cors.origins` names it. A page is never trusted with X-Clew-Admin.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace clew::server {

class Cors {
 public:
  // Origins separated by commas: scheme://host[:port], with at most one `*` in each, which stands for anything; or `*`
  // alone. Empty: none.
  static Result<Cors> parse(std::string_view origins);

  // The fields of whatever answer the request gets.
  net::Headers answer_fields(const net::Request& request) const;
  // The answer to a browser that asks beforehand; nothing when the request is no such question of an allowed origin.
  std::optional<net::Response> preflight(const net::Request& request) const;

 private:
  bool allows(std::string_view origin) const;

  std::vector<std::string> origins_;
};

}  // namespace clew::server
