#include "cli/trace_forest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "model/span_words.h"

namespace clew::cli {
namespace {

struct Given {
  uint64_t id;
  uint64_t parent;
  uint64_t start_ns;
  SpanKind kind = SpanKind::internal;
};

std::vector<ForestSpan> forest_of(const std::vector<Given>& given) {
  std::vector<ForestSpan> spans;
  for (const Given& one : given) {
    ForestSpan span;
    span.id = one.id;
    span.parent = one.parent;
    span.start_ns = one.start_ns;
    span.kind = static_cast<uint8_t>(one.kind);
    spans.push_back(span);
  }
  return spans;
}

// "1 .2 ..3 .4$": a dot per depth, $ after the last child of its parent, ? where the parent is missing, @ at a cycle.
std::string text_of(const std::vector<ForestSpan>& spans) {
  std::string out;
  for (const ForestLine& line : arrange(spans)) {
    out += fmt::format("{}{}{}{}{}{}", out.empty() ? "" : " ", std::string(line.depth, '.'), spans[line.span].id,
                       line.depth > 0 && line.last_child ? "$" : "", line.parent_missing ? "?" : "",
                       line.cycle ? "@" : "");
  }
  return out;
}

TEST(TraceForest, EverySpanStandsOnceWhateverTheParentsSay) {
  struct Case {
    const char* what;
    std::vector<Given> spans;
    const char* text;
  };
  for (const Case& c : {
           Case{"nothing", {}, ""},
           Case{"one", {{1, 0, 5}}, "1"},
           Case{"children by start, then id", {{4, 1, 7}, {3, 1, 7}, {2, 1, 9}, {1, 0, 5}}, "1 .3 .4 .2$"},
           Case{"grandchildren follow their parent",
                {{1, 0, 0}, {2, 1, 1}, {3, 2, 2}, {4, 1, 3}, {5, 4, 4}},
                "1 .2 ..3$ .4$ ..5$"},
           Case{"a child that starts before its parent", {{1, 0, 50}, {2, 1, 10}}, "1 .2$"},
           Case{"several roots", {{2, 0, 9}, {1, 0, 3}, {3, 2, 10}}, "1 2 .3$"},
           Case{"no root: the parent is missing", {{2, 1, 5}, {3, 2, 6}}, "2? .3$"},
           Case{"its own parent", {{1, 1, 5}, {2, 1, 6}}, "1? .2$"},
           Case{"a cycle opens at its earliest span", {{1, 2, 7}, {2, 3, 5}, {3, 1, 6}}, "2@ .1$ ..3$"},
           Case{"a cycle beside a tree", {{9, 0, 1}, {1, 2, 3}, {2, 1, 4}, {3, 2, 5}}, "9 1@ .2$ ..3$"},
           Case{"a shared id: the server's span has the children",
                {{1, 0, 0}, {2, 1, 1, SpanKind::client}, {2, 1, 2, SpanKind::server}, {3, 2, 3}},
                "1 .2 .2$ ..3$"},
       }) {
    EXPECT_EQ(text_of(forest_of(c.spans)), c.text) << c.what;
  }
}

TEST(TraceForest, IsNotBoundByDepth) {
  constexpr uint64_t kDepth = 50'000;
  std::vector<Given> chain;
  for (uint64_t i = 1; i <= kDepth; ++i) chain.push_back({i, i - 1, i});
  auto spans = forest_of(chain);
  auto lines = arrange(spans);
  ASSERT_EQ(lines.size(), kDepth);
  for (uint32_t i = 0; i < kDepth; ++i) ASSERT_EQ(lines[i].depth, i);
}

TEST(TraceForest, PlacesEachOfManySpansOnce) {
  constexpr uint64_t kSpans = 100'000;
  std::vector<Given> given;
  // Parents all over, cycles among them.
  for (uint64_t i = 1; i <= kSpans; ++i) given.push_back({i, i * 7919 % (kSpans + 50), i * 31 % 1000});
  auto spans = forest_of(given);
  std::set<uint32_t> placed;
  for (const ForestLine& line : arrange(spans)) placed.insert(line.span);
  EXPECT_EQ(placed.size(), kSpans);
}

}  // namespace
}  // namespace clew::cli
