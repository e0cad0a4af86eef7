#include "store/displaced_traces.h"

#include <gmock/gmock.h>

#include "column/span_builder.h"

namespace clew::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kNow = 1'700'000'000'000'000'000;
constexpr uint64_t kSecond = 1'000'000'000;

TEST(DisplacedTracesTest, AnHourBeforeAndTenMinutesAfterAreStillInPlace) {
  struct Case {
    uint64_t start_ns, end_ns;
    bool displaced;
  };
  const Case cases[] = {
      {kNow, kNow, false},
      {kNow - 3600 * kSecond, kNow, false},
      {kNow - 3600 * kSecond - 1, kNow, true},
      {kNow + 600 * kSecond, kNow + 600 * kSecond, false},
      {kNow + 600 * kSecond + 1, kNow + 600 * kSecond + 1, true},
      {kNow, kNow + 600 * kSecond + 1, true},
      {kNow + 600 * kSecond + 1, kNow, true},  // the end before the start
      {0, kNow, true},
      {0, 0, true},
      {kNow, ~uint64_t{0}, true},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(is_displaced(one.start_ns, one.end_ns, kNow), one.displaced) << one.start_ns << " " << one.end_ns;
  }
  EXPECT_FALSE(is_displaced(0, 0, 5)) << "a receive time of less than an hour after 1970";
}

SpanRow row_of(uint64_t trace, uint64_t start_ns, uint64_t receive_ns) {
  SpanRow row;
  row.trace = {1, trace};
  row.span = start_ns | 1;
  row.start_ns = start_ns;
  row.end_ns = start_ns + 1;
  row.receive_ns = receive_ns;
  return row;
}

TEST(DisplacedTracesTest, ATraceGoesWhole) {
  SpanTable table;
  constexpr uint64_t kLater = kNow + 7200 * kSecond;
  table.append(row_of(1, kNow, kNow), {});
  table.append(row_of(2, kNow - 4000 * kSecond, kNow), {});
  table.append(row_of(1, kLater, kLater), {});
  table.append(row_of(2, kLater, kLater), {});
  table.append(row_of(3, kLater, kLater), {});
  table.append(row_of(4, kNow - 4000 * kSecond, kNow), {});
  table.publish();
  const TraceId continues[] = {{1, 2}, {1, 3}, {1, 9}};
  SortedOut five = sort_out_displaced(table, 5, continues);
  EXPECT_THAT(five.ordinary.rows, ElementsAre(0, 2, 4));
  EXPECT_THAT(five.displaced.rows, ElementsAre(1, 3));
  EXPECT_THAT(five.ordinary.continues, ElementsAre(TraceId{1, 3}));
  EXPECT_THAT(five.displaced.continues, ElementsAre(TraceId{1, 2}));
  SortedOut one = sort_out_displaced(table, 1, {});
  EXPECT_THAT(one.ordinary.rows, ElementsAre(0));
  EXPECT_THAT(one.displaced.rows, IsEmpty());
  EXPECT_THAT(sort_out_displaced(table, 0, {}).ordinary.rows, IsEmpty());
}

}  // namespace
}  // namespace clew::store
