// Calls a function again and again on a thread of its own, first after one interval, until it is destroyed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "env/this_thread.h"

namespace clew::store {

class Periodic {
 public:
  // The thread bears the name, as env::name_thread() takes it.
  Periodic(const char* name, std::chrono::milliseconds interval, std::function<void()> work)
      : thread_([this, name, interval, work = std::move(work)](const std::stop_token& stop) {
          env::name_thread(name);
          for (;;) {
            {
              std::unique_lock lock(mutex_);
              wake_.wait_for(lock, stop, interval, [&] { return stop.stop_requested(); });
            }
            if (stop.stop_requested()) return;
            work();
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // the last: stops before the others go
};

}  // namespace clew::store
