#include "base/counters.h"

#include <gmock/gmock.h>

#include <thread>

namespace clew {
namespace {

using testing::HasSubstr;

TEST(Counters, TheSameNameAndLabelsAreTheSameCounter) {
  Counter& a = counter("clew_test_same_total", "h", {{"tenant", "a"}});
  Counter& b = counter("clew_test_same_total", "h", {{"tenant", "b"}});
  EXPECT_EQ(&a, &counter("clew_test_same_total", "h", {{"tenant", "a"}}));
  EXPECT_NE(&a, &b);
  a.add();
  a.add(4);
  EXPECT_EQ(a.value(), 5);
  EXPECT_EQ(b.value(), 0);
  Counter& level = gauge("clew_test_level_bytes", "h");
  level.set(10);
  level.add(-3);
  EXPECT_EQ(level.value(), 7);
}

TEST(Counters, RenderedAsPrometheusText) {
  counter("clew_test_render_total", "All of it.\nSecond \\ \"line\"", {{"why", "b"}}).add(2);
  counter("clew_test_render_total", "ignored", {{"why", "a\\b\"c\nd"}, {"x", ""}}).add(1);
  gauge("clew_test_render_bytes", "Size.").set(-1);
  EXPECT_THAT(render_counters(), HasSubstr("# HELP clew_test_render_bytes Size.\n"
                                           "# TYPE clew_test_render_bytes gauge\n"
                                           "clew_test_render_bytes -1\n"
                                           "# HELP clew_test_render_total All of it.\\nSecond \\\\ \"line\"\n"
                                           "# TYPE clew_test_render_total counter\n"
                                           "clew_test_render_total{why=\"a\\\\b\\\"c\\nd\",x=\"\"} 1\n"
                                           "clew_test_render_total{why=\"b\"} 2\n"));
}

TEST(Counters, AddedToAndRegisteredFromManyThreads) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 1000; ++i) {
        counter("clew_test_threads_total", "h", {{"i", std::to_string(i % 10)}}).add();
        if (i % 100 == t) render_counters();
      }
    });
  }
  threads.clear();
  int64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += counter("clew_test_threads_total", "h", {{"i", std::to_string(i)}}).value();
  EXPECT_EQ(sum, 4000);
}

TEST(CountersDeathTest, OneNameCannotBeTwoKinds) {
  counter("clew_test_kind_total", "h");
  EXPECT_DEATH(gauge("clew_test_kind_total", "h"), "CHECK failed at .*counters.cc");
}

}  // namespace
}  // namespace clew
