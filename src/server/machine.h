// What this process may use of the machine it runs on.
#pragma once

#include <cstdint>

namespace clew::server {

// Physical memory, or the control group's limit where that is less.
uint64_t machine_memory_bytes();
// How many files and sockets it may have open at once. The first call raises the limit as far as it goes without a
// privilege.
uint64_t machine_open_files();
// Cores this process may run on; at least 1.
uint32_t machine_cores();

}  // namespace clew::server
