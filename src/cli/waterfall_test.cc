#include "cli/waterfall.h"

#include <gmock/gmock.h>

#include <sstream>

#include "cli/terminal.h"
#include "model/span_words.h"

namespace clew::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr TraceId kDrawnTrace{0x0123456789abcdef, 0xfedcba9876543210};
constexpr uint64_t kDrawnStart = 1'700'000'000'000'000'000;
constexpr uint64_t kMs = 1'000'000;

ForestSpan span(uint64_t id, uint64_t parent, uint64_t start_ms, uint64_t duration_ms, std::string_view service,
                std::string_view name) {
  ForestSpan out;
  out.id = id;
  out.parent = parent;
  out.start_ns = kDrawnStart + start_ms * kMs;
  out.duration_ns = duration_ms * kMs;
  out.service = service;
  out.name = name;
  return out;
}

std::vector<ForestSpan> shop() {
  std::vector<ForestSpan> spans = {
      span(1, 0, 0, 100, "frontend", "GET /cart"), span(2, 1, 10, 40, "cart", "GetCart"),
      span(3, 2, 20, 20, "redis", "HGET"),         span(4, 1, 60, 30, "currency", "Convert"),
      span(5, 99, 95, 5, "late", "flush"),
  };
  spans[3].status = static_cast<uint8_t>(StatusCode::error);
  spans[3].status_message = "no rate for XYZ";
  return spans;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(Waterfall, DrawsATrace) {
  EXPECT_EQ(waterfall(kDrawnTrace, shop(), {80, false}), R"(trace 0123456789abcdeffedcba9876543210
2023-11-14 22:13:20.000 UTC  100 ms  5 spans  5 services  1 error
1 span is marked ? because the parent is not here.

frontend GET /cart                              100 ms ████████████████████████
├─cart GetCart                                 40.0 ms   ██████████
│ └─redis HGET                                 20.0 ms     █████
└─currency Convert                             30.0 ms!              ███████
    ! no rate for XYZ
? late flush                                   5.00 ms                       ██
)");
}

TEST(Waterfall, KeepsToItsWidth) {
  std::vector<ForestSpan> spans = shop();
  std::string long_name(500, 'n');
  for (ForestSpan& one : spans) one.name = long_name;
  // A chain far deeper than any terminal is wide.
  for (uint64_t i = 100; i < 400; ++i) spans.push_back(span(i, i == 100 ? 1 : i - 1, 1, 1, "deep", "µ-call"));
  for (int width : {40, 61, 80, 200}) {
    std::string text = waterfall(kDrawnTrace, spans, {width, false});
    for (const std::string& line : lines_of(text.substr(text.find("\n\n")))) {
      EXPECT_LE(columns_of(line), static_cast<size_t>(width)) << width << ": " << line;
    }
  }
}

TEST(Waterfall, ColoursOnlyWhereAsked) {
  EXPECT_THAT(waterfall(kDrawnTrace, shop(), {80, true}), HasSubstr("\x1b[31m"));
  EXPECT_THAT(waterfall(kDrawnTrace, shop(), {80, false}), Not(HasSubstr("\x1b")));
}

TEST(Waterfall, DoesNotPassOnControlCharacters) {
  std::vector<ForestSpan> spans = {span(1, 0, 0, 1, "a\x1b[2Jb", "x\ny\x9by\xc2\x9bz")};
  std::string text = waterfall(kDrawnTrace, spans, {80, false});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, Not(HasSubstr("x\ny")));
}

TEST(Waterfall, StandsNonsenseTimes) {
  std::vector<ForestSpan> spans = {span(1, 0, 0, 0, "a", "zero")};
  EXPECT_THAT(waterfall(kDrawnTrace, spans, {80, false}), HasSubstr("0 ns"));
  ForestSpan endless = spans[0];
  endless.id = 2;
  endless.start_ns = 0;
  endless.duration_ns = UINT64_MAX;
  spans.push_back(endless);
  EXPECT_EQ(lines_of(waterfall(kDrawnTrace, spans, {80, false})).size(), 6u);
}

}  // namespace
}  // namespace clew::cli
