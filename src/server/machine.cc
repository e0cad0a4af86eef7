#include "server/machine.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "env/files.h"

namespace clew::server {

uint64_t machine_memory_bytes() {
  uint64_t bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE));
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    auto text = env::system_files().read_all(path, 64);
    uint64_t limit = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), limit).ec != std::errc()) continue;
    if (limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

uint64_t machine_open_files() {
  static const uint64_t kFiles = [] {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return uint64_t{1024};
    rlimit raised{limit.rlim_max, limit.rlim_max};
    return static_cast<uint64_t>(setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur);
  }();
  return kFiles;
}

uint32_t machine_cores() {
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace clew::server
