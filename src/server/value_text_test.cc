#include "server/value_text.h"

#include <gmock/gmock.h>

#include <utility>

namespace clew::server {
namespace {

TEST(ValueText, Sizes) {
  const std::pair<const char*, uint64_t> cases[] = {
      {"0", 0},
      {"4096", 4096},
      {"4096B", 4096},
      {"64MiB", 64 << 20},
      {"4 GiB", 4ULL << 30},
      {"1.5KiB", 1536},
      {"10MB", 10'000'000},
      {"2TiB", 2ULL << 40},
      {"1kB", 1000},
      {"18446744073709551615", UINT64_MAX},
  };
  for (const auto& [text, bytes] : cases) {
    auto parsed = parse_size(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, bytes) << text;
  }
}

TEST(ValueText, WhatIsNoSize) {
  for (const char* text : {"", "MiB", "-1", "64mib", "64 MiB extra", "1e9", "1.2.3", "18446744073709551616",
                           "99999999999TiB", "1.5.", ".", "0x10", "NaN"}) {
    auto parsed = parse_size(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, testing::HasSubstr("is not a size such as 64MiB"));
  }
}

TEST(ValueText, Durations) {
  constexpr uint64_t kSecond = 1'000'000'000;
  const std::pair<const char*, uint64_t> cases[] = {
      {"0", 0},
      {"250ms", kSecond / 4},
      {"30s", 30 * kSecond},
      {"5m", 300 * kSecond},
      {"1h", 3600 * kSecond},
      {"7d", 604800 * kSecond},
      {"1.5h", 5400 * kSecond},
      {"1h30m", 5400 * kSecond},
      {"10us", 10'000},
  };
  for (const auto& [text, ns] : cases) {
    auto parsed = parse_duration_ns(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, ns) << text;
  }
}

TEST(ValueText, WhatIsNoDuration) {
  for (const char* text : {"", "5", "m", "-5s", "5 minutes", "1y", "999999999d", "300000d300000d", "1m30", "1h 30m"}) {
    auto parsed = parse_duration_ns(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, testing::HasSubstr("is not a duration such as"));
  }
}

TEST(ValueText, ShowsTheLargestUnitThatDivides) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(64 << 20), "64MiB");
  EXPECT_EQ(size_text(1536), "1536B");
  EXPECT_EQ(size_text(10240), "10KiB");
  EXPECT_EQ(duration_text(0), "0");
  EXPECT_EQ(duration_text(90'000'000'000), "90s");
  EXPECT_EQ(duration_text(300'000'000'000), "5m");
  EXPECT_EQ(duration_text(1'500'000), "1500us");
}

}  // namespace
}  // namespace clew::server
