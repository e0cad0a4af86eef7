// How operators group, seen by printing every parenthesis; and what the canonical text keeps of them.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "traceql/print.h"
#include "traceql/query.h"

namespace clew::traceql {
namespace {

struct Case {
  std::string_view query;
  std::string_view text;
};

std::string printed(std::string_view query, Parentheses parentheses) {
  auto parsed = parse(query);
  return parsed ? print(*parsed, parentheses) : render(parsed.error(), query);
}

void expect_groups(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(printed(c.query, Parentheses::everywhere), c.text) << c.query;
}

TEST(Precedence, FieldExpressions) {
  expect_groups({
      {"{ .a || .b && .c }", "{ ((.a || .b) && .c) }"},
      {"{ .a && .b || .c }", "{ ((.a && .b) || .c) }"},
      {"{ .a && .b && .c || .d || .e }", "{ ((.a && .b && .c) || .d || .e) }"},
      {"{ .a && (.b && .c) }", "{ (.a && (.b && .c)) }"},
      {"{ .a = 1 && .b < 2 }", "{ ((.a = 1) && (.b < 2)) }"},
      {"{ .a = .b = .c }", "{ ((.a = .b) = .c) }"},
      {"{ 1 < .x < 3 }", "{ ((1 < .x) < 3) }"},
      {"{ .a =~ \"x\" = true }", "{ ((.a =~ \"x\") = true) }"},
      {"{ 1 + 2 * 3 ^ 4 = .a }", "{ ((1 + (2 * (3 ^ 4))) = .a) }"},
      {"{ 1 - 2 - 3 = .a }", "{ (((1 - 2) - 3) = .a) }"},
      {"{ 8 / 4 / 2 % 3 = .a }", "{ ((((8 / 4) / 2) % 3) = .a) }"},
      {"{ 2 ^ 3 ^ 2 = .a }", "{ ((2 ^ (3 ^ 2)) = .a) }"},
      {"{ .a + .b > .c - .d }", "{ ((.a + .b) > (.c - .d)) }"},
  });
}

TEST(Precedence, Prefixes) {
  expect_groups({
      {"{ -.a * .b = 1 }", "{ ((-(.a * .b)) = 1) }"},
      {"{ -.a ^ 2 = 1 }", "{ ((-(.a ^ 2)) = 1) }"},
      {"{ -.a + .b = 1 }", "{ (((-.a) + .b) = 1) }"},
      {"{ -1 ^ 2 = .a }", "{ ((-(1 ^ 2)) = .a) }"},
      {"{ (-1) ^ 2 = .a }", "{ (((-1) ^ 2) = .a) }"},
      {"{ .a * -.b * .c = 1 }", "{ ((.a * (-(.b * .c))) = 1) }"},
      {"{ .a * -.b + .c = 1 }", "{ (((.a * (-.b)) + .c) = 1) }"},
      {"{ .a - -1 - -1s = 1 }", "{ (((.a - (-1)) - (-1s)) = 1) }"},
      {"{ !.a && .b }", "{ ((!.a) && .b) }"},
      {"{ !.a = .b }", "{ ((!.a) = .b) }"},
      {"{ !.a + .b = 1 }", "{ (((!.a) + .b) = 1) }"},
      {"{ !.a * .b = 1 }", "{ ((!(.a * .b)) = 1) }"},
      {"{ !!.a }", "{ (!(!.a)) }"},
      {"{ --1 = .a }", "{ ((--1) = .a) }"},
  });
}

TEST(Precedence, Spansets) {
  expect_groups({
      {"{ .a } && { .b } >> { .c }", "({ .a } && ({ .b } >> { .c }))"},
      {"{ .a } >> { .b } && { .c }", "(({ .a } >> { .b }) && { .c })"},
      {"{ .a } || { .b } && { .c }", "(({ .a } || { .b }) && { .c })"},
      {"{ .a } && { .b } || { .c }", "(({ .a } && { .b }) || { .c })"},
      {"{ .a } >> { .b } ~ { .c }", "(({ .a } >> { .b }) ~ { .c })"},
      {"{ .a } > { .b } !~ { .c } &<< { .d }", "((({ .a } > { .b }) !~ { .c }) &<< { .d })"},
      {"{ .a } >> ({ .b } || { .c })", "({ .a } >> ({ .b } || { .c }))"},
      {"{ .a } | { .b } && { .c } | { .d }", "{ .a } | ({ .b } && { .c }) | { .d }"},
      {"({ .a } | { .b }) && ({ .c }) > ({ .d } | { .e })", "(({ .a } | { .b }) && (({ .c }) > ({ .d } | { .e })))"},
  });
}

TEST(Precedence, ScalarsAndMetrics) {
  expect_groups({
      {"{ } | count() + 1 * 2 > 3", "{ } | (count() + (1 * 2)) > 3"},
      {"{ } | count() - 1 - 2 > 3", "{ } | ((count() - 1) - 2) > 3"},
      {"{ } | -1 ^ 2 > count()", "{ } | (-1 ^ 2) > count()"},
      {"{ } | 2 ^ 3 ^ 4 > 1", "{ } | (2 ^ (3 ^ 4)) > 1"},
      {"({ } | count()) + ({ } | max(.a)) * 2 > 3", "(({ } | count()) + (({ } | max(.a)) * 2)) > 3"},
      {"({ } | rate()) + ({ } | rate()) * 2", "(({ } | rate()) + (({ } | rate()) * 2))"},
      {"({ } | rate()) - 1 - 2", "((({ } | rate()) - 1) - 2)"},
      {"1 - 2 - ({ } | rate())", "((1 - 2) - ({ } | rate()))"},
      {"({ } | rate()) / 2 > 3 | topk(1)", "(({ } | rate()) / 2 > 3 | topk(1))"},
      {"(({ } | rate()) / 2 > 3) / 2", "((({ } | rate()) / 2 > 3) / 2)"},
  });
}

TEST(Canonical, KeepsOnlyTheParenthesesThatMatter) {
  for (const Case& c : {
           Case{"{((.a)=(1))&&((.b)||(.c))}", "{ .a = 1 && (.b || .c) }"},
           Case{"{(.a||.b)&&.c}", "{ .a || .b && .c }"},
           Case{"{(.a&&.b)&&.c}", "{ .a && .b && .c }"},
           Case{"{-(.a*.b)=1}", "{ -.a*.b = 1 }"},
           Case{"{-(.a * .b) = 1}", "{ -.a * .b = 1 }"},
           Case{"{(-.a) * .b = 1}", "{ (-.a) * .b = 1 }"},
           Case{"{(-1)^2=.a}", "{ (-1) ^ 2 = .a }"},
           Case{"{.a - (.b - .c) = 1}", "{ .a - (.b - .c) = 1 }"},
           Case{"{ span:name=`x` }", "{ name = \"x\" }"},
           Case{"{ trace:duration>90s }", "{ traceDuration > 1m30s }"},
           Case{"{ span.\"a\".b = 1. }", "{ span.a.b = 1.0 }"},
           Case{"{ span.\"a b\" = 0x10 }", "{ span.\"a b\" = 16 }"},
           Case{"{ .\"5\" = minInt }", "{ .\"5\" = minInt }"},
           Case{"{ parent.\"span.x\" = parent.span.x }", "{ parent.\"span.x\" = parent.span.x }"},
           Case{"{ .a = \"\\x00\\xff\\\"\\\\\\n\" }", "{ .a = \"\\x00\\xff\\\"\\\\\\n\" }"},
           Case{"(({.a})>>({.b}))|by((.c))|coalesce()", "{ .a } >> { .b } | by(.c) | coalesce()"},
           Case{"({.a})", "{ .a }"},
           Case{"{}|compare({.a})", "{ } | compare({ .a }, 10)"},
           Case{"{}with(a=1)with(b=2)", "{ } with(a=1, b=2)"},
       }) {
    EXPECT_EQ(printed(c.query, Parentheses::needed), c.text) << c.query;
  }
}

TEST(Tree, KeepsTheValueAndThePlaceOfEachNode) {
  auto query = parse("{ .a = 1d2h } | max(.b) > -5");
  ASSERT_TRUE(query);
  const auto& elements = std::get<Pipeline>(std::get<PipelineExpression>(query->body).node).elements;
  ASSERT_EQ(elements.size(), 2U);
  auto source = [&](SourceRange where) { return query->text.substr(where.begin, where.end - where.begin); };
  const auto& filter = std::get<SpansetFilter>(std::get<SpansetExpression>(elements[0].node).node);
  const auto& comparison = std::get<Binary>(filter.condition->node);
  EXPECT_EQ(source(filter.condition->where), ".a = 1d2h");
  EXPECT_EQ(source(comparison.op_where), "=");
  const auto& attribute = std::get<Attribute>(comparison.left->node);
  EXPECT_EQ(attribute.name, "a");
  EXPECT_FALSE(attribute.scope);
  EXPECT_EQ(source(attribute.where), ".a");
  const auto& literal = std::get<Literal>(comparison.right->node);
  EXPECT_EQ(literal.type, Type::duration);
  EXPECT_EQ(literal.as_int(), 26LL * 3600 * 1000000000);
  EXPECT_EQ(source(elements[1].where), "max(.b) > -5");
  const auto& bound = std::get<Literal>(std::get<ScalarFilter>(elements[1].node).right.node);
  EXPECT_EQ(bound.as_int(), -5);
  EXPECT_EQ(source(bound.where), "-5");
}

}  // namespace
}  // namespace clew::traceql
