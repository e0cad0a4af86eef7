#include "server/cors.h"

#include <gmock/gmock.h>

namespace clew::server {
namespace {

net::Request asking(std::string_view origin, std::string_view method, std::string_view headers = {}) {
  net::Request request;
  request.method = "OPTIONS";
  request.path = "/v1/traces";
  if (!origin.empty()) request.headers.add("Origin", std::string(origin));
  if (!method.empty()) request.headers.add("Access-Control-Request-Method", std::string(method));
  if (!headers.empty()) request.headers.add("Access-Control-Request-Headers", std::string(headers));
  return request;
}

TEST(Cors, AllowsTheOriginsThatAreNamed) {
  struct Case {
    const char* origins;
    const char* origin;
    bool allowed;
  };
  for (const Case& c : {
           Case{"", "https://a.example", false},
           Case{"https://a.example", "https://a.example", true},
           Case{"https://a.example", "HTTPS://A.example", true},
           Case{"https://a.example", "http://a.example", false},
           Case{"https://a.example", "https://a.example:8443", false},
           Case{"https://a.example", "https://a.example.evil", false},
           Case{"https://a.example", "", false},
           Case{" https://b.example ,http://localhost:*", "http://localhost:5173", true},
           Case{"https://b.example,http://localhost:*", "https://b.example", true},
           Case{"https://*.example", "https://x.y.example", true},
           Case{"https://*.example", "https://.exampl", false},
           Case{"https://*.example", "https://example", false},
           Case{"*", "null", true},
           Case{"*", "https://anything", true},
       }) {
    auto cors = Cors::parse(c.origins);
    ASSERT_TRUE(cors) << cors.error().message;
    auto answer = cors->preflight(asking(c.origin, "POST"));
    EXPECT_EQ(answer.has_value(), c.allowed) << c.origins << " " << c.origin;
    auto fields = cors->answer_fields(asking(c.origin, ""));
    EXPECT_EQ(fields.get("access-control-allow-origin"), c.allowed ? c.origin : "") << c.origins << " " << c.origin;
    EXPECT_EQ(fields.get("vary"), *c.origins ? "Origin" : "") << "caches must know, also of those that are refused";
  }
}

TEST(Cors, RefusesWhatIsNoOrigin) {
  for (const char* origins : {"a.example", "https://", "://a", "https://a/b", "https://*.*.a", "https://a,b", "**"}) {
    auto cors = Cors::parse(origins);
    ASSERT_FALSE(cors) << origins;
    EXPECT_THAT(cors.error().message, testing::HasSubstr("is not an origin"));
  }
  std::string many;
  for (int i = 0; i < 101; ++i) many += "https://a" + std::to_string(i) + ",";
  EXPECT_FALSE(Cors::parse(many));
}

TEST(Cors, AnswersABrowserThatAsksBeforehand) {
  auto cors = Cors::parse("https://a.example");
  ASSERT_TRUE(cors);
  auto answer = cors->preflight(asking("https://a.example", "POST", "content-type, X-Clew-Admin,x-scope-orgid, b@d"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(answer->headers.get("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(answer->headers.get("access-control-allow-methods"), "GET, POST");
  EXPECT_EQ(answer->headers.get("access-control-allow-headers"), "content-type, x-scope-orgid");
  EXPECT_EQ(answer->headers.get("access-control-max-age"), "7200");
  EXPECT_FALSE(cors->preflight(asking("https://a.example", ""))) << "an ordinary OPTIONS";
  net::Request post = asking("https://a.example", "POST");
  post.method = "POST";
  EXPECT_FALSE(cors->preflight(post));
}

}  // namespace
}  // namespace clew::server
