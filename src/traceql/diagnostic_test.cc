#include "traceql/diagnostic.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "traceql/query.h"

namespace clew::traceql {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

Diagnostic refusal_of(std::string_view query) {
  auto parsed = parse(query);
  if (!parsed) return parsed.error();
  auto refused = check(*parsed, Support::tempo());
  EXPECT_TRUE(refused) << query;
  return refused.value_or(Diagnostic{});
}

TEST(Diagnostic, MessageHasTemposForm) {
  EXPECT_EQ(refusal_of("{ .a = }").message(),
            "parse error at line 1, col 8: unexpected }, expected an attribute, an intrinsic or a literal");
  EXPECT_EQ(refusal_of("{ name = 1 }").message(), "invalid at line 1, col 3: = joins a string and a int");
  EXPECT_EQ(refusal_of("{ .a }\n  >> { .b = }").message(),
            "parse error at line 2, col 13: unexpected }, expected an attribute, an intrinsic or a literal");
  EXPECT_EQ(refusal_of("{ status = \"error\" }").line(),
            "invalid: line 1, col 3: = joins a status and a string (statuses are ok, error and unset, without quotes)");
}

struct Place {
  std::string_view query;
  uint32_t line;
  uint32_t column;
  std::string_view marked;
};

TEST(Diagnostic, PointsAtThePart) {
  for (const Place& c : {
           Place{"{ .a = foo }", 1, 8, "foo"},
           Place{"{ .a = 1 && name = 2 }", 1, 13, "name = 2"},
           Place{"{ .a =~ \"[\" }", 1, 9, "\"[\""},
           Place{"{ .ä = \"ö\" && foo }", 1, 15, "foo"},
           Place{"{ }\n| count() > \n\"x\"", 3, 1, "\"x\""},
           Place{"{ .a = \"x\\qy\" }", 1, 10, "\\q"},
           Place{"{ } | rate() | topk(0)", 1, 21, "0"},
           Place{"{ } | quantile_over_time(duration, .5, 1.5)", 1, 40, "1.5"},
           Place{"{ } | avg(name) > 1", 1, 11, "name"},
           Place{"{ .a } >> { .b && parent.c }", 1, 19, "parent.c"},
           Place{"{ } | rate() by(.a", 1, 19, ""},
       }) {
    Diagnostic found = refusal_of(c.query);
    EXPECT_EQ(found.at.line, c.line) << c.query;
    EXPECT_EQ(found.at.column, c.column) << c.query;
    EXPECT_EQ(c.query.substr(found.where.begin, found.where.end - found.where.begin), c.marked) << found.message();
  }
}

struct Hinted {
  std::string_view query;
  std::string_view hint;
};

TEST(Diagnostic, SaysWhatToDo) {
  for (const Hinted& c : {
           Hinted{"{ nmae = 1 }", "did you mean name?"},
           Hinted{"{ rootservicename = 1 }", "did you mean rootServiceName?"},
           Hinted{"{ True }", "did you mean true?"},
           Hinted{"{ .a = eror }", "did you mean error?"},
           Hinted{"{ childCount > 2 }", "did you mean span:childCount?"},
           Hinted{"{ span:duraton > 1s }", "did you mean span:duration?"},
           Hinted{"{ trace:name = 1 }", "trace:rootName"},
           Hinted{"{ spn.a = 1 }", "did you mean span.a?"},
           Hinted{"{ resuorce.service.name = 1 }", "did you mean resource.service.name?"},
           Hinted{"{ service.name = 1 }", "resource.service.name"},
           Hinted{"{ trace.id = 1 }", "trace:id"},
           Hinted{"{ http = 1 }", "span.http"},
           Hinted{"{ .a == 1 }", "a single ="},
           Hinted{"{ .a = 1 and .b = 2 }", "&&"},
           Hinted{"{ .a = 'x' }", "\"…\""},
           Hinted{"{ .a = [1] }", "no lists"},
           Hinted{"{ .a >> .b }", "between spansets"},
           Hinted{"{ } | cuont() > 1", "did you mean count?"},
           Hinted{"{ } | quantile(duration, .9)", "quantile_over_time"},
           Hinted{"{ } | duration > 1s", "braces"},
           Hinted{"{ } | count()", "count() > 2"},
           Hinted{"{ } | rate() | > 10", "rate() > 10"},
           Hinted{"{ } | rate() + 1", "parentheses"},
           Hinted{"{ !duration > 1s }", "!(…)"},
           Hinted{"{ .a = \"x\" || \"y\" }", ".a = \"y\""},
       }) {
    EXPECT_THAT(refusal_of(c.query).hint, HasSubstr(c.hint)) << c.query;
  }
}

TEST(Diagnostic, DrawsACaret) {
  std::string_view query = "{ .a }\n\t>> { name = 1 }\n| count() > 2";
  EXPECT_EQ(render(refusal_of(query), query),
            "invalid at line 2, col 7: = joins a string and a int\n"
            "   >> { name = 1 }\n"
            "        ^~~~~~~~\n");
  query = "{ .ä = foo";
  EXPECT_THAT(render(refusal_of(query), query), HasSubstr("\n  { .ä = foo\n         ^~~\n  hint: "));
  query = "{ .a";
  EXPECT_THAT(render(refusal_of(query), query), EndsWith("\n  { .a\n      ^\n"));
}

TEST(Diagnostic, LongLinesAreCutAroundTheCaret) {
  std::string query = "{ ";
  for (int i = 0; i < 100; ++i) query += ".attribute = 1 && ";
  size_t wrong = query.size();
  query += "oops";
  for (int i = 0; i < 100; ++i) query += " && .attribute = 1";
  query += " }";
  std::string drawn = render(refusal_of(query), query);
  size_t line = drawn.find('\n') + 1;
  size_t caret_line = drawn.find('\n', line) + 1;
  std::string shown = drawn.substr(line, caret_line - line);
  EXPECT_LT(shown.size(), 120U);
  EXPECT_THAT(shown, StartsWith("  ... "));
  EXPECT_THAT(shown, EndsWith(" ...\n"));
  EXPECT_EQ(drawn.find("^~~~\n", caret_line) - caret_line, shown.find("oops"));
  EXPECT_EQ(refusal_of(query).where, (SourceRange{static_cast<uint32_t>(wrong), static_cast<uint32_t>(wrong + 4)}));
}

TEST(Diagnostic, RegexRefusalsNameTheReason) {
  EXPECT_THAT(refusal_of("{ .a =~ \"(a)\\\\1\" }").what, HasSubstr("backreference"));
  EXPECT_THAT(refusal_of("{ .a =~ `(?P<x>a)(?P=x)` }").what, HasSubstr("backreference"));
  EXPECT_THAT(refusal_of("{ .a =~ `a(?!b)` }").what, HasSubstr("looks ahead or behind"));
  EXPECT_THAT(refusal_of("{ .a =~ `((x{100}){100}){100}` }").what, HasSubstr("invalid repetition size"));
  EXPECT_THAT(refusal_of("{ .a =~ `\\pL{1000}` }").what, HasSubstr("too large"));
  EXPECT_THAT(refusal_of("{ .a =~ \"" + std::string(20000, 'x') + "\" }").what, HasSubstr("at most 16384"));
}

}  // namespace
}  // namespace clew::traceql
