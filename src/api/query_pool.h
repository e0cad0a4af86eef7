// The threads that queries run on: a fixed number, a bounded queue before them.
//
// Invariant: every accepted job is either run or dropped once, on a thread of the pool or in stop().
// Thread rule: any thread; stop() once, not from a job.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "column/budget.h"

namespace clew::api {

class QueryPool {
 public:
  struct Job {
    std::shared_ptr<ReadBudget> budget;  // cancelled by stop()
    std::function<void()> run;
    std::function<void()> drop;  // instead of run, when the pool stops first
  };

  QueryPool(uint32_t threads, uint32_t queue);
  ~QueryPool() { stop(); }

  // False, with the job left as it was, when the queue is full or the pool has stopped.
  bool submit(Job& job);
  void stop();

 private:
  void work();

  const uint32_t queue_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Job> waiting_;
  std::set<std::shared_ptr<ReadBudget>> running_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace clew::api
