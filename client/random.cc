#include "random.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

CLEW_BEGIN
namespace detail {

void Random::seed() noexcept {
  if (getrandom(state_, sizeof state_, GRND_NONBLOCK) != ssize_t(sizeof state_)) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    state_[0] = uint64_t(now.tv_nsec) << 32 ^ uint64_t(now.tv_sec);
    state_[1] = uint64_t(getpid()) << 32 ^ reinterpret_cast<uintptr_t>(this);
    clock_gettime(CLOCK_REALTIME, &now);
    state_[2] = uint64_t(now.tv_nsec) * 0x9e3779b97f4a7c15;
    state_[3] = uint64_t(now.tv_sec) * 0xbf58476d1ce4e5b9;
    for (int i = 0; i < 20; ++i) next();
  }
  state_[0] |= 1;  // all zero is the one state that it never leaves
}

}  // namespace detail
CLEW_END
