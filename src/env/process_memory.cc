#include "env/process_memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace clew::env {
namespace {

constexpr int kMappedFromBytes = 1 << 20;
constexpr int kKeptAtEndBytes = 4 << 20;
constexpr int kLeastHeaps = 4;

}  // namespace

uint64_t anonymous_bytes() {
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128] = {};
  ssize_t length = read(file, text, sizeof(text) - 1);
  close(file);
  unsigned long long size = 0;
  unsigned long long resident = 0;
  unsigned long long shared = 0;
  if (length <= 0 || std::sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void prefer_small_heap() {
  mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptAtEndBytes);
  // One a core: each has free pieces of its own, so the default of eight wastes memory.
  mallopt(M_ARENA_MAX, std::max(kLeastHeaps, static_cast<int>(std::thread::hardware_concurrency())));
}

void give_back_free_memory() {
  malloc_trim(0);
}

}  // namespace clew::env
