// Tells systemd how far we are (Type=notify): one datagram to the socket named by $NOTIFY_SOCKET, as in sd_notify(3).
#pragma once

#include <string_view>

namespace clew::server {

// "READY=1", "STOPPING=1". Does nothing when no service manager listens.
void notify_service_manager(std::string_view state);

}  // namespace clew::server
