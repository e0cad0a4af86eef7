#include "env/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace clew::env {
namespace {

TEST(Clock, TheSystemsClocks) {
  const auto before = static_cast<uint64_t>(std::time(nullptr)) - 1;
  const uint64_t seconds = system_clock().unix_ns() / 1'000'000'000;
  EXPECT_GE(seconds, before);
  EXPECT_LE(seconds, static_cast<uint64_t>(std::time(nullptr)) + 1);
  uint64_t last = system_clock().monotonic_ns();
  for (int i = 0; i < 1000; ++i) {
    uint64_t now = system_clock().monotonic_ns();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_EQ(&system_clock(), &system_clock());
}

TEST(Clock, TheManualClockMovesOnlyWhenTold) {
  ManualClock clock;
  const uint64_t unix_ns = clock.unix_ns();
  const uint64_t monotonic_ns = clock.monotonic_ns();
  EXPECT_EQ(clock.unix_ns(), unix_ns);
  clock.advance_ns(5);
  EXPECT_EQ(clock.unix_ns(), unix_ns + 5);
  EXPECT_EQ(clock.monotonic_ns(), monotonic_ns + 5);
  clock.set_unix_ns(7);
  EXPECT_EQ(clock.unix_ns(), 7u);
  EXPECT_EQ(clock.monotonic_ns(), monotonic_ns + 5);
}

}  // namespace
}  // namespace clew::env
