// What this process may use of the machine it runs on.
#pragma once

#include <cstdint>

namespace clew::server {

// Physical memory, or the control group's limit where that is less.
uint64_t machine_memory_bytes();
// Cores this process may run on; at least 1.
uint32_t machine_cores();

}  // namespace clew::server
