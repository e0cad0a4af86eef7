#include "api/query_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "base/counters.h"

namespace clew::api {
namespace {

constexpr uint64_t kMs = 1'000'000;

// Outlives whoever waits for it, in its copies.
class Signal {
 public:
  void raise() const { promise_->set_value(); }
  void wait() const { future_.wait(); }

 private:
  std::shared_ptr<std::promise<void>> promise_ = std::make_shared<std::promise<void>>();
  std::shared_future<void> future_ = promise_->get_future().share();
};

class QueryPoolTest : public testing::Test {
 protected:
  // Holds a thread until it is let go, or cancelled.
  struct Held {
    Signal begun, release, ended;
  };

  QueryPool::Job job(std::function<void()> run, std::string tenant = "", bool is_lookup = false) {
    return {std::make_shared<ReadBudget>(0, 0, clock_), std::move(run), [this] { ++dropped_; }, is_lookup,
            std::move(tenant)};
  }
  bool submit(QueryPool& pool, QueryPool::Job job) { return pool.submit(job); }
  // Runs it on a thread, and waits until it is there.
  void hold(QueryPool& pool, const Held& held, std::function<void(ReadBudget&)> first = {}) {
    auto budget = std::make_shared<ReadBudget>(0, 0, clock_);
    QueryPool::Job holding{budget,
                           [held, budget, first] {
                             if (first) first(*budget);
                             held.begun.raise();
                             held.release.wait();
                             held.ended.raise();
                           },
                           [this] { ++dropped_; }};
    ASSERT_TRUE(pool.submit(holding));
    held.begun.wait();
  }
  // A query that has run for longer than a quick one does.
  std::function<void(ReadBudget&)> slow() {
    return [this](ReadBudget& budget) {
      clock_.advance_ns(11 * kMs);
      EXPECT_TRUE(budget.check_time());
    };
  }
  void run_one(QueryPool& pool, bool is_lookup = false) {
    Signal ran;
    ASSERT_TRUE(submit(pool, job([ran] { ran.raise(); }, "", is_lookup)));
    ran.wait();
  }

  env::ManualClock clock_;
  std::atomic<int> dropped_{0};
};

TEST_F(QueryPoolTest, LookupsDoNotWaitForSearches) {
  QueryPool pool({.threads = 2}, clock_);
  Held a, b;
  hold(pool, a);
  hold(pool, b);
  run_one(pool, true);
  a.release.raise();
  b.release.raise();
}

TEST_F(QueryPoolTest, TenantsTakeTurns) {
  std::vector<std::string> order;
  Signal all;
  {
    QueryPool pool({.threads = 1}, clock_);
    Held held;
    hold(pool, held);
    for (const char* tenant : {"a", "a", "a", "b", "b", "c"}) {
      ASSERT_TRUE(submit(pool, job(
                                   [&order, all, tenant] {
                                     order.emplace_back(tenant);
                                     if (order.size() == 6) all.raise();
                                   },
                                   tenant)));
    }
    held.release.raise();
    all.wait();
  }
  EXPECT_THAT(order, testing::ElementsAre("a", "b", "c", "a", "b", "a"));
}

TEST_F(QueryPoolTest, SearchesAndLookupsTakeTurnsOnAThreadOfBoth) {
  std::string order;
  QueryPool pool({.threads = 1}, clock_);
  Held search, lookup;
  hold(pool, search);
  // The thread of lookups is taken too.
  auto budget = std::make_shared<ReadBudget>(0, 0, clock_);
  QueryPool::Job holding = job(
      [lookup] {
        lookup.begun.raise();
        lookup.release.wait();
      },
      "", true);
  ASSERT_TRUE(pool.submit(holding));
  lookup.begun.wait();
  Signal all;
  for (bool is_lookup : {true, true, false, false}) {
    ASSERT_TRUE(submit(pool, job(
                                 [&order, all, is_lookup] {
                                   order += is_lookup ? 'l' : 's';
                                   if (order.size() == 4) all.raise();
                                 },
                                 "", is_lookup)));
  }
  search.release.raise();
  all.wait();
  EXPECT_TRUE(order == "lsls" || order == "slsl") << order;
  lookup.release.raise();
}

TEST_F(QueryPoolTest, SlowSearchesStepAsideForOthers) {
  Counter& aside = gauge("clew_api_queries_slow", "Queries that stepped aside because they are slow");
  const int64_t before = aside.value();
  QueryPool pool({.threads = 1, .slow_after_ns = 10 * kMs, .slow_queries = 2}, clock_);
  Held first, second;
  hold(pool, first, slow());
  run_one(pool);
  hold(pool, second, slow());
  run_one(pool);
  first.release.raise();
  second.release.raise();
  first.ended.wait();
  second.ended.wait();
  // Their places are free again, as soon as the threads know that the queries have ended.
  while (aside.value() > before) std::this_thread::yield();
  Held third;
  hold(pool, third, slow());
  run_one(pool);
  third.release.raise();
}

TEST_F(QueryPoolTest, NoMoreThanTheLimitStepAside) {
  Counter& reached =
      counter("clew_api_limit_total", "Times a limit of the query API was reached", {{"limit", "slow_queries"}});
  const int64_t before = reached.value();
  std::atomic<bool> released{false};
  std::promise<bool> waited;
  QueryPool pool({.threads = 1, .slow_after_ns = 10 * kMs, .slow_queries = 1}, clock_);
  Held aside, stays;
  hold(pool, aside, slow());
  hold(pool, stays, slow());
  EXPECT_EQ(reached.value() - before, 1);
  ASSERT_TRUE(submit(pool, job([&] { waited.set_value(released); })));
  released = true;
  stays.release.raise();
  EXPECT_TRUE(waited.get_future().get()) << "it ran beside two slow ones";
  aside.release.raise();
}

TEST_F(QueryPoolTest, AQuickOneKeepsItsThread) {
  QueryPool pool({.threads = 1, .slow_after_ns = 10 * kMs}, clock_);
  std::thread::id first, second;
  for (std::thread::id* id : {&first, &second}) {
    Signal ran;
    QueryPool::Job quick{std::make_shared<ReadBudget>(0, 0, clock_), {}, [] {}};
    quick.run = [this, id, ran, budget = quick.budget] {
      clock_.advance_ns(10 * kMs);
      EXPECT_TRUE(budget->check_time());
      *id = std::this_thread::get_id();
      ran.raise();
    };
    ASSERT_TRUE(pool.submit(quick));
    ran.wait();
  }
  EXPECT_EQ(first, second);
}

TEST_F(QueryPoolTest, RefusesBeyondTheQueueAndDropsWhatWaitsWhenItStops) {
  QueryPool pool({.threads = 1, .queue = 3}, clock_);
  Signal begun;
  auto budget = std::make_shared<ReadBudget>(0, 0, clock_);
  QueryPool::Job running{budget,
                         [begun, budget] {
                           begun.raise();
                           while (budget->check_time()) std::this_thread::yield();
                         },
                         [] {}};
  ASSERT_TRUE(pool.submit(running));
  begun.wait();
  for (const char* tenant : {"a", "b", "a"}) ASSERT_TRUE(submit(pool, job([] {}, tenant)));
  QueryPool::Job refused = job([] {});
  EXPECT_FALSE(pool.submit(refused));
  EXPECT_TRUE(refused.run) << "it is still the caller's";
  pool.stop();
  EXPECT_EQ(dropped_, 3);
  EXPECT_FALSE(submit(pool, job([] {})));
}

TEST_F(QueryPoolTest, StopsWithASlowSearchAside) {
  QueryPool pool({.threads = 1, .slow_after_ns = 10 * kMs}, clock_);
  auto budget = std::make_shared<ReadBudget>(0, 0, clock_);
  Signal aside;
  QueryPool::Job running{budget,
                         [this, aside, budget] {
                           clock_.advance_ns(11 * kMs);
                           EXPECT_TRUE(budget->check_time());
                           aside.raise();
                           while (budget->check_time()) std::this_thread::yield();
                         },
                         [] {}};
  ASSERT_TRUE(pool.submit(running));
  aside.wait();
  pool.stop();
  EXPECT_EQ(budget->check_time().error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace clew::api
