// The library never harms its host: memory stays bounded, and forks, exits, dying threads and destructors find it
// working. What waits is waited for by a condition.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "clew/exporters.h"
#include "clew/in_memory.h"
#include "clew/init.h"
#include "clew/trace.h"
#include "collector_for_test.h"
#include "otlp_tree_for_test.h"
#include "thread.h"

// ThreadSanitizer ends the children of programs with threads.
#if defined(__SANITIZE_THREAD__)
#define SKIP_FORKS() GTEST_SKIP() << "no forks under ThreadSanitizer"
#else
#define SKIP_FORKS() static_cast<void>(0)
#endif

namespace clew {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class HarmlessTest : public testing::Test {
 protected:
  void SetUp() override { configure(Config()); }
  void TearDown() override { init(Config()); }

  void configure(Config config) {
    config.exporters.push_back(spans.exporter());
    ASSERT_TRUE(init(std::move(config)));
    before = stats();
  }
  uint64_t dropped(Drop reason) const { return stats().dropped[unsigned(reason)] - before.dropped[unsigned(reason)]; }
  uint64_t ended() const { return stats().ended - before.ended; }

  // Runs `body` in the child of a fork; what it returns is its exit code. 0 is good.
  template <typename Body>
  static int in_child(Body body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  InMemorySpans spans;
  Stats before;
  Tracer tracer_ = tracer("harmless");
};

// An exporter that holds up the background thread while it is told to.
class Gate : public Exporter {
 public:
  struct State {
    std::atomic<bool> closed{false}, waiting{false};
    std::atomic<unsigned> consumed{0};
  };
  explicit Gate(std::shared_ptr<State> state) : state_(std::move(state)) {}
  bool consume(const SpanData&) noexcept override {
    state_->consumed.fetch_add(1);
    while (state_->closed) {
      state_->waiting = true;
      std::this_thread::yield();
    }
    return true;
  }
  unsigned pending() const noexcept override { return 0; }
  Sent send(Waiter&) noexcept override { return {}; }

 private:
  std::shared_ptr<State> state_;
};

TEST_F(HarmlessTest, AFullRingDropsAndCounts) {
  auto gate = std::make_shared<Gate::State>();
  Config config;
  config.ring_bytes = 16 << 10;
  config.exporters.push_back(std::make_unique<Gate>(gate));
  configure(std::move(config));
  std::thread([&] {
    // A thread that has had a ring before would keep it: this one may be large. Fill it, whatever its size.
    gate->closed = true;
    tracer_.start("first").end();
    while (!gate->waiting) {
      flush(0);
      std::this_thread::yield();
    }
    while (dropped(Drop::kRingFull) < 100) tracer_.start("more").end();
    gate->closed = false;
  }).join();
  ASSERT_TRUE(flush());
  EXPECT_EQ(spans.finished().size() + dropped(Drop::kRingFull), ended());
  tracer_.start("again").end();
  EXPECT_EQ(spans.finished().back().name, "again");
}

TEST_F(HarmlessTest, WithoutMemoryForRingsSpansAreCountedAndContextsGoOn) {
  Config config;
  config.ring_bytes_total = 0;
  configure(std::move(config));
  // As many threads at once as have had a ring before, and one more.
  const unsigned count = detail::Threads::count() + 1;
  std::atomic<unsigned> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      auto outer = tracer_.start("outer");
      auto inner = tracer_.start("inner");
      EXPECT_EQ(inner.span_context().trace_id, outer.span_context().trace_id);
      ++ready;
      while (!go) std::this_thread::yield();
    });
  }
  while (ready < count) std::this_thread::yield();
  go = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(dropped(Drop::kNoRing), 0u);
  EXPECT_EQ(spans.finished().size() + dropped(Drop::kNoRing), ended());
}

TEST_F(HarmlessTest, ASpanTooLargeForItsRingIsCounted) {
  Config config;
  config.span_bytes = 8 << 20;
  configure(std::move(config));
  {
    auto span = tracer_.start("large");
    for (int i = 0; i < 4; ++i) span.set("key" + std::to_string(i), std::string(1 << 20, 'x'));
    EXPECT_GT(stats().live_bytes, 4u << 20);
  }
  EXPECT_EQ(dropped(Drop::kTooLarge), 1u);
  EXPECT_LT(stats().live_bytes, 4u << 20);
}

TEST_F(HarmlessTest, OpenSpansAreBounded) {
  Config config;
  config.live_bytes_total = stats().live_bytes + (1 << 20);
  configure(std::move(config));
  std::vector<Span> open;
  while (dropped(Drop::kTooManyLive) == 0) open.push_back(tracer_.start_detached("open"));
  EXPECT_FALSE(open.back().is_recording());
  EXPECT_LE(stats().live_bytes, before.live_bytes + (1 << 20));
  // Attributes that need room of their own are dropped too; what fits is kept.
  open[0].set("big", std::string(2 << 20, 'x')).set("small", 1);
  open.resize(1);
  open.clear();
  const FinishedSpan last = spans.finished().back();
  EXPECT_EQ(last.attribute("big"), nullptr);
  ASSERT_NE(last.attribute("small"), nullptr);
  EXPECT_EQ(last.dropped_attributes, 1u);
  EXPECT_TRUE(tracer_.start("again").is_recording());
}

TEST_F(HarmlessTest, DisabledAndShutDown) {
  Config config;
  config.disabled = true;
  configure(std::move(config));
  {
    auto span = tracer_.start("nothing");
    EXPECT_FALSE(span.is_recording());
    span.set("a", 1).event("b").fail("c");
    EXPECT_FALSE(Context::current().span().valid());
  }
  configure(Config());
  auto open = tracer_.start("open at shutdown");
  EXPECT_TRUE(shutdown());
  EXPECT_TRUE(shutdown());
  EXPECT_TRUE(flush());
  EXPECT_FALSE(tracer_.start("after").is_recording());
  open.set("still", "works").end();
  EXPECT_EQ(dropped(Drop::kShutdown), 1u);
  configure(Config());
  tracer_.start("a new beginning").end();
  EXPECT_THAT(spans.finished(), SizeIs(1));
}

TEST_F(HarmlessTest, ConfigurationsThatCannotBeAreRefused) {
  const auto refused = [](auto change) {
    Config config;
    config.on_problem = [](std::string_view) {};
    change(config);
    return !init(std::move(config));
  };
  EXPECT_TRUE(refused([](Config& c) { c.batch_spans = 0; }));
  EXPECT_TRUE(refused([](Config& c) { c.span_bytes = 100; }));
  EXPECT_TRUE(refused([](Config& c) { c.ring_bytes = 0; }));
  EXPECT_TRUE(refused([](Config& c) { c.exporters.push_back(nullptr); }));
  EXPECT_TRUE(refused([](Config& c) { c.processors.push_back(nullptr); }));
  tracer_.start("as before").end();
  EXPECT_THAT(spans.finished(), SizeIs(1));
}

TEST_F(HarmlessTest, ProcessorsChangeAndDrop) {
  struct Redact : Processor {
    bool on_end(SpanData& span, TextStore& texts) noexcept override {
      for (KeyValue& pair : span.attributes) {
        if (pair.key == "secret") pair.value = texts.keep(std::string(pair.value.text().size(), '*'));
      }
      return span.name != "health";
    }
  };
  Config config;
  config.processors.push_back(std::make_unique<Redact>());
  configure(std::move(config));
  {
    tracer_.start("pay").set("secret", "hunter2");
  }
  {
    tracer_.start("health");
  }
  EXPECT_EQ(*spans.finished().at(0).attribute("secret"), "*******");
  EXPECT_THAT(spans.finished(), SizeIs(1));
  EXPECT_EQ(dropped(Drop::kProcessor), 1u);
}

TEST_F(HarmlessTest, AnExporterThatHangsHoldsUpNobody) {
  auto gate = std::make_shared<Gate::State>();
  Config config;
  config.exit_flush_ms = 10;
  config.on_problem = [](std::string_view) {};
  config.exporters.push_back(std::make_unique<Gate>(gate));
  configure(std::move(config));
  gate->closed = true;
  tracer_.start("stuck").end();
  EXPECT_FALSE(flush(10));
  while (!gate->waiting) std::this_thread::yield();
  tracer_.start("behind it").end();
#if !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(in_child([&] {
              tracer_.start("child's").end();
              return flush() && stats().ended == 1 ? 0 : 1;
            }),
            0);
#endif
  EXPECT_FALSE(shutdown(10));
  gate->closed = false;
  configure(Config());
  tracer_.start("after it").end();
  const auto all = spans.finished();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().name, "after it");
}

TEST_F(HarmlessTest, AFlushFromTheBackgroundThreadDoesNotWaitForItself) {
  struct Flushing : Processor {
    bool on_end(SpanData&, TextStore&) noexcept override { return !flush(1000000); }
  };
  Config config;
  config.processors.push_back(std::make_unique<Flushing>());
  configure(std::move(config));
  tracer_.start("a").end();
  EXPECT_THAT(spans.finished(), SizeIs(1));
}

TEST_F(HarmlessTest, ThreadsAndConfigurationsComeAndGo) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        auto a = tracer_.start("a");
        std::thread([span = std::move(a), this]() mutable {
          auto b = tracer_.start("b");
          span.set("n", 1).event("e");
        }).join();
        auto c = tracer_.start("c");
      }
    });
  }
  for (int i = 0; i < 30; ++i) {
    configure(Config());
    tracer_.start("mine").end();
    flush();
    stats();
    if (i % 10 == 9) shutdown();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(HarmlessTest, AForksChildHasItsOwnSpansAndTheParentLosesNone) {
  SKIP_FORKS();
  tracer_.start("parent's").end();
  flush();
  auto open = tracer_.start("open at the fork");
  const SpanContext parent = open.span_context();
  const int code = in_child([&] {
    auto child = tracer_.start("child's");
    if (child.span_context().trace_id != parent.trace_id) return 1;
    child.end();
    open.end();
    {
      auto next = tracer_.start("root");
    }
    const auto all = spans.finished();
    if (all.size() != 2 || all[0].name != "child's" || all[0].parent_id != parent.span_id) return 2;
    if (all[1].name != "root" || all[1].parent_id.valid()) return 3;
    const Stats now = stats();
    if (now.ended != 3 || now.dropped[unsigned(Drop::kForked)] != 1 || now.dropped_in_all() != 1) return 4;
    for (const auto& [key, value] : all[0].resource) {
      if (key == "process.pid" && value != std::to_string(getpid())) return 5;
    }
    return in_child([&] {  // and the child's child
      tracer_.start("grandchild's").end();
      const auto mine = spans.finished();
      return mine.size() == 1 && mine[0].name == "grandchild's" ? 0 : 6;
    });
  });
  EXPECT_EQ(code, 0);
  open.end();
  const auto all = spans.finished();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].name, "parent's");
  EXPECT_EQ(all[1].name, "open at the fork");
}

TEST_F(HarmlessTest, IdsDifferAfterAFork) {
  SKIP_FORKS();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  tracer_.start("before").end();
  flush();
  ASSERT_EQ(in_child([&] {
              const SpanContext context = tracer_.start("x").span_context();
              return write(ends[1], &context, sizeof context) == sizeof context ? 0 : 1;
            }),
            0);
  SpanContext child;
  ASSERT_EQ(read(ends[0], &child, sizeof child), ssize_t(sizeof child));
  const SpanContext mine = tracer_.start("x").span_context();
  EXPECT_NE(child.trace_id, mine.trace_id);
  EXPECT_NE(child.span_id, mine.span_id);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(HarmlessTest, ForksAmongBusyThreads) {
  SKIP_FORKS();
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer's allocator is not there after a fork in the middle of another thread's allocation";
#endif
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        auto a = tracer_.start("busy");
        a.set("n", 1).event("e");
        std::thread([this] { tracer_.start("short").end(); }).join();
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(in_child([&] {
                tracer_.start("child's").end();
                std::thread([this] { tracer_.start("child's thread's").end(); }).join();
                return spans.finished().size() == 2 ? 0 : 1;
              }),
              0);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(HarmlessTest, ChildrenSendOverConnectionsOfTheirOwn) {
  SKIP_FORKS();
  Collector collector;
  OtlpHttpOptions options;
  options.url = collector.url();
  Config config;
  config.exporters.push_back(otlp_http_exporter(options));
  ASSERT_TRUE(init(std::move(config)));
  tracer_.start("parent's").end();
  ASSERT_TRUE(flush());
  EXPECT_EQ(in_child([&] {
              tracer_.start("child's").end();
              return flush() ? 0 : 1;
            }),
            0);
  tracer_.start("parent's").end();
  ASSERT_TRUE(flush());
  std::vector<int> connections;
  for (const auto& request : collector.requests()) {
    EXPECT_THAT(spans_of(request.body), SizeIs(1));
    connections.push_back(request.connection);
  }
  EXPECT_THAT(connections, ElementsAre(0, 1, 0));
}

// Runs `body`, which ends the process with exit(), in a child; the lines of the OTLP file it leaves.
template <typename Body>
std::vector<std::string> lines_after_exit(Body body) {
  char path[] = "/tmp/clew-client-test-XXXXXX";
  close(mkstemp(path));
  const pid_t child = fork();
  if (child == 0) {
    Config config;
    config.on_problem = [](std::string_view) {};
    config.exporters.push_back(otlp_file_exporter(path));
    init(std::move(config));
    body();
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  unlink(path);
  return lines;
}

TEST_F(HarmlessTest, ExitFlushes) {
  SKIP_FORKS();
  EXPECT_THAT(lines_after_exit([&] {
                tracer_.start("a").end();
                std::exit(0);
              }),
              SizeIs(1));
}

TEST_F(HarmlessTest, ExitInAnotherThreadWhileOthersAreBusy) {
  SKIP_FORKS();
  EXPECT_THAT(lines_after_exit([&] {
                tracer_.start("a").end();
                for (int i = 0; i < 3; ++i) {
                  std::thread([this] {
                    while (true) tracer_.start("busy").set("n", 1);
                  }).detach();
                }
                std::thread([] { std::exit(0); }).join();
              }),
              testing::Not(testing::IsEmpty()));
}

// Destroyed after the library's handler has run, for it was there before.
Span destroyed_late;

TEST_F(HarmlessTest, DestructorsAtExitMayEndSpans) {
  SKIP_FORKS();
  static Span destroyed_early;
  EXPECT_THAT(lines_after_exit([&] {
                destroyed_late = tracer_.start("late");
                destroyed_early = tracer_.start("early");
                std::exit(0);
              }),
              ElementsAre(testing::HasSubstr("\"early\"")));
}

TEST_F(HarmlessTest, AFullDiskTearsNoLine) {
  SKIP_FORKS();
  const auto lines = lines_after_exit([&] {
    const rlimit small{1500, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 0; i < 10; ++i) {
      tracer_.start("span").set("text", std::string(200, 'x')).end();
      flush();
    }
    const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &large);
    tracer_.start("last").end();
    std::exit(0);
  });
  ASSERT_GE(lines.size(), 2u);
  for (const std::string& line : lines) {
    EXPECT_EQ(line.substr(0, 18), "{\"resourceSpans\":[");
    EXPECT_EQ(line.substr(line.size() - 6), "]}]}]}");
  }
  EXPECT_THAT(lines.back(), testing::HasSubstr("\"last\""));
}

// A plug-in that was traced is unloaded: the library it brought stays, with its thread and its handlers.
TEST_F(HarmlessTest, DlcloseLeavesTheLibrary) {
  void* const library = dlopen(CLEW_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  auto* const its_flush = reinterpret_cast<bool (*)(uint32_t)>(dlsym(library, "_ZN4clew2v15flushEj"));
  ASSERT_NE(its_flush, nullptr);
  EXPECT_NE(its_flush, &flush);
  EXPECT_EQ(dlclose(library), 0);
  EXPECT_TRUE(its_flush(10));
}

TEST_F(HarmlessTest, SpansOfThreadLocalDestructors) {
  struct AtThreadEnd {
    Tracer tracer;
    ~AtThreadEnd() { tracer.start("at the end").end(); }
  };
  static pthread_key_t key;
  // Destructors of keys run after those of thread_local, in no order among themselves.
  pthread_key_create(&key, [](void* memory) { static_cast<Tracer*>(memory)->start("by a key").end(); });
  std::thread([this] {
    thread_local AtThreadEnd at_end{tracer_};
    pthread_setspecific(key, &tracer_);
    at_end.tracer.start("in the thread").end();
  }).join();
  EXPECT_THAT(spans.finished(), SizeIs(3));
  pthread_key_delete(key);
}

}  // namespace
}  // namespace clew
