#include "tick_map.h"

#include <gtest/gtest.h>

#include <cmath>

namespace clew {
namespace detail {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kUnix = 1'700'000'000 * kSecond;

// A machine whose TSC, monotonic and wall clock are what the test says.
struct Machine {
  double ghz = 3;
  double wall_rate = 1;  // of the wall clock against the monotonic one
  int64_t wall_step = 0;
  uint64_t monotonic = 5 * kSecond;

  TickMap::Reading at(uint64_t ns) const {
    const double wall = double(ns - 5 * kSecond) * wall_rate;
    return {uint64_t(double(ns) * ghz), uint64_t(int64_t(kUnix) + wall_step + int64_t(wall)), ns};
  }
};

double error_ns(const TickMap& map, const TickMap::Reading& truth) {
  return std::fabs(double(int64_t(map.unix_ns(truth.ticks) - truth.unix_ns)));
}

TEST(TickMap, FollowsASteadyClock) {
  const Machine machine;
  TickMap map;
  uint64_t now = machine.monotonic;
  map.begin(machine.at(now));
  for (int i = 0; i < 200; ++i) {
    now += i < 10 ? 1'000'000 : kSecond;
    if (map.due(now)) {
      ASSERT_TRUE(map.observe(machine.at(now)));
    }
    EXPECT_LT(error_ns(map, machine.at(now)), 2);
    EXPECT_LT(error_ns(map, machine.at(now - 500'000)), 2);
  }
}

TEST(TickMap, IsDueMoreOftenInTheFirstSecond) {
  const Machine machine;
  TickMap map;
  uint64_t now = machine.monotonic;
  map.begin(machine.at(now));
  int readings = 0;
  for (int ms = 1; ms <= 10'000; ++ms) {
    now += 1'000'000;
    if (!map.due(now)) continue;
    ++readings;
    map.observe(machine.at(now));
  }
  EXPECT_GE(readings, 15);
  EXPECT_LE(readings, 25);
}

TEST(TickMap, WorksOffADriftWithoutEverFalling) {
  Machine machine;
  machine.wall_rate = 1 + 300e-6;  // 0.3 ms a second, from the first reading on
  TickMap map;
  uint64_t now = machine.monotonic;
  map.begin(machine.at(now));
  uint64_t last = 0;
  for (int i = 0; i < 3000; ++i) {
    now += 100'000'000;
    if (map.due(now)) {
      ASSERT_TRUE(map.observe(machine.at(now)));
    }
    const uint64_t said = map.unix_ns(machine.at(now).ticks);
    EXPECT_GT(said, last);
    last = said;
    EXPECT_LT(error_ns(map, machine.at(now)), 1'000'000);
  }
}

TEST(TickMap, SaysTheSameAgain) {
  Machine machine;
  machine.wall_rate = 1 + 100e-6;
  TickMap map;
  uint64_t now = machine.monotonic;
  map.begin(machine.at(now));
  now += kSecond;
  map.observe(machine.at(now));
  const uint64_t tick = machine.at(now - 100'000'000).ticks;
  const uint64_t said = map.unix_ns(tick);
  for (int i = 0; i < 60; ++i) {
    now += kSecond;
    map.observe(machine.at(now));
    ASSERT_EQ(map.unix_ns(tick), said);
  }
  for (int i = 0; i < 20; ++i) map.observe(machine.at(now += kSecond));
  EXPECT_LT(std::fabs(double(int64_t(map.unix_ns(tick) - said))), 10'000'000);  // forgotten, and still near
}

TEST(TickMap, AStepOfTheWallClockIsFollowedAndLeavesDurationsAlone) {
  for (const int64_t step : {int64_t(5 * kSecond), -int64_t(3600 * kSecond)}) {
    Machine machine;
    TickMap map;
    uint64_t now = machine.monotonic;
    map.begin(machine.at(now));
    map.observe(machine.at(now += kSecond));
    const uint64_t start = machine.at(now + 100'000'000).ticks;
    machine.wall_step = step;
    map.observe(machine.at(now += kSecond));
    EXPECT_LT(error_ns(map, machine.at(now + 50)), 2);
    const uint64_t end = machine.at(now + 100'000'000).ticks;
    const uint64_t start_ns = map.unix_ns(start);
    EXPECT_LT(std::fabs(double(map.end_unix_ns(start, end) - start_ns) - double(kSecond)), 1000);
    EXPECT_EQ(map.end_unix_ns(end, start), map.unix_ns(end));  // never before its start
  }
}

TEST(TickMap, ARateThatChangesIsNotTrusted) {
  for (const double ghz : {3.1, 2.0, 0.0}) {
    Machine machine;
    TickMap map;
    uint64_t now = machine.monotonic;
    map.begin(machine.at(now));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(map.observe(machine.at(now += kSecond)));
    machine.ghz = ghz;  // all ticks are others, as after a migration
    bool trusted = true;
    for (int i = 0; i < 3; ++i) trusted = map.observe(machine.at(now += kSecond)) && trusted;
    EXPECT_FALSE(trusted) << ghz;
  }
}

TEST(TickMap, ReadsTheRealClocks) {
  const TickMap::Reading a = TickMap::read(), b = TickMap::read();
  EXPECT_GT(a.unix_ns, kUnix);
  EXPECT_GE(b.monotonic_ns, a.monotonic_ns);
  EXPECT_GE(b.ticks, a.ticks);
}

}  // namespace
}  // namespace detail
}  // namespace clew
