// Large and deep queries: refused with a parse error, or served; never a crash, never a long wait.
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/counters.h"
#include "traceql/print.h"
#include "traceql/query.h"

namespace clew::traceql {
namespace {

using testing::HasSubstr;

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::optional<Diagnostic> syntax_error(std::string_view query, const ParseLimits& limits = {}) {
  auto parsed = parse(query, limits);
  if (parsed) return std::nullopt;
  EXPECT_EQ(parsed.error().kind, Verdict::parse_error);
  return parsed.error();
}

TEST(Limits, QueryText) {
  std::string query = "{ .a = \"" + std::string((128 << 10) - 11, 'x') + "\" }";
  ASSERT_EQ(query.size(), size_t{128} << 10);
  EXPECT_FALSE(syntax_error(query));
  query.insert(2, " ");
  auto refused = syntax_error(query);
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->line(), HasSubstr("at most 131072"));
  EXPECT_FALSE(syntax_error(query, {.text_bytes = query.size()}));
}

TEST(Limits, Nesting) {
  EXPECT_FALSE(syntax_error("{ " + repeat("(", 200) + ".a" + repeat(")", 200) + " }"));
  EXPECT_FALSE(syntax_error(repeat("(", 200) + "{ }" + repeat(")", 200)));
  constexpr ParseLimits kLong{.text_bytes = size_t{1} << 24};
  struct Opening {
    std::string_view first;
    std::string_view repeated;
  };
  for (const Opening& c :
       {Opening{"", "("}, Opening{"{ ", "("}, Opening{"{ ", "(.a = "}, Opening{"{ ", "!"}, Opening{"{ ", "- "},
        Opening{"{ ", "!-"}, Opening{"{ ", ".a ^ "}, Opening{"{ ", ".a && ("}, Opening{"", "({ } | "},
        Opening{"", "({ } && "}, Opening{"{ } | ", "("}, Opening{"{ } | avg", "("}, Opening{"{ } | by", "("},
        Opening{"{ } | ", "1 ^ "}, Opening{"{ } | compare({ ", "("}, Opening{"", "({ } | rate()) + ("}}) {
    auto refused = syntax_error(std::string(c.first) + repeat(c.repeated, 100000), kLong);
    ASSERT_TRUE(refused) << c.first << c.repeated;
  }
  auto refused = syntax_error("{ " + repeat("(", 100000), kLong);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->what, "nested deeper than 256 levels");
  EXPECT_FALSE(syntax_error("{ " + repeat("(", 5) + ".a" + repeat(")", 5) + " }", {.nesting = 7}));
  EXPECT_TRUE(syntax_error("{ " + repeat("(", 5) + ".a" + repeat(")", 5) + " }", {.nesting = 6}));
}

TEST(Limits, ThousandsOfAlternativesAreOneNode) {
  std::string query = "{ .a = 0" + repeat(" || .a = 1", 10000) + " }";
  auto parsed = parse(query);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(check(*parsed));
  EXPECT_EQ(print(*parsed), query);
}

struct Chain {
  std::string_view first;
  std::string_view next;
  std::string_view last;
};

TEST(Limits, ChainsHaveAGreatestHeight) {
  constexpr Support kEverything{.metrics = true, .parent = true, .scalar_expressions = true, .scalar_pipelines = true};
  for (const Chain& c : {
           Chain{"{ .a", " + 1", " = 1 }"},
           Chain{"{ .a", " = 1", " }"},
           Chain{"{ .a", " && .b || .c", " }"},
           Chain{"{ }", " >> { }", ""},
           Chain{"{ }", " && { }", ""},
           Chain{"({ } | { })", " && ({ } | { })", ""},
           Chain{"{ } | count()", " + 1", " > 2"},
           Chain{"({ } | count())", " + ({ } | count())", " > 2"},
           Chain{"({ } | rate())", " + 1", ""},
           Chain{"1", " + 1", " + ({ } | rate())"},
           Chain{"{ } | avg(.a", " + 1", ") > 2"},
       }) {
    std::string served = std::string(c.first) + repeat(c.next, 480) + std::string(c.last);
    auto parsed = parse(served);
    ASSERT_TRUE(parsed) << served.substr(0, 40) << render(parsed.error(), served);
    check(*parsed, kEverything);
    std::string canonical = print(*parsed);
    auto again = parse(canonical);
    ASSERT_TRUE(again) << canonical.substr(0, 40) << render(again.error(), canonical);
    EXPECT_EQ(print(*again), canonical);

    auto refused = syntax_error(std::string(c.first) + repeat(c.next, 5000) + std::string(c.last));
    ASSERT_TRUE(refused) << c.first;
    EXPECT_EQ(refused->what, "more than 1000 operators in one chain") << c.first;
  }
}

// The highest tree that one query can be: a chain of metrics around a chain of spansets around a chain of conditions.
TEST(Limits, TheHighestTreeIsWalkedByRecursion) {
  std::string condition = "{ .a" + repeat(" + 1", 300) + " = 1 }";
  std::string query = condition + repeat(" >> { }", 600);
  query = "(" + query + " | rate())" + repeat(" + 1", 990);
  auto parsed = parse(query);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_FALSE(check(*parsed, Support::tempo()));
  EXPECT_EQ(print(*parsed), query);
}

TEST(Limits, EachIsCounted) {
  struct Case {
    std::string_view limit;
    std::string query;
  };
  for (const Case& c : {Case{"query_text", std::string(200000, ' ')}, Case{"nesting", repeat("(", 300)},
                        Case{"operator_chain", "{ .a" + repeat(" + 1", 2000) + " = 1 }"},
                        Case{"regex_text", "{ .a =~ \"" + std::string(20000, 'x') + "\" }"},
                        Case{"regex_memory", "{ .a =~ `\\pL{1000}` }"}}) {
    Counter& refused =
        counter("clew_traceql_refused_total", "TraceQL queries refused by a limit", {{"limit", std::string(c.limit)}});
    int64_t before = refused.value();
    auto parsed = parse(c.query);
    EXPECT_TRUE(!parsed || check(*parsed)) << c.limit;
    EXPECT_EQ(refused.value(), before + 1) << c.limit;
  }
}

TEST(Limits, BytesThatAreNotUtf8AreRefusedWhereTheyStand) {
  for (std::string_view bad : {"{ .ä = \"\xff\" }", "{ .ä = \"\xef\xbf\" }", "{ .ä = \"\x80\" }", "{ .ä = \"\xef"}) {
    auto refused = syntax_error(bad);
    ASSERT_TRUE(refused) << bad;
    EXPECT_EQ(refused->where, (SourceRange{9, 10}));
    EXPECT_THAT(refused->what, HasSubstr("UTF-8"));
  }
}

}  // namespace
}  // namespace clew::traceql
