#include "net/http.h"

#include <gtest/gtest.h>

#include "net/client.h"
#include "net/fields.h"
#include "net/http1_text.h"
#include "net/url_text.h"

namespace clew::net {
namespace {

TEST(Headers, AreFoundWithoutCaseAndTheFirstWins) {
  Headers headers;
  headers.add("Content-Type", "a");
  headers.add("content-type", "b");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "a");
  EXPECT_EQ(headers.get("content"), "");
}

TEST(Request, ParametersOfQueryAndForm) {
  struct Case {
    const char* query;
    const char* name;
    bool there;
    const char* value;
  };
  for (const Case& c :
       {Case{"q=a+b%20c", "q", true, "a b c"}, Case{"q=1&q=2", "q", true, "1"}, Case{"a=1&b&c=", "b", true, ""},
        Case{"a=1&b&c=", "c", true, ""}, Case{"a=1", "b", false, "otherwise"}, Case{"", "b", false, "otherwise"},
        Case{"a%2Fb=x=y", "a/b", true, "x=y"}, Case{"q=100%", "q", true, "100%"}, Case{"q=%zz%4", "q", true, "%zz%4"},
        Case{"&&q=1&", "q", true, "1"}}) {
    Request request;
    request.query = c.query;
    EXPECT_EQ(request.has_parameter(c.name), c.there) << c.query;
    EXPECT_EQ(request.parameter(c.name, "otherwise"), c.value) << c.query;
  }
  Request form;
  form.body = "q=from+body";
  EXPECT_FALSE(form.has_parameter("q"));
  form.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(form.parameter("q"), "from body");
}

TEST(Target, PathAndQuery) {
  struct Case {
    const char* target;
    const char* path;
    const char* query;
  };
  for (const Case& c : {Case{"/a/b?c=d", "/a/b", "c=d"}, Case{"/a%20b%2f", "/a b/", ""}, Case{"/", "/", ""},
                        Case{"http://host:1/x?y", "/x", "y"}, Case{"http://host", "/", ""}, Case{"*", "*", ""},
                        Case{"/x?http://y", "/x", "http://y"}, Case{"/x?a?b#c", "/x", "a?b"}, Case{"", "/", ""}}) {
    auto target = parse_target(c.target);
    ASSERT_TRUE(target) << c.target;
    EXPECT_EQ(target->path, c.path) << c.target;
    EXPECT_EQ(target->query, c.query) << c.target;
  }
  for (const char* bad : {"/%", "/%4", "/%zz", "/a%2"}) EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(Url, Parses) {
  struct Case {
    const char* text;
    const char* scheme;
    const char* host;
    int port;
    const char* prefix;
  };
  for (const Case& c :
       {Case{"http://localhost", "http", "localhost", 80, ""}, Case{"grpc://127.0.0.1", "grpc", "127.0.0.1", 4317, ""},
        Case{"HTTP://a:3200/tempo/", "http", "a", 3200, "/tempo"},
        Case{"http://[::1]:99/x/y", "http", "::1", 99, "/x/y"}, Case{"http://[::1]", "http", "::1", 80, ""}}) {
    auto url = Url::parse(c.text);
    ASSERT_TRUE(url) << c.text;
    EXPECT_EQ(url->scheme, c.scheme);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->prefix, c.prefix);
  }
  for (const char* bad : {"", "localhost:80", "https://a", "http://", "http://:80", "http://a:0", "http://a:65536",
                          "http://a:", "http://a:8x", "http://u@a", "http://a/?q", "http://[::1", "http://[::1]9",
                          "http://a b/", "ftp://a"}) {
    EXPECT_FALSE(Url::parse(bad)) << bad;
  }
}

TEST(Fields, Words) {
  EXPECT_TRUE(is_grpc_type("application/grpc"));
  EXPECT_TRUE(is_grpc_type("Application/gRPC+proto; x=y"));
  EXPECT_FALSE(is_grpc_type("application/grpc-web"));
  EXPECT_FALSE(is_grpc_type("application/json"));
  EXPECT_TRUE(has_token("keep-alive, Close", "close"));
  EXPECT_FALSE(has_token("closed", "close"));
  EXPECT_EQ(parse_length("12"), 12);
  for (const char* bad : {"", "-1", "+1", "1 ", "0x1", "99999999999999999999"}) EXPECT_EQ(parse_length(bad), -1) << bad;
}

TEST(Http1Head, CannotBeBrokenOutOf) {
  Headers headers;
  headers.add("x-evil", "a\r\nset-cookie: b");
  headers.add("bad name", "x");
  headers.add("bad\nname", "x");
  headers.add("Content-Length", "999");
  headers.add("Transfer-Encoding", "chunked");
  EXPECT_EQ(http1_head(200, headers, {.content_length = 3}),
            "HTTP/1.1 200 OK\r\nx-evil: a  set-cookie: b\r\ncontent-length: 3\r\n\r\n");
}

}  // namespace
}  // namespace clew::net
