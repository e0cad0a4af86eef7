#include "api/admin_access.h"

#include <fmt/format.h>

#include "base/counters.h"

namespace clew::api {
namespace {

std::unexpected<Error> refuse(std::string_view reason, std::string message) {
  counter("clew_api_admin_refused_total", "Calls that would change something, refused for where they came from.",
          {{"reason", std::string(reason)}})
      .add();
  return fail(ErrorCode::permission_denied, std::move(message));
}

// A name or address that is this machine's own, with or without a port.
bool is_loopback_host(std::string_view host) {
  if (host.starts_with('[')) return host == "[::1]" || host.starts_with("[::1]:");
  const std::string_view name = host.substr(0, host.find(':'));
  if (name == "localhost") return true;
  int dots = 0;
  for (char c : name) {
    if (c == '.') ++dots;
    if (c != '.' && (c < '0' || c > '9')) return false;
  }
  return dots == 3 && name.starts_with("127.");
}

}  // namespace

Status check_admin_access(const net::Request& request, AdminListen listen) {
  if (listen == AdminListen::off) {
    return refuse("off", "calls that change something are switched off here (admin.listen)");
  }
  const bool is_local = request.connection && request.connection->loopback;
  if (listen == AdminListen::loopback && !is_local) {
    return refuse("remote",
                  "calls that change something are answered on this machine only: call from there, or set admin.listen "
                  "to all");
  }
  if (request.headers.get(kAdminHeader).empty()) {
    return refuse("header", "calls that change something need the header X-Clew-Admin: add 'X-Clew-Admin: 1'");
  }
  if (listen == AdminListen::loopback && !is_loopback_host(request.headers.get("host"))) {
    return refuse("host", fmt::format("calls that change something need a Host of this machine, not '{}': use "
                                      "127.0.0.1 or localhost in the URL",
                                      request.headers.get("host")));
  }
  return {};
}

}  // namespace clew::api
