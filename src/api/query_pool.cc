#include "api/query_pool.h"

#include <algorithm>

#include "base/counters.h"

namespace clew::api {
namespace {

struct PoolCounters {
  Counter& running = gauge("clew_api_queries_running", "Queries on a thread of the pool");
  Counter& waiting = gauge("clew_api_queries_waiting", "Queries that wait for a thread");
  Counter& refused =
      counter("clew_api_limit_total", "Times a limit of the query API was reached", {{"limit", "queue"}});
};

PoolCounters& counters() {
  static PoolCounters instance;
  return instance;
}

}  // namespace

QueryPool::QueryPool(uint32_t threads, uint32_t queue) : queue_(queue) {
  for (uint32_t i = 0; i < std::max(threads, 1U); ++i) threads_.emplace_back([this] { work(); });
}

bool QueryPool::submit(Job& job) {
  std::lock_guard lock(mutex_);
  if (stopped_ || waiting_.size() >= queue_) {
    counters().refused.add();
    return false;
  }
  waiting_.push_back(std::move(job));
  counters().waiting.add();
  changed_.notify_one();
  return true;
}

void QueryPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    running_.insert(job.budget);
    lock.unlock();
    counters().waiting.add(-1);
    counters().running.add();
    job.run();
    job.run = nullptr;
    counters().running.add(-1);
    lock.lock();
    running_.erase(job.budget);
  }
}

void QueryPool::stop() {
  std::deque<Job> dropped;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
    for (const auto& budget : running_) budget->cancel();
    changed_.notify_all();
  }
  for (Job& job : dropped) {
    counters().waiting.add(-1);
    job.drop();
  }
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace clew::api
