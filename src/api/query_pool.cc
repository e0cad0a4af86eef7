#include "api/query_pool.h"

#include <algorithm>

#include "base/counters.h"
#include "env/this_thread.h"

namespace clew::api {
namespace {

struct PoolCounters {
  Counter& running = gauge("clew_api_queries_running", "Queries on a thread of the pool");
  Counter& slow = gauge("clew_api_queries_slow", "Queries that stepped aside because they are slow");
  Counter& waiting = gauge("clew_api_queries_waiting", "Queries that wait for a thread");
  Counter& refused =
      counter("clew_api_limit_total", "Times a limit of the query API was reached", {{"limit", "queue"}});
  Counter& too_many_slow =
      counter("clew_api_limit_total", "Times a limit of the query API was reached", {{"limit", "slow_queries"}});
};

PoolCounters& counters() {
  static PoolCounters instance;
  return instance;
}

}  // namespace

void QueryPool::TenantTurns::push(Job job) {
  auto& jobs = jobs_[job.tenant];
  if (jobs.empty()) turns_.push_back(job.tenant);
  jobs.push_back(std::move(job));
}

QueryPool::Job QueryPool::TenantTurns::pop() {
  auto jobs = jobs_.find(turns_.front());
  turns_.pop_front();
  Job out = std::move(jobs->second.front());
  jobs->second.pop_front();
  if (jobs->second.empty()) {
    jobs_.erase(jobs);
  } else {
    turns_.push_back(jobs->first);
  }
  return out;
}

QueryPool::QueryPool(const QueryPoolOptions& options, const env::Clock& clock) : options_(options), clock_(clock) {
  std::lock_guard lock(mutex_);
  for (uint32_t i = 0; i < std::max(options_.threads, 1U); ++i) start_thread(false);
  start_thread(true);
}

void QueryPool::start_thread(bool lookups_only) {
  finished_.remove_if([](std::thread& thread) {
    thread.join();
    return true;
  });
  Worker worker{threads_.emplace(threads_.end()), lookups_only, false};
  // It begins by taking the mutex, so that its place in the list is set before it looks.
  *worker.thread = std::thread([this, worker] {
    env::name_thread("clew-query");
    work(worker);
  });
}

bool QueryPool::submit(Job& job) {
  std::lock_guard lock(mutex_);
  if (stopped_ || waiting_ >= options_.queue) {
    counters().refused.add();
    return false;
  }
  if (job.is_lookup) {
    lookups_.push_back(std::move(job));
  } else {
    searches_.push(std::move(job));
  }
  ++waiting_;
  counters().waiting.add();
  changed_.notify_all();
  return true;
}

QueryPool::Job QueryPool::take(const Worker& worker) {
  bool search = !worker.lookups_only && !searches_.empty() && (lookups_.empty() || searches_are_next_);
  if (!worker.lookups_only) searches_are_next_ = !search;
  --waiting_;
  counters().waiting.add(-1);
  if (search) return searches_.pop();
  Job out = std::move(lookups_.front());
  lookups_.pop_front();
  return out;
}

void QueryPool::work(Worker worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopped_ || !lookups_.empty() || (!worker.lookups_only && !searches_.empty()); });
    if (stopped_) return;
    Job job = take(worker);
    running_.insert(job.budget);
    lock.unlock();
    run(job, worker);
    lock.lock();
    running_.erase(job.budget);
    if (!worker.aside) continue;
    --slow_;
    counters().slow.add(-1);
    if (!stopped_) finished_.splice(finished_.end(), threads_, worker.thread);
    return;
  }
}

void QueryPool::run(Job& job, Worker& worker) {
  counters().running.add();
  if (options_.slow_after_ns != 0) {
    job.budget->when_slow(clock_.monotonic_ns() + options_.slow_after_ns, [this, &worker] { step_aside(worker); });
  }
  job.run();
  job.budget->when_slow(0, nullptr);
  job.run = nullptr;
  counters().running.add(-1);
}

void QueryPool::step_aside(Worker& worker) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    if (slow_ >= options_.slow_queries) {
      counters().too_many_slow.add();
      return;
    }
    ++slow_;
    counters().slow.add();
    worker.aside = true;
    start_thread(worker.lookups_only);
  }
  env::lower_thread_priority();
}

void QueryPool::stop() {
  std::deque<Job> dropped;
  Threads threads;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(lookups_);
    while (!searches_.empty()) dropped.push_back(searches_.pop());
    waiting_ = 0;
    for (const auto& budget : running_) budget->cancel();
    threads.splice(threads.end(), threads_);
    threads.splice(threads.end(), finished_);
    changed_.notify_all();
  }
  for (Job& job : dropped) {
    counters().waiting.add(-1);
    job.drop();
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace clew::api
