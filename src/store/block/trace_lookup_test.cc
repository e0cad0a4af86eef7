#include "store/block/trace_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mix.h"

namespace clew::store {
namespace {

std::vector<TraceRun> runs_of(uint32_t traces) {
  std::vector<TraceRun> out(traces);
  for (uint32_t i = 0; i < traces; ++i) out[i].id = {mix64(i, 1), mix64(i, 2)};
  return out;
}

std::vector<uint32_t> numbers_of(const TraceLookup& lookup, const std::string& numbers, TraceId id, uint64_t traces) {
  std::vector<uint32_t> out;
  lookup.find(id, [&](uint32_t position) {
    auto place = TraceLookup::number_place(position, traces);
    out.push_back(place.number(std::string_view(numbers).substr(place.offset, place.bytes)));
  });
  return out;
}

class TraceLookupTest : public testing::TestWithParam<uint32_t> {};

TEST_P(TraceLookupTest, KnowsItsTracesAndAlmostNoOther) {
  const uint32_t traces = GetParam();
  auto runs = runs_of(traces);
  auto [fingerprints, numbers] = TraceLookup::encode(runs);
  EXPECT_EQ(numbers.size(), TraceLookup::numbers_bytes(traces));
  auto lookup = TraceLookup::decode(fingerprints, traces);
  ASSERT_TRUE(lookup) << lookup.error().message;
  for (uint32_t i = 0; i < traces; ++i) {
    ASSERT_THAT(numbers_of(*lookup, numbers, runs[i].id, traces), testing::Contains(i));
  }
  size_t others = 0;
  for (uint32_t i = 0; i < 20'000; ++i) others += numbers_of(*lookup, numbers, {mix64(i, 7), i}, traces).size();
  EXPECT_LT(others, 40U);
  EXPECT_LE(lookup->bytes(), 64 + traces * 5 / 2);
}

INSTANTIATE_TEST_SUITE_P(Traces, TraceLookupTest, testing::Values(0, 1, 2, 15, 16, 31, 33, 1000, 65'536, 100'000));

TEST(TraceLookup, WhatIsNoneIsCorruption) {
  auto [fingerprints, numbers] = TraceLookup::encode(runs_of(100));
  EXPECT_FALSE(TraceLookup::decode(fingerprints, 99));
  EXPECT_FALSE(TraceLookup::decode(fingerprints, 101));
  EXPECT_FALSE(TraceLookup::decode(fingerprints.substr(1), 100));
  EXPECT_FALSE(TraceLookup::decode("", 0));
  EXPECT_FALSE(TraceLookup::decode("\x20", 0));
}

}  // namespace
}  // namespace clew::store
