// Who listens on a port already: for the message that a port is in use.
#pragma once

#include <cstdint>
#include <string>

#include "env/files.h"

namespace clew::server {

// "jaeger (process 1234)", or empty where /proc does not tell (another user's process, another system). `proc` is
// "/proc" outside of tests.
std::string port_holder(uint16_t port, env::Files& files, const std::string& proc = "/proc");

}  // namespace clew::server
