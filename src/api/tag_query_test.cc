#include "api/tag_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/logfmt.h"
#include "traceql/query.h"

namespace clew::api {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Logfmt, ReadsPairs) {
  struct Case {
    const char* text;
    Pairs pairs;
  };
  for (const Case& c : {
           Case{"", {}},
           Case{"   ", {}},
           Case{"a=b", {{"a", "b"}}},
           Case{" a=b  c=d ", {{"a", "b"}, {"c", "d"}}},
           Case{"a", {{"a", ""}}},
           Case{"a= b", {{"a", ""}, {"b", ""}}},
           Case{R"(a="x y")", {{"a", "x y"}}},
           Case{R"(a="" b=1)", {{"a", ""}, {"b", "1"}}},
           Case{R"(a="\"\\\n\u00e9")", {{"a", "\"\\\n\xc3\xa9"}}},
           Case{"http.url=/a/b?x", {{"http.url", "/a/b?x"}}},
       }) {
    auto pairs = parse_logfmt(c.text);
    ASSERT_TRUE(pairs) << c.text << pairs.error().message;
    EXPECT_EQ(*pairs, c.pairs) << c.text;
  }
}

TEST(Logfmt, RefusesWhatIsBrokenAndSaysWhere) {
  for (auto [text, position] : {std::pair{"=b", 1},
                                {"a=\"b", 3},
                                {"a=\"b\"c", 6},
                                {"a=b=c", 4},
                                {"a=\"\\x\"", 5},
                                {"a=\"\\u12\"", 8},
                                {"\"a\"=b", 1},
                                {"a=\"\\", 3}}) {
    auto pairs = parse_logfmt(text);
    ASSERT_FALSE(pairs) << text;
    EXPECT_THAT(pairs.error().message, testing::HasSubstr("position " + std::to_string(position) + " ")) << text;
  }
}

TEST(TagQuery, BecomesTraceQL) {
  struct Case {
    const char* tags;
    const char* min;
    const char* max;
    const char* traceql;
  };
  for (const Case& c : {
           Case{"", "", "", "{}"},
           Case{"service.name=shop", "", "", R"({ .service.name = "shop" })"},
           Case{"a=b c=\"d e\"", "", "", R"({ .a = "b" && .c = "d e" })"},
           Case{"n=200", "", "", R"({ (.n = "200" || .n = 200) })"},
           Case{"n=-1.5", "", "", R"({ (.n = "-1.5" || .n = -1.5) })"},
           Case{"ip=10.0.0.1", "", "", R"({ .ip = "10.0.0.1" })"},
           Case{"b=true", "", "", R"({ (.b = "true" || .b = true) })"},
           Case{"name=GET root.name=x root.service.name=y", "", "",
                R"({ name = "GET" && rootName = "x" && rootServiceName = "y" })"},
           Case{"status.code=error error=true", "", "", "{ status = error && status = error }"},
           Case{"error=false", "", "", R"({ (.error = "false" || .error = false) })"},
           Case{"", "100ms", "1m", "{ traceDuration >= 100ms && traceDuration <= 1m0s }"},
       }) {
    auto text = traceql_of_tags(c.tags, c.min, c.max);
    ASSERT_TRUE(text) << c.tags << text.error().message;
    EXPECT_EQ(*text, c.traceql);
  }
}

// Whatever a key or value holds, it stays one: no part of it becomes syntax.
TEST(TagQuery, IsAlwaysAValidQuery) {
  for (auto tags : {"a{}=1", "\"=x", "a\"b=c", "x(y)=z", "a=\"}) || {true\"", "a=\"\\\"\"", "a\\=1", "1=2", "-=+",
                    "a=-", "a=1e5", "a=99999999999999999999", "a=1.", "a=-", "a=1-2"}) {
    auto text = traceql_of_tags(tags, "", "");
    if (!text) continue;
    auto query = traceql::parse(*text);
    ASSERT_TRUE(query) << *text << query.error().message();
    EXPECT_FALSE(traceql::check(*query)) << *text;
  }
}

TEST(TagQuery, RefusesWordsThatMeanNothing) {
  EXPECT_FALSE(traceql_of_tags("status.code=500", "", ""));
  EXPECT_FALSE(traceql_of_tags("", "10", ""));
}

}  // namespace
}  // namespace clew::api
