#include "store/trace_filter.h"

#include <gtest/gtest.h>

#include <random>

namespace clew::store {
namespace {

std::vector<TraceId> random_ids(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<TraceId> out(count);
  for (TraceId& id : out) id = {random(), random()};
  return out;
}

size_t count_known(const TraceFilter& filter, const std::vector<TraceId>& ids) {
  size_t known = 0;
  for (TraceId id : ids) known += filter.may_contain(id) ? 1 : 0;
  return known;
}

TEST(TraceFilterTest, KnowsEverythingItTookAndLittleElse) {
  TraceFilter filter(64 << 20);
  EXPECT_EQ(count_known(filter, random_ids(100, 1)), 0U);
  auto ids = random_ids(500'000, 2);
  for (TraceId id : ids) filter.add(id);
  EXPECT_EQ(count_known(filter, ids), ids.size());
  EXPECT_LT(count_known(filter, random_ids(100'000, 3)), 2'000U);
}

TEST(TraceFilterTest, ForgetsTheOldestBeyondItsLimit) {
  constexpr uint64_t kLimit = 1 << 20;
  TraceFilter filter(kLimit);
  auto ids = random_ids(1'000'000, 4);
  for (TraceId id : ids) {
    filter.add(id);
    ASSERT_LE(filter.allocated_bytes(), kLimit);
  }
  std::vector<TraceId> newest(ids.end() - 200'000, ids.end());
  std::vector<TraceId> oldest(ids.begin(), ids.begin() + 200'000);
  EXPECT_EQ(count_known(filter, newest), newest.size());
  EXPECT_LT(count_known(filter, oldest), 10'000U);
}

}  // namespace
}  // namespace clew::store
