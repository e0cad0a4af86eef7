// The threads that queries run on, and the bounded queue before them: nobody waits for ever behind somebody's slow
// queries.
//
//   lookups   (a trace by its id) have a thread of their own beside the others, which take them too, by turns
//   tenants   take turns for the rest, each with its queries in order
//   slow ones go on behind everything else on the machine, ingest above all, after slow_after_ns on a thread: a new
//             thread takes the place, the old one ends with its query; at most slow_queries at once
//
// Invariant: every accepted job is either run or dropped once, on a thread of the pool or in stop().
// Thread rule: any thread; stop() not from a job.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "column/budget.h"
#include "env/clock.h"

namespace clew::api {

struct QueryPoolOptions {
  uint32_t threads = 2;  // besides the one for lookups, and those of slow queries
  uint32_t queue = 256;  // jobs that wait; a further one is refused
  uint64_t slow_after_ns = 250'000'000;
  uint32_t slow_queries = 16;  // that have stepped aside; a further one keeps its thread
};

class QueryPool {
 public:
  struct Job {
    std::shared_ptr<ReadBudget> budget;  // cancelled by stop(); its check_time() says that the query is slow
    std::function<void()> run;
    std::function<void()> drop;  // instead of run, when the pool stops first
    bool is_lookup = false;
    std::string tenant = {};
  };

  // The clock is that of the budgets, and outlives the pool.
  explicit QueryPool(const QueryPoolOptions& options, const env::Clock& clock = env::system_clock());
  ~QueryPool() { stop(); }

  // False, with the job left as it was, when the queue is full or the pool has stopped.
  bool submit(Job& job);
  void stop();

 private:
  // A queue of queues: the next job is that of the tenant whose turn it is.
  class TenantTurns {
   public:
    bool empty() const { return turns_.empty(); }
    void push(Job job);
    Job pop();

   private:
    std::map<std::string, std::deque<Job>> jobs_;  // none of them empty
    std::deque<std::string> turns_;
  };
  using Threads = std::list<std::thread>;
  struct Worker {
    Threads::iterator thread;
    bool lookups_only = false;
    bool aside = false;
  };

  // Precondition of these: mutex_ is held.
  void start_thread(bool lookups_only);
  Job take(const Worker& worker);

  void work(Worker worker);
  void run(Job& job, Worker& worker);
  void step_aside(Worker& worker);

  const QueryPoolOptions options_;
  const env::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Job> lookups_;
  TenantTurns searches_;
  uint32_t waiting_ = 0;
  bool searches_are_next_ = false;
  std::set<std::shared_ptr<ReadBudget>> running_;
  uint32_t slow_ = 0;
  bool stopped_ = false;
  Threads threads_;
  Threads finished_;  // to be joined
};

}  // namespace clew::api
