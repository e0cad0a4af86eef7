// Time comes in through here, so that a test can hold it still.
#pragma once

#include <atomic>
#include <cstdint>

namespace clew::env {

// Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock, ns since 1970. May jump in either direction; nothing that must not go back is built on it.
  virtual uint64_t unix_ns() const = 0;
  // Never goes back; its zero means nothing.
  virtual uint64_t monotonic_ns() const = 0;
};

// The system's clocks; lives for ever.
const Clock& system_clock();

class ManualClock final : public Clock {
 public:
  uint64_t unix_ns() const override { return unix_ns_; }
  uint64_t monotonic_ns() const override { return monotonic_ns_; }
  void advance_ns(uint64_t by) {
    unix_ns_ += by;
    monotonic_ns_ += by;
  }
  void set_unix_ns(uint64_t now) { unix_ns_ = now; }

 private:
  std::atomic<uint64_t> unix_ns_ = 1'700'000'000'000'000'000;
  std::atomic<uint64_t> monotonic_ns_ = 1'000'000'000;
};

}  // namespace clew::env
