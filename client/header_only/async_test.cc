#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "clew/async/asio.h"
#include "clew/async/coroutine.h"
#include "header_only/spans_for_test.h"

// Asio frees executors after a fence, which TSan does not see.
extern "C" const char* __tsan_default_suppressions() {
  return "race:any_executor_base::destroy_shared\n";
}

namespace clew {
namespace {

namespace asio = boost::asio;
using testing::SizeIs;

class AsyncTest : public SpansTest {};

TEST_F(AsyncTest, StdAsyncAndThreads) {
  {
    auto a = tracer_.start("a");
    auto answer = std::async(std::launch::async, bind([this](int n) {
                               auto b = tracer_.start("b");
                               return n + 1;
                             }),
                             41);
    std::thread(bind([this] { auto c = tracer_.start("c"); })).join();
    EXPECT_EQ(answer.get(), 42);
  }
  expect_child("b", "a");
  expect_child("c", "a");
}

TEST_F(AsyncTest, AsioHandlersTakeTheirContextAlong) {
  asio::io_context io;
  {
    auto a = tracer_.start("a");
    asio::post(io, bind_handler([this] { auto b = tracer_.start("b"); }));
    asio::post(io, [this] { auto c = tracer_.start("c"); });
  }
  io.run();
  expect_child("b", "a");
  expect_root("c");
}

TEST_F(AsyncTest, ABoundHandlerKeepsItsExecutor) {
  asio::thread_pool pool(2);
  asio::io_context io;
  std::promise<std::thread::id> ran;
  asio::post(io, clew::bind_handler(asio::bind_executor(pool, [&] { ran.set_value(std::this_thread::get_id()); })));
  io.run();
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
  pool.join();
}

TEST_F(AsyncTest, ABoundHandlerOfATimer) {
  asio::io_context io;
  asio::steady_timer timer(io, std::chrono::milliseconds(0));
  {
    auto a = tracer_.start("a");
    timer.async_wait(bind_handler([this](boost::system::error_code) { auto b = tracer_.start("b"); }));
  }
  io.run();
  expect_child("b", "a");
}

// --- the stack beneath -----------------------------------------------------------------------------------------------

TEST_F(AsyncTest, WhatStopsLeavesTheThreadAndComesBack) {
  ContextStack work;
  auto outer = tracer_.start("outer");
  work.enter();
  auto a = tracer_.start("a");
  work.leave();
  {
    auto b = tracer_.start("b");
  }
  work.enter();
  {
    auto c = tracer_.start("c");
  }
  a.end();
  {
    auto d = tracer_.start("d");
  }
  work.finish();
  {
    auto e = tracer_.start("e");
  }
  outer.end();
  expect_root("a");
  expect_child("b", "outer");
  expect_child("c", "a");
  expect_root("d");
  expect_child("e", "outer");
}

TEST_F(AsyncTest, SpansThatEndWhileTheWorkStands) {
  std::optional<Span> a, b, c;
  ContextStack work;
  work.enter();
  a = tracer_.start("a");
  b = tracer_.start("b");
  c = tracer_.start("c");
  work.leave();
  std::thread([&] { b.reset(); }).join();
  c.reset();
  std::thread([&] {
    work.enter();
    auto d = tracer_.start("d");
    d.end();
    work.leave();
  }).join();
  work.finish();
  {
    auto e = tracer_.start("e");
  }
  a.reset();  // outlived the work
  expect_child("d", "a");
  expect_root("e");
  EXPECT_THAT(spans.finished(), SizeIs(5));
}

TEST_F(AsyncTest, MisuseDoesNoHarm) {
  ContextStack work;
  work.leave();
  work.enter();
  work.enter();
  auto a = tracer_.start("a");
  std::thread([&] { work.leave(); }).join();  // not its thread
  work.enter();
  a.end();
  work.finish();
  work.finish();
  EXPECT_FALSE(Context::current().span().valid());
}

// Spans end in one thread while the work goes from thread to thread: for TSan and ASan.
TEST_F(AsyncTest, EndsWhileTheWorkIsHandedOn) {
  constexpr int kRounds = 300;
  for (int i = 0; i < kRounds; ++i) {
    ContextStack work;
    work.enter();
    Span a = tracer_.start("a"), b = tracer_.start("b");
    std::thread ender([a = std::move(a)]() mutable { a.end(); });
    work.leave();
    std::thread([&] {
      work.enter();
      Span c = tracer_.start("c");
      c.end();
      work.leave();
    }).join();
    ender.join();
    work.enter();
    b.end();
    work.finish();
    ASSERT_FALSE(Context::current().span().valid());
  }
}

// --- coroutines ------------------------------------------------------------------------------------------------------

// A lazy task, as programs write them.
class Task {
 public:
  struct promise_type : TracedPromise {
    std::coroutine_handle<> waiting;

    struct Resume {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
        const auto next = done.promise().waiting;
        return next == nullptr ? std::noop_coroutine() : next;
      }
      void await_resume() noexcept {}
    };
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    auto initial_suspend() noexcept { return begins(std::suspend_always{}); }
    auto final_suspend() noexcept { return ends(Resume{}); }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };

  explicit Task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  ~Task() {
    if (coroutine_ != nullptr) coroutine_.destroy();
  }
  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    coroutine_.promise().waiting = waiting;
    return coroutine_;
  }
  void await_resume() {}
  void start() { coroutine_.resume(); }
  bool done() const { return coroutine_.done(); }

 private:
  std::coroutine_handle<promise_type> coroutine_;
};

// Resumes where and when the test says.
struct Gate {
  std::coroutine_handle<> waiting;

  auto operator co_await() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() { return false; }
      void await_suspend(std::coroutine_handle<> coroutine) { gate.waiting = coroutine; }
      void await_resume() {}
    };
    return Awaiter{*this};
  }
  void open() { std::exchange(waiting, nullptr).resume(); }
  void open_elsewhere() {
    std::thread([this] { open(); }).join();
  }
};

TEST_F(AsyncTest, ACoroutineKeepsItsSpansWhereverItGoesOn) {
  Gate gate;
  auto work = [&]() -> Task {
    auto a = tracer_.start("a");
    co_await gate;
    {
      auto b = tracer_.start("b");
    }
    co_await gate;
    auto c = tracer_.start("c");
  };
  {
    auto caller = tracer_.start("caller");
    Task task = work();
    caller.end();
    task.start();
    {
      auto meanwhile = tracer_.start("meanwhile");
    }
    gate.open_elsewhere();
    {
      auto meanwhile = tracer_.start("later");
    }
    gate.open_elsewhere();
    EXPECT_TRUE(task.done());
  }
  expect_child("a", "caller");
  expect_child("b", "a");
  expect_child("c", "a");
  expect_root("meanwhile");
  expect_root("later");
}

TEST_F(AsyncTest, CoroutinesThatWaitForOthers) {
  Gate gate;
  auto inner = [&]() -> Task {
    auto b = tracer_.start("b");
    co_await gate;
    auto c = tracer_.start("c");
  };
  auto outer = [&]() -> Task {
    auto a = tracer_.start("a");
    co_await inner();
    auto d = tracer_.start("d");
  };
  Task task = outer();
  task.start();
  EXPECT_FALSE(Context::current().span().valid());
  gate.open_elsewhere();
  EXPECT_TRUE(task.done());
  expect_child("b", "a");
  expect_child("c", "b");
  expect_child("d", "a");
}

TEST_F(AsyncTest, TwoCoroutinesTakeTurns) {
  Gate gates[2];
  auto work = [&](int i) -> Task {
    auto a = tracer_.start(i == 0 ? "a0" : "a1");
    co_await gates[i];
    auto b = tracer_.start(i == 0 ? "b0" : "b1");
    co_await gates[i];
  };
  Task first = work(0), second = work(1);
  first.start();
  second.start();
  gates[0].open();
  gates[1].open();
  gates[0].open();
  gates[1].open();
  expect_root("a0");
  expect_root("a1");
  expect_child("b0", "a0");
  expect_child("b1", "a1");
}

TEST_F(AsyncTest, ACoroutineThatIsThrownAwayEndsItsSpans) {
  Gate gate;
  {
    auto work = [&]() -> Task {
      auto a = tracer_.start("a");
      auto b = tracer_.start("b");
      co_await gate;
    };
    Task task = work();
    task.start();
  }
  expect_child("b", "a");
  EXPECT_THAT(spans.finished(), SizeIs(2));
}

struct NoSuspension {
  bool await_ready() { return false; }
  bool await_suspend(std::coroutine_handle<>) { return false; }
  int await_resume() { return 7; }
};
struct Throwing {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) { throw 1; }
  void await_resume() {}
};

TEST_F(AsyncTest, AwaitersThatDoNotSuspend) {
  auto work = [&]() -> Task {
    auto a = tracer_.start("a");
    EXPECT_EQ(co_await NoSuspension{}, 7);
    {
      auto b = tracer_.start("b");
    }
    co_await std::suspend_never{};
    {
      auto c = tracer_.start("c");
    }
    try {
      co_await Throwing{};
    } catch (int) {
    }
    auto d = tracer_.start("d");
  };
  Task task = work();
  task.start();
  EXPECT_TRUE(task.done());
  for (const char* name : {"b", "c", "d"}) expect_child(name, "a");
}

// Many coroutines over a pool, each going on in whatever thread: their spans do not mix.
TEST_F(AsyncTest, ManyCoroutinesInAPool) {
  constexpr int kCoroutines = 40, kSteps = 20;
  asio::thread_pool pool(4);
  struct Hop {
    asio::thread_pool& pool;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) {
      asio::post(pool, [coroutine] { coroutine.resume(); });
    }
    void await_resume() {}
  };
  std::atomic<int> wrong{0};
  auto work = [&]() -> Task {
    auto root = tracer_.start("root");
    for (int i = 0; i < kSteps; ++i) {
      auto step = tracer_.start("step");
      co_await Hop{pool};
      if (step.span_context().span_id != Context::current().span().span_id) ++wrong;
      auto leaf = tracer_.start("leaf");
      if (leaf.span_context().trace_id != root.span_context().trace_id) ++wrong;
    }
    co_await Hop{pool};
  };
  std::vector<Task> tasks;
  for (int i = 0; i < kCoroutines; ++i) tasks.push_back(work());
  for (Task& task : tasks) asio::post(pool, [&task] { task.start(); });
  pool.join();
  for (Task& task : tasks) EXPECT_TRUE(task.done());
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(spans.finished(), SizeIs(kCoroutines * (1 + 2 * kSteps)));
}

// --- Asio's own coroutines -------------------------------------------------------------------------------------------

asio::awaitable<void> pause() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(0));
  co_await timer.async_wait(asio::use_awaitable);
}

TEST_F(AsyncTest, AsioCoroutinesHaveAContextOfTheirOwn) {
  asio::io_context io;
  auto child = [&]() -> asio::awaitable<void> {
    auto c = tracer_.start("c");
    co_await pause();
    auto d = tracer_.start("d");
  };
  auto work = [&]() -> asio::awaitable<void> {
    auto a = tracer_.start("a");
    co_await pause();
    {
      auto b = tracer_.start("b");
    }
    co_await child();
    auto e = tracer_.start("e");
  };
  {
    auto caller = tracer_.start("caller");
    asio::co_spawn(context_executor(io.get_executor()), work(), asio::detached);
  }
  while (io.run_one() != 0) ASSERT_FALSE(Context::current().span().valid()) << "left on the thread";
  expect_child("a", "caller");
  expect_child("b", "a");
  expect_child("c", "a");
  expect_child("d", "c");
  expect_child("e", "a");
}

TEST_F(AsyncTest, AsioCoroutinesInAPool) {
  constexpr int kCoroutines = 40, kSteps = 20;
  asio::thread_pool pool(4);
  std::atomic<int> wrong{0};
  auto work = [&]() -> asio::awaitable<void> {
    auto root = tracer_.start("root");
    for (int i = 0; i < kSteps; ++i) {
      auto step = tracer_.start("step");
      if (i % 4 == 0) co_await pause();
      // Resumed at once, while this thread still returns.
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
      if (step.span_context().span_id != Context::current().span().span_id) ++wrong;
    }
  };
  std::vector<std::future<void>> done;
  for (int i = 0; i < kCoroutines; ++i) {
    done.push_back(asio::co_spawn(context_executor(pool.get_executor()), work(), asio::use_future));
  }
  for (auto& each : done) each.get();
  pool.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(spans.finished(), SizeIs(kCoroutines * (1 + kSteps)));
}

// Asio resumes what was posted to an executor by a dispatch to the same one.
TEST_F(AsyncTest, AFunctionWithinAnother) {
  asio::io_context io;
  {
    auto base = tracer_.start("base");
    auto executor = context_executor(io.get_executor());
    asio::post(executor, [this, executor] {
      auto a = tracer_.start("a");
      asio::dispatch(executor, [this] { auto b = tracer_.start("b"); });
      auto c = tracer_.start("c");
    });
  }
  io.run();
  expect_child("a", "base");
  expect_child("b", "a");
  expect_child("c", "a");
}

TEST_F(AsyncTest, WithAStrandBeneath) {
  asio::thread_pool pool(3);
  auto work = [&]() -> asio::awaitable<void> {
    auto a = tracer_.start("a");
    co_await pause();
    auto b = tracer_.start("b");
  };
  asio::co_spawn(context_executor(asio::make_strand(pool)), work(), asio::use_future).get();
  pool.join();
  expect_child("b", "a");
}

}  // namespace
}  // namespace clew
