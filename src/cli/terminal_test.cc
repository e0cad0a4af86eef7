#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace clew::cli {
namespace {

TEST(Terminal, DurationsHaveThreeDigits) {
  struct Case {
    uint64_t duration_ns;
    const char* text;
  };
  for (const Case& c : {Case{0, "0 ns"}, Case{999, "999 ns"}, Case{1'000, "1.00 µs"}, Case{12'345, "12.3 µs"},
                        Case{123'456, "123 µs"}, Case{1'500'000, "1.50 ms"}, Case{36'800'000'000, "36.8 s"},
                        Case{90'000'000'000, "1.50 min"}, Case{7'200'000'000'000, "2.00 h"}}) {
    EXPECT_EQ(duration_text(c.duration_ns), c.text);
  }
}

TEST(Terminal, CountsBytesAndTimes) {
  EXPECT_EQ(counted(1, "trace"), "1 trace");
  EXPECT_EQ(counted(1000, "span"), "1,000 spans");
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'000), "1,000");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(uint64_t{3} << 30), "3.0 GiB");
  EXPECT_EQ(time_text(1'661'140'339'007'999'999), "2022-08-22 03:52:19.007");
  EXPECT_EQ(time_text(0), "1970-01-01 00:00:00.000");
}

TEST(Terminal, PrintableIsCutAtCharacters) {
  EXPECT_EQ(printable("plain"), "plain");
  EXPECT_EQ(printable("tab\there"), "tab here");
  EXPECT_EQ(printable("bell\a\x1b[31m\x7f"), "bell  [31m ");
  EXPECT_EQ(printable("c1\xc2\x9b!"), "c1 !");
  EXPECT_EQ(printable("naïve", 5), "naïve");
  EXPECT_EQ(printable("naïves", 5), "naïv…");
  EXPECT_EQ(printable("x", 0), "");
  EXPECT_EQ(columns_of(printable("日本語のなまえ", 4)), 4u);
}

}  // namespace
}  // namespace clew::cli
