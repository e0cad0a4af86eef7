#include "server/cors.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/fields.h"

namespace clew::server {
namespace {

constexpr std::string_view kAdmin = "X-Clew-Admin";
constexpr std::string_view kMaxAgeSeconds = "7200";
constexpr size_t kMaxOrigins = 100;

// Calls each(item) for the items of a comma-separated list that are not empty.
template <typename Each>
void for_each_item(std::string_view list, Each&& each) {
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    if (item = net::trim(item); !item.empty()) each(item);
  }
}

bool is_origin_pattern(std::string_view text) {
  if (text == "*") return true;
  size_t host = text.find("://");
  if (host == std::string_view::npos || host == 0) return false;
  std::string_view authority = text.substr(host + 3);
  return !authority.empty() && authority.find_first_of("/?# ") == std::string_view::npos &&
         std::ranges::count(text, '*') <= 1;
}

bool matches(std::string_view pattern, std::string_view origin) {
  size_t star = pattern.find('*');
  if (star == std::string_view::npos) return net::equals_without_case(pattern, origin);
  std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return origin.size() >= before.size() + after.size() &&
         net::equals_without_case(origin.substr(0, before.size()), before) &&
         net::equals_without_case(origin.substr(origin.size() - after.size()), after);
}

}  // namespace

Result<Cors> Cors::parse(std::string_view origins) {
  Cors cors;
  Status outcome;
  for_each_item(origins, [&](std::string_view origin) {
    if (!is_origin_pattern(origin)) {
      outcome = invalid(
          fmt::format("'{}' is not an origin such as https://app.example.com or https://*.example.com", origin));
    }
    cors.origins_.emplace_back(origin);
  });
  if (cors.origins_.size() > kMaxOrigins) outcome = invalid(fmt::format("more than {} origins", kMaxOrigins));
  TRY(outcome);
  return cors;
}

bool Cors::allows(std::string_view origin) const {
  return !origin.empty() && std::ranges::any_of(origins_, [&](const auto& one) { return matches(one, origin); });
}

net::Headers Cors::answer_fields(const net::Request& request) const {
  net::Headers fields;
  if (origins_.empty()) return fields;
  fields.add("vary", "Origin");
  std::string_view origin = request.headers.get("origin");
  if (!allows(origin)) return fields;
  fields.add("access-control-allow-origin", std::string(origin));
  fields.add("access-control-expose-headers", "Retry-After");
  return fields;
}

std::optional<net::Response> Cors::preflight(const net::Request& request) const {
  std::string_view method = request.headers.get("access-control-request-method");
  if (request.method != "OPTIONS" || method.empty() || !allows(request.headers.get("origin"))) return std::nullopt;
  std::string asked;
  for_each_item(request.headers.get("access-control-request-headers"), [&](std::string_view name) {
    if (!net::is_field_name(name) || net::equals_without_case(name, kAdmin)) return;
    asked.append(asked.empty() ? "" : ", ").append(name);
  });
  net::Response response;
  response.status = 204;
  response.headers = answer_fields(request);
  response.headers.add("access-control-allow-methods", "GET, POST");
  if (!asked.empty()) response.headers.add("access-control-allow-headers", std::move(asked));
  response.headers.add("access-control-max-age", std::string(kMaxAgeSeconds));
  return response;
}

}  // namespace clew::server
