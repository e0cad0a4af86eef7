#include "traceql/listed_traces.h"

#include <gtest/gtest.h>

#include <set>

namespace clew::traceql {
namespace {

TEST(ListedTraces, HoldWhatAnyListHolds) {
  EXPECT_TRUE(ListedTraces().empty());
  EXPECT_FALSE(ListedTraces().contains({1, 2}));
  for (uint64_t count : {1, 2, 3, 100, 5000}) {
    // Two lists that share a third of their ids; some ids differ in one half only.
    std::vector<TraceId> lists[2];
    std::set<TraceId> all;
    for (uint64_t i = 0; i < count; ++i) {
      TraceId id = i % 2 == 0 ? TraceId{0, i} : TraceId{mix64(i), i};
      if (i % 3 != 0) lists[0].push_back(id);
      if (i % 3 != 1) lists[1].push_back(id);
      all.insert(id);
    }
    const std::span<const TraceId> spans[2] = {lists[0], lists[1]};
    ListedTraces listed(spans);
    EXPECT_EQ(listed.size(), all.size());
    std::set<TraceId> seen;
    listed.for_each([&](TraceId id) { EXPECT_TRUE(seen.insert(id).second); });
    EXPECT_EQ(seen, all);
    for (uint64_t i = 0; i < count; ++i) {
      EXPECT_TRUE(listed.contains(i % 2 == 0 ? TraceId{0, i} : TraceId{mix64(i), i}));
      EXPECT_FALSE(listed.contains({i + 1, i}));
    }
  }
}

}  // namespace
}  // namespace clew::traceql
