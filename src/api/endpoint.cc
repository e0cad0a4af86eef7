#include "api/endpoint.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace clew::api {

std::span<const Endpoint> endpoints() {
  // The first match counts: longer prefixes before the shorter ones they begin with.
  static constexpr Endpoint kEndpoints[] = {
      {"echo", "/api/echo", {}, false, echo},
      {"ready", "/ready", {}, false, ready},
      {"metrics", "/metrics", {}, false, metrics},
      {"build_info", "/api/status/buildinfo", {}, false, build_info},
      {"trace_v2", "/api/v2/traces/", "", true, trace_by_id_v2, true},
      {"trace_v1", "/api/traces/", "", true, trace_by_id_v1, true},
      {"tags_v2", "/api/v2/search/tags", {}, true, tags_v2},
      {"tag_values_v2", "/api/v2/search/tag/", "/values", true, tag_values_v2},
      {"tags_v1", "/api/search/tags", {}, true, tags_v1},
      {"tag_values_v1", "/api/search/tag/", "/values", true, tag_values_v1},
      {"search", "/api/search", {}, true, search},
      {"units", "/api/clew/units", {}, true, units},
      {"erasures", "/api/clew/erasures", {}, true, erasures},
      {"verify", "/api/clew/admin/verify", {}, true, verify, false, Endpoint::Admin::work},
      {"repair", "/api/clew/admin/repair", {}, true, repair, false, Endpoint::Admin::work},
      {"compact", "/api/clew/admin/compact", {}, true, compact, false, Endpoint::Admin::work},
      {"delete", "/api/clew/admin/delete", {}, true, erase, false, Endpoint::Admin::query},
  };
  return kEndpoints;
}

const Endpoint* find_endpoint(std::string_view path, std::string& argument) {
  for (const Endpoint& endpoint : endpoints()) {
    if (!endpoint.suffix) {
      if (path == endpoint.prefix) return &endpoint;
      continue;
    }
    if (!path.starts_with(endpoint.prefix) || !path.ends_with(*endpoint.suffix)) continue;
    if (path.size() <= endpoint.prefix.size() + endpoint.suffix->size()) continue;
    argument = path.substr(endpoint.prefix.size(), path.size() - endpoint.prefix.size() - endpoint.suffix->size());
    return &endpoint;
  }
  return nullptr;
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::out_of_range:
    case ErrorCode::unimplemented: return 400;
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::permission_denied: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::failed_precondition: return 409;
    case ErrorCode::resource_exhausted: return 422;
    case ErrorCode::cancelled: return 499;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::deadline_exceeded: return 504;
    default: return 500;
  }
}

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

Result<uint64_t> seconds_parameter(const net::Request& request, std::string_view name) {
  std::string text = request.parameter(name);
  if (text.empty()) return uint64_t{0};
  double seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  // What does not fit into 64 bits of nanoseconds is beyond every span.
  constexpr double kMost = 1.8e10;
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds) || seconds < 0) {
    return invalid(fmt::format("invalid {}: '{}' is not a time in seconds since 1970", name, text));
  }
  if (seconds > kMost) return uint64_t{static_cast<uint64_t>(kMost)} * kNsPerSecond;
  auto whole = static_cast<uint64_t>(seconds);
  double fraction = (seconds - static_cast<double>(whole)) * static_cast<double>(kNsPerSecond);
  return whole * kNsPerSecond + static_cast<uint64_t>(fraction);
}

}  // namespace

Result<TimeRange> time_range(const net::Request& request) {
  TimeRange range;
  ASSIGN_OR_RETURN(range.start_ns, seconds_parameter(request, "start"));
  ASSIGN_OR_RETURN(range.end_ns, seconds_parameter(request, "end"));
  if (range.end_ns != 0 && range.start_ns >= range.end_ns) {
    return invalid(fmt::format("invalid start and end: start ({}) must be before end ({})", request.parameter("start"),
                               request.parameter("end")));
  }
  return range;
}

Result<uint64_t> positive_parameter(const net::Request& request, std::string_view name, uint64_t otherwise,
                                    uint64_t limit) {
  std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) {
    return invalid(fmt::format("invalid {}: must be a positive number", name));
  }
  if (value > limit) return invalid(fmt::format("invalid {}: at most {} is possible, not {}", name, limit, value));
  return value;
}

std::string inspected_bytes_json(uint64_t bytes) {
  return bytes == 0 ? "{}" : fmt::format("{{\"inspectedBytes\":\"{}\"}}", bytes);
}

}  // namespace clew::api
