#include "env/clock.h"

#include <chrono>

namespace clew::env {
namespace {

template <typename Source>
uint64_t now_ns() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Source::now().time_since_epoch()).count());
}

class SystemClock final : public Clock {
 public:
  uint64_t unix_ns() const override { return now_ns<std::chrono::system_clock>(); }
  uint64_t monotonic_ns() const override { return now_ns<std::chrono::steady_clock>(); }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock* const instance =
      new SystemClock;  // never destroyed: threads may ask while the process ends
  return *instance;
}

}  // namespace clew::env
