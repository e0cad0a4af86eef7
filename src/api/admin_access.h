// Who may call what changes something (DESIGN 3.9): the caller on the same machine, unless `admin.listen` says
// otherwise, with the header X-Clew-Admin, which no web page can send by itself, and with a Host that means this
// machine, so that no page reaches it by a name of its own that resolves to 127.0.0.1.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "net/http.h"

namespace clew::api {

enum class AdminListen : uint8_t {
  loopback,  // callers on this machine
  all,       // whoever reaches a port of the query API, with the header
  off,       // nobody
};

inline constexpr std::string_view kAdminHeader = "x-clew-admin";

// permission_denied with what to do.
Status check_admin_access(const net::Request& request, AdminListen listen);

}  // namespace clew::api
