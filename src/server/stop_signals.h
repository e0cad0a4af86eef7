// SIGTERM and SIGINT as an event to wait for.
//
//   before arm():  either ends the process at once with exit 0 (nothing was acknowledged by it yet)
//   after it:      the first is what wait() reports; a second ends the process at once
//
// One object a process, made before other threads matter; arm() and wait() by the thread that made it.
#pragma once

#include <chrono>

namespace clew::server {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  void arm();
  // True when the process was asked to stop; false when the time is over.
  bool wait(std::chrono::milliseconds time);
};

}  // namespace clew::server
