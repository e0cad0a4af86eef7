#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <thread>

#include "clew/instrument/beast_client.h"
#include "clew/instrument/beast_server.h"
#include "clew/instrument/curl.h"
#include "header_only/spans_for_test.h"

namespace clew {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using testing::HasSubstr;
using testing::Not;

class HttpTest : public SpansTest {
 protected:
  void TearDown() override {
    detail::http_names() = Names::kToday;
    SpansTest::TearDown();
  }
  // The attributes of a span, sorted, one "key=value" each.
  std::vector<std::string> attributes(const std::string& name) {
    std::vector<std::string> all;
    const FinishedSpan span = span_called(name);
    for (const auto& [key, value] : span.attributes) all.push_back(key + "=" + value);
    std::sort(all.begin(), all.end());
    return all;
  }
};

TEST(ConventionsTest, WordsOfTheVariable) {
  const struct {
    const char* list;
    Names http, database;
  } cases[] = {
      {"", Names::kToday, Names::kToday},
      {"http", Names::kToday, Names::kToday},
      {"http/dup", Names::kBoth, Names::kToday},
      {" database/dup , http", Names::kToday, Names::kBoth},
      {"http/old,database/old", Names::kBefore, Names::kBefore},
      {"http/old,http/dup", Names::kBoth, Names::kToday},
      {"http/dup,http/old", Names::kBoth, Names::kToday},
      {"httpx/dup,messaging/dup,,database/du", Names::kToday, Names::kToday},
  };
  for (const auto& [list, http, database] : cases) {
    EXPECT_EQ(names_from(list, "http"), http) << list;
    EXPECT_EQ(names_from(list, "database"), database) << list;
  }
}

TEST(ConventionsTest, HostsAndPorts) {
  const struct {
    const char *text, *host;
    uint16_t port;
  } cases[] = {{"shop", "shop", 0}, {"shop:80", "shop", 80},     {"[::1]:8080", "::1", 8080},
               {"[::1]", "::1", 0}, {"shop:x", "shop:x", 0},     {"", "", 0},
               {"a:70000", "a", 0}, {"a:999999", "a:999999", 0}, {"1.2.3.4:5", "1.2.3.4", 5},
               {"[", "[", 0}};
  for (const auto& [text, host, port] : cases) {
    uint16_t found;
    EXPECT_EQ(detail::host_and_port(text, found), host) << text;
    EXPECT_EQ(found, port) << text;
  }
}

TEST(ConventionsTest, SecretsInUrls) {
  const struct {
    const char *url, *clean;
  } cases[] = {
      {"http://shop/a?b=c", "http://shop/a?b=c"},
      {"http://ann:pass@shop/a", "http://REDACTED:REDACTED@shop/a"},
      {"http://ann@shop", "http://REDACTED:REDACTED@shop"},
      {"http://shop/a@b", "http://shop/a@b"},
      {"http://shop?x=1&sig=abc&y=2#z?sig=1", "http://shop?x=1&sig=REDACTED&y=2#z?sig=1"},
      {"https://s3/b?AWSAccessKeyId=K&Signature=S", "https://s3/b?AWSAccessKeyId=REDACTED&Signature=REDACTED"},
      {"http://shop?sig", "http://shop?sig"},
      {"http://shop?", "http://shop?"},
      {"http://shop?a&", "http://shop?a&"},
      {"shop/a?X-Goog-Signature=1", "shop/a?X-Goog-Signature=REDACTED"},
      {"", ""},
  };
  for (const auto& [url, clean] : cases) EXPECT_EQ(detail::redacted_url(url), clean);
}

TEST_F(HttpTest, ARequestFromClientToServer) {
  Request request(http::verb::post, "/orders/7?a=1&sig=secret", 11);
  request.set(http::field::host, "stock:8080");
  request.set(http::field::user_agent, "test/1");
  Response response(http::status::ok, 11);
  {
    auto client = beast_client_span(request, "http://stock:8080");
    std::thread([&] {
      BeastServerOptions options;
      options.route = "/orders/{id}";
      options.peer_address = "10.0.0.9";
      options.peer_port = 4711;
      auto server = beast_server_span(request, options);
      {
        auto work = tracer_.start("work");
      }
      beast_server_answered(server, response);
    }).join();
    beast_client_done(client, {}, response);
  }
  expect_child("POST /orders/{id}", "POST");
  expect_child("work", "POST /orders/{id}");
  EXPECT_TRUE(span_called("POST /orders/{id}").parent_remote);
  EXPECT_EQ(span_called("POST").kind, kClient);
  EXPECT_EQ(span_called("POST /orders/{id}").kind, kServer);
  EXPECT_EQ(span_called("POST").scope_name, "clew.beast");
  EXPECT_THAT(attributes("POST"),
              testing::ElementsAre("http.request.method=POST", "http.response.status_code=200",
                                   "network.protocol.version=1.1", "server.address=stock", "server.port=8080",
                                   "url.full=http://stock:8080/orders/7?a=1&sig=REDACTED"));
  EXPECT_THAT(attributes("POST /orders/{id}"),
              testing::ElementsAre(
                  "client.address=10.0.0.9", "http.request.method=POST", "http.response.status_code=200",
                  "http.route=/orders/{id}", "network.peer.address=10.0.0.9", "network.peer.port=4711",
                  "network.protocol.version=1.1", "server.address=stock", "server.port=8080", "url.path=/orders/7",
                  "url.query=a=1&sig=REDACTED", "url.scheme=http", "user_agent.original=test/1"));
}

TEST_F(HttpTest, NamesOfBefore) {
  Request request(http::verb::get, "/a?b=c", 11);
  request.set(http::field::host, "stock");
  Response response(http::status::ok, 11);
  detail::http_names() = Names::kBefore;
  {
    auto client = beast_client_span(request, "http://stock");
    beast_client_done(client, {}, response);
  }
  EXPECT_THAT(attributes("GET"),
              testing::ElementsAre("http.method=GET", "http.status_code=200", "http.url=http://stock/a?b=c",
                                   "net.peer.name=stock", "net.peer.port=80", "net.protocol.version=1.1"));
  spans.clear();
  {
    auto server = beast_server_span(request);
    beast_server_answered(server, response);
  }
  EXPECT_THAT(attributes("GET"),
              testing::ElementsAre("http.method=GET", "http.scheme=http", "http.status_code=200", "http.target=/a?b=c",
                                   "net.host.name=stock", "net.protocol.version=1.1"));
}

TEST_F(HttpTest, BothNames) {
  detail::http_names() = Names::kBoth;
  Request request(http::verb::get, "/a?b=c", 11);
  request.set(http::field::host, "stock");
  {
    BeastServerOptions options;
    options.route = "/a";
    auto server = beast_server_span(request, options);
    beast_server_answered(server, Response(http::status::ok, 11));
  }
  EXPECT_THAT(attributes("GET /a"),
              testing::ElementsAre("http.method=GET", "http.request.method=GET", "http.response.status_code=200",
                                   "http.route=/a", "http.scheme=http", "http.status_code=200", "http.target=/a?b=c",
                                   "net.host.name=stock", "net.protocol.version=1.1", "network.protocol.version=1.1",
                                   "server.address=stock", "url.path=/a", "url.query=b=c", "url.scheme=http"));
}

TEST_F(HttpTest, WhichAnswersAreErrors) {
  for (unsigned status : {200u, 302u, 404u, 500u, 503u}) {
    spans.clear();
    Request request(http::verb::get, "/", 11);
    Response response(http::status(status), 11);
    {
      auto client = beast_client_span(request, "http://a");
      auto server = beast_server_span(request);
      http_server_route(server, "GET", "/");
      beast_server_answered(server, response);
      beast_client_done(client, {}, response);
    }
    const std::string word = std::to_string(status);
    EXPECT_EQ(span_called("GET /").status, status >= 500 ? Status::kError : Status::kUnset) << status;
    EXPECT_EQ(value("GET /", "error.type"), status >= 500 ? word : "(none)");
    EXPECT_EQ(span_called("GET").status, status >= 400 ? Status::kError : Status::kUnset) << status;
    EXPECT_EQ(value("GET", "error.type"), status >= 400 ? word : "(none)");
  }
}

TEST_F(HttpTest, NoAnswer) {
  Request request(http::verb::get, "/", 11);
  {
    auto client = beast_client_span(request, "http://a", true, 2);
    beast_client_done(client, boost::asio::error::make_error_code(boost::asio::error::connection_refused), Response());
  }
  EXPECT_EQ(span_called("GET").status, Status::kError);
  EXPECT_THAT(span_called("GET").status_message, HasSubstr("efused"));
  EXPECT_EQ(value("GET", "error.type"), "system:111");
  EXPECT_EQ(value("GET", "http.request.resend_count"), "2");
  EXPECT_EQ(value("GET", "http.response.status_code"), "(none)");
}

TEST_F(HttpTest, AMethodNobodyKnows) {
  Request request;
  request.method_string("BREW");
  request.target("/pot");
  {
    auto server = beast_server_span(request);
  }
  EXPECT_EQ(value("HTTP", "http.request.method"), "_OTHER");
  EXPECT_EQ(value("HTTP", "http.request.method_original"), "BREW");
  expect_root("HTTP");
}

// Answers one request with a status, and keeps what it got.
class OneAnswer {
 public:
  explicit OneAnswer(http::status status) : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this, status] {
      tcp::socket socket = acceptor_.accept();
      boost::beast::flat_buffer buffer;
      http::read(socket, buffer, request);
      Response response(status, 11);
      response.keep_alive(false);
      response.prepare_payload();
      http::write(socket, response);
    });
  }
  ~OneAnswer() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

  Request request;

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

TEST_F(HttpTest, Curl) {
  OneAnswer server(http::status::not_found);
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, (server.url() + "/a?sig=1").c_str());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "x");
  curl_slist* const headers = curl_slist_append(nullptr, "X-Mine: yes");
  {
    auto a = tracer_.start("a");
    EXPECT_EQ(curl_perform(easy, headers), CURLE_OK);
  }
  server.join();
  curl_slist_free_all(headers);
  curl_easy_cleanup(easy);
  expect_child("POST", "a");
  EXPECT_EQ(server.request["X-Mine"], "yes");
  const FinishedSpan post = span_called("POST");
  const IdText ids(post.context);
  EXPECT_EQ(std::string(server.request["traceparent"]),
            "00-" + std::string(ids.trace_id) + "-" + std::string(ids.span_id) + "-03");
  EXPECT_EQ(value("POST", "url.full"), server.url() + "/a?sig=REDACTED");
  EXPECT_EQ(value("POST", "http.request.method"), "POST");
  EXPECT_EQ(value("POST", "http.response.status_code"), "404");
  EXPECT_EQ(value("POST", "network.protocol.version"), "1.1");
  EXPECT_EQ(value("POST", "error.type"), "404");
}

TEST_F(HttpTest, CurlWithoutAnAnswer) {
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
  EXPECT_EQ(curl_perform(easy, nullptr, "GET"), CURLE_COULDNT_CONNECT);
  curl_easy_cleanup(easy);
  EXPECT_EQ(value("GET", "error.type"), "curl:7");
  EXPECT_EQ(span_called("GET").status, Status::kError);
}

TEST_F(HttpTest, ACurlSpanThatIsNotFinished) {
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
  {
    CurlSpan span(easy);
    EXPECT_FALSE(Context::current().span().valid()) << "not current";
    span.span().set("mine", 1);
  }
  curl_easy_cleanup(easy);
  EXPECT_EQ(value("GET", "mine"), "1");
}

}  // namespace
}  // namespace clew
