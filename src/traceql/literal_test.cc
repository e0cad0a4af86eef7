// Numbers, durations, strings: what is read, and that what is written reads back the same.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "traceql/duration.h"
#include "traceql/literal_text.h"

namespace clew::traceql {
namespace {

constexpr int64_t kSecond = 1000000000;

TEST(Duration, PrometheusFirstThenGo) {
  struct Case {
    std::string_view text;
    std::optional<int64_t> ns;
  };
  for (const Case& c : {
           Case{"1d2h", 26 * 3600 * kSecond},
           Case{"1y", 365 * 24 * 3600 * kSecond},
           Case{"1w1d", 8 * 24 * 3600 * kSecond},
           Case{"90s", 90 * kSecond},
           Case{"1h30m", 5400 * kSecond},
           Case{"100ms", 100000000},
           Case{"0s", 0},
           Case{"1.5s", 1500000000},
           Case{".5ms", 500000},
           Case{"1.s", kSecond},
           Case{"30m1h", 5400 * kSecond},
           Case{"1m1m", 120 * kSecond},
           Case{"1us", 1000},
           Case{"1\u00b5s", 1000},
           Case{"1\u03bcs", 1000},
           Case{"7ns", 7},
           Case{"1.9ns", 1},
           Case{"1.23456789s", 1234567890},
           Case{"0.000000001s", 1},
           Case{"9223372036854775807ns", std::numeric_limits<int64_t>::max()},
           Case{"9223372036854775808ns", std::nullopt},
           Case{"300y", std::nullopt},
           Case{"1.5d", std::nullopt},
           Case{"1us1d", std::nullopt},
           Case{"2h1d", std::nullopt},
           Case{"1", std::nullopt},
           Case{"s", std::nullopt},
           Case{".s", std::nullopt},
           Case{"1x", std::nullopt},
           Case{"", std::nullopt},
       }) {
    EXPECT_EQ(parse_duration(c.text), c.ns) << c.text;
  }
}

TEST(Duration, IsWrittenAsGoDoes) {
  struct Case {
    int64_t ns;
    std::string_view text;
  };
  for (const Case& c :
       {Case{0, "0s"}, Case{1, "1ns"}, Case{1100, "1.1\u00b5s"}, Case{2200000, "2.2ms"}, Case{1500000000, "1.5s"},
        Case{60 * kSecond, "1m0s"}, Case{3600 * kSecond, "1h0m0s"}, Case{5400 * kSecond + 1, "1h30m0.000000001s"},
        Case{-1500000, "-1.5ms"}, Case{std::numeric_limits<int64_t>::max(), "2562047h47m16.854775807s"},
        Case{std::numeric_limits<int64_t>::min(), "-2562047h47m16.854775808s"}}) {
    EXPECT_EQ(format_duration(c.ns), c.text);
  }
}

TEST(Duration, RoundTrips) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    auto ns = static_cast<int64_t>(random() >> (1 + random() % 63));
    EXPECT_EQ(parse_duration(format_duration(ns)), ns);
  }
}

TEST(Number, GoSyntax) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("0x1F"), 31);
  EXPECT_EQ(parse_integer("0b11"), 3);
  EXPECT_EQ(parse_integer("0o17"), 15);
  EXPECT_EQ(parse_integer("017"), 15);
  EXPECT_EQ(parse_integer("1_000"), 1000);
  EXPECT_EQ(parse_integer("0x_f"), 15);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (std::string_view bad : {"9223372036854775808", "0x", "08", "1__0", "1_", "0b2", "0o8"}) {
    EXPECT_FALSE(parse_integer(bad)) << bad;
  }
  EXPECT_EQ(parse_real("1.5"), 1.5);
  EXPECT_EQ(parse_real(".99"), 0.99);
  EXPECT_EQ(parse_real("1."), 1.0);
  EXPECT_EQ(parse_real("1e-3"), 1e-3);
  EXPECT_EQ(parse_real("0x1p-2"), 0.25);
  EXPECT_EQ(parse_real("1e-400"), 0.0);
  for (std::string_view bad : {"1e400", "1e", "1e+", "0x1.8", "1._5"}) EXPECT_FALSE(parse_real(bad)) << bad;
}

TEST(Number, RealsRoundTripAndStayReal) {
  std::mt19937_64 random(11);
  for (double value : {0.0, 1.0, 1e22, 1e-7, 123456789.0, 0.1}) {
    std::string text = format_real(value);
    EXPECT_TRUE(take_number(text).real) << text;
    EXPECT_EQ(parse_real(text), value) << text;
  }
  for (int i = 0; i < 20000; ++i) {
    double value =
        std::generate_canonical<double, 53>(random) * std::pow(10.0, static_cast<double>(random() % 600) - 300);
    std::string text = format_real(value);
    EXPECT_EQ(take_number(text).text, text);
    EXPECT_EQ(parse_real(text), value) << text;
  }
}

TEST(String, GoEscapes) {
  EXPECT_EQ(unescape("a\\n\\t\\\"\\\\b"), "a\n\t\"\\b");
  EXPECT_EQ(unescape("\\a\\b\\f\\r\\v"), "\a\b\f\r\v");
  EXPECT_EQ(unescape("\\x41\\101\\u0041\\U00000041"), "AAAA");
  EXPECT_EQ(unescape("\\u00e9\\u20ac\\U0001F600"), "é€😀");
  EXPECT_EQ(unescape("\\xff\\377"), "\xff\xff");
  for (std::string_view bad :
       {"\\q", "\\'", "\\x4", "\\xg0", "\\400", "\\8", "\\u12", "\\ud800", "\\U00110000", "\\"}) {
    EXPECT_FALSE(unescape(bad)) << bad;
  }
}

TEST(String, QuotesRoundTripAnyBytes) {
  std::mt19937_64 random(13);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes;
    for (uint64_t n = random() % 8; n > 0; --n) bytes += static_cast<char>(random() % (i % 2 ? 256 : 128));
    std::string quoted = quote(bytes);
    EXPECT_EQ(unescape(std::string_view(quoted).substr(1, quoted.size() - 2)), bytes) << quoted;
  }
}

}  // namespace
}  // namespace clew::traceql
