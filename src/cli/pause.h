// Waiting of many threads that can be ended at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace clew::cli {

// Any thread.
class Pause {
 public:
  // False when stop() was called before the time was over.
  bool wait_ns(uint64_t ns) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, std::chrono::nanoseconds(ns), [&] { return stopped_; });
  }
  void stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

}  // namespace clew::cli
