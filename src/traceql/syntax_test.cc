// The language, by the files of tests/traceql/syntax: each query gets the verdict of its file.
#include <gmock/gmock.h>

#include <string>

#include "traceql/print.h"
#include "traceql/query.h"
#include "traceql/syntax_files.h"

namespace clew::traceql {
namespace {

constexpr Support kEverything{.metrics = true, .parent = true, .scalar_expressions = true, .scalar_pipelines = true};

struct Judgement {
  Verdict verdict = Verdict::valid;
  std::string text;
};

Judgement judge(std::string_view query, Support support) {
  auto parsed = parse(query);
  if (!parsed) return {parsed.error().kind, render(parsed.error(), query)};
  auto refused = check(*parsed, support);
  if (refused) return {refused->kind, render(*refused, query)};
  return {};
}

void expect_verdict(const std::string& file, Support support, Verdict expected) {
  for (const SyntaxLine& line : read_syntax_file(file)) {
    Judgement found = judge(line.query, support);
    EXPECT_EQ(found.verdict, expected) << file << ":" << line.number << ": " << line.query << "\n"
                                       << name_of(found.verdict) << ", not " << name_of(expected) << "\n"
                                       << found.text;
  }
}

TEST(Syntax, Valid) {
  expect_verdict("valid.txt", Support{}, Verdict::valid);
  expect_verdict("valid.txt", Support::tempo(), Verdict::valid);
}
TEST(Syntax, MetricsAreValidAndNotExecutedYet) {
  expect_verdict("metrics.txt", Support::tempo(), Verdict::valid);
  expect_verdict("metrics.txt", Support{}, Verdict::unsupported);
}
TEST(Syntax, ParseErrors) {
  expect_verdict("parse_error.txt", kEverything, Verdict::parse_error);
}
TEST(Syntax, InvalidComesBeforeUnsupported) {
  expect_verdict("invalid.txt", Support{}, Verdict::invalid);
  expect_verdict("invalid.txt", kEverything, Verdict::invalid);
}
TEST(Syntax, Unsupported) {
  expect_verdict("unsupported.txt", Support{}, Verdict::unsupported);
  expect_verdict("unsupported.txt", Support::tempo(), Verdict::unsupported);
}

TEST(Syntax, EachFieldOfSupportAdmitsItsOwn) {
  struct Case {
    std::string_view query;
    Support support;
  };
  for (const Case& c :
       {Case{"{ } | rate()", {.metrics = true}}, Case{"{ parent.a = 1 } | by(parent.b)", {.parent = true}},
        Case{"{ parent = nil }", {.parent = true}},
        Case{"{ } | avg(duration) / max(duration) > 0.5", {.scalar_expressions = true}},
        Case{"{ } | 2 < count()", {.scalar_expressions = true}},
        Case{"({ } | count()) > 3", {.scalar_pipelines = true}}}) {
    EXPECT_EQ(judge(c.query, Support{}).verdict, Verdict::unsupported) << c.query;
    EXPECT_EQ(judge(c.query, c.support).verdict, Verdict::valid) << c.query;
  }
}

TEST(Syntax, CanonicalTextIsAFixedPointWithTheSameVerdict) {
  for (const char* file : {"valid.txt", "metrics.txt", "invalid.txt", "unsupported.txt"}) {
    for (const SyntaxLine& line : read_syntax_file(file)) {
      auto parsed = parse(line.query);
      ASSERT_TRUE(parsed) << line.query;
      std::string canonical = print(*parsed);
      auto again = parse(canonical);
      ASSERT_TRUE(again) << line.query << "\n" << canonical << "\n" << render(again.error(), canonical);
      EXPECT_EQ(print(*again), canonical) << line.query;
      EXPECT_EQ(print(*again, Parentheses::everywhere), print(*parsed, Parentheses::everywhere)) << line.query;
      EXPECT_EQ(judge(canonical, Support::tempo()).verdict, judge(line.query, Support::tempo()).verdict) << line.query;
    }
  }
}

TEST(Syntax, EveryDiagnosticPointsIntoTheTextAndSaysSomething) {
  for (const char* file : {"parse_error.txt", "invalid.txt", "unsupported.txt"}) {
    for (const SyntaxLine& line : read_syntax_file(file)) {
      auto parsed = parse(line.query);
      std::optional<Diagnostic> found = parsed ? check(*parsed, Support{}) : std::optional(parsed.error());
      ASSERT_TRUE(found) << line.query;
      EXPECT_LE(found->where.begin, found->where.end) << line.query;
      EXPECT_LE(found->where.end, line.query.size()) << line.query;
      EXPECT_FALSE(found->what.empty()) << line.query;
      EXPECT_THAT(found->line(), testing::Not(testing::HasSubstr("\n"))) << line.query;
    }
  }
}

}  // namespace
}  // namespace clew::traceql
