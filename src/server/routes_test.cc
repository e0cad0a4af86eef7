#include "server/routes.h"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>

#include "net/client.h"
#include "net/server.h"

namespace clew::server {
namespace {

using testing::HasSubstr;

class NoSink final : public SpanSink {
 public:
  void append(std::string_view, const SpanBatch& batch, Done done) override {
    done(Accepted{batch.rows.size(), 0, batch.rejected});
  }
  Status check_room(uint64_t) const override { return {}; }
  uint32_t retry_delay_ms() const override { return 1000; }
  void forget(const Vocabulary&) override {}
};

class RoutesTest : public testing::Test {
 protected:
  RoutesTest() {
    api_.owns = [](std::string_view path) { return path.starts_with("/api/") || path == "/metrics"; };
    api_.handle = [](const net::Request& request, net::Responder responder) {
      responder.send(net::Response::text(200, "api " + request.path));
    };
  }

  void start(bool serves_all, std::string_view origins = {}) {
    routes_ = std::make_unique<Routes>(ingest_, serves_all, *Cors::parse(origins));
    server_ = net::Server::start(1, {.body_bytes = 1000});
    receive_port_ = listen(Purpose::receive);
    query_port_ = listen(Purpose::query);
  }
  void open() {
    ingest_.open(sink_);
    routes_->open(api_);
  }
  uint16_t listen(Purpose purpose) {
    auto port = server_->listen({"test", "127.0.0.1", 0, routes_->handler(purpose), routes_->refusal_answer(purpose)});
    EXPECT_TRUE(port);
    return port.value_or(0);
  }
  net::Response ask(uint16_t port, std::string_view method, std::string_view path, std::string_view type = {}) {
    net::Headers headers;
    if (!type.empty()) headers.add("content-type", std::string(type));
    auto client = net::Client::make({"http", "127.0.0.1", port, ""}, std::chrono::seconds(20));
    auto answer = client->call(method, path, std::move(headers), "");
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(net::Response{});
  }
  int export_status(uint16_t port) { return ask(port, "POST", "/v1/traces", "application/x-protobuf").status; }
  Result<std::string> call(uint16_t port, std::string_view method) {
    auto client = net::Client::make({"grpc", "127.0.0.1", port, ""}, std::chrono::seconds(20));
    return client->call_grpc(method, "", {});
  }

  static constexpr std::string_view kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

  env::ManualClock clock_;
  NoSink sink_;
  QueryApi api_;
  receive::Ingest ingest_{clock_, {}};
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<net::Server> server_;
  uint16_t receive_port_ = 0;
  uint16_t query_port_ = 0;
};

TEST_F(RoutesTest, OnLoopbackEveryPortServesEverything) {
  start(true);
  open();
  for (uint16_t port : {receive_port_, query_port_}) {
    EXPECT_EQ(export_status(port), 200);
    EXPECT_TRUE(call(port, kExport));
    EXPECT_EQ(ask(port, "GET", "/api/search").body, "api /api/search");
    EXPECT_EQ(ask(port, "GET", "/metrics").status, 200);
    EXPECT_EQ(ask(port, "GET", "/ready").status, 200);
  }
}

TEST_F(RoutesTest, BeyondLoopbackEachServesItsOwn) {
  start(false);
  open();
  EXPECT_EQ(export_status(receive_port_), 200);
  EXPECT_TRUE(call(receive_port_, kExport));
  auto elsewhere = ask(receive_port_, "GET", "/api/search");
  EXPECT_EQ(elsewhere.status, 404);
  EXPECT_THAT(elsewhere.body, HasSubstr("listen.share"));

  EXPECT_EQ(ask(query_port_, "GET", "/api/search").status, 200);
  EXPECT_EQ(export_status(query_port_), 404);
  auto refused = call(query_port_, kExport);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unimplemented);

  for (uint16_t port : {receive_port_, query_port_}) EXPECT_EQ(ask(port, "GET", "/ready").status, 200);
}

TEST_F(RoutesTest, UnknownPathsAndServices) {
  start(true);
  open();
  auto answer = ask(query_port_, "GET", "/nowhere");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(std::string(answer.headers.get("content-type")), HasSubstr("text/plain"));
  auto unknown = call(receive_port_, "/some.Service/Method");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::unimplemented);
  EXPECT_THAT(unknown.error().message, HasSubstr("/some.Service/Method"));
  EXPECT_EQ(ask(receive_port_, "POST", kExport, "application/grpc").status, 400);
}

TEST_F(RoutesTest, RefusesUntilTheStoreIsOpenAndIsNotReadyWhenStopping) {
  start(true);
  EXPECT_EQ(ask(query_port_, "GET", "/ready").status, 503);
  EXPECT_EQ(ask(query_port_, "GET", "/api/search").status, 503);
  EXPECT_EQ(export_status(receive_port_), 503);
  open();
  EXPECT_EQ(ask(query_port_, "GET", "/ready").status, 200);
  EXPECT_EQ(export_status(receive_port_), 200);
  routes_->stop();
  ingest_.stop();
  EXPECT_EQ(ask(query_port_, "GET", "/ready").status, 503);
  EXPECT_EQ(export_status(receive_port_), 503);
  EXPECT_EQ(ask(query_port_, "GET", "/api/search").status, 200);
}

TEST_F(RoutesTest, BrowsersOfAllowedOriginsAreAnsweredWhateverTheAnswerIs) {
  start(true, "https://app.example");
  open();
  auto client = net::Client::make({"http", "127.0.0.1", receive_port_, ""}, std::chrono::seconds(20));
  auto send = [&](std::string_view method, std::string_view origin, size_t bytes) {
    net::Headers headers;
    headers.add("origin", std::string(origin));
    headers.add("content-type", "application/json");
    if (method == "OPTIONS") headers.add("access-control-request-method", "POST");
    auto answer = client->call(method, "/v1/traces", std::move(headers), std::string(bytes, ' '));
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(net::Response{});
  };
  struct Case {
    const char* method;
    size_t bytes;
    int status, status_of_others;
  };
  // The last is refused by net, before the body has come.
  for (const Case& c : {Case{"OPTIONS", 0, 204, 405}, Case{"POST", 1, 400, 400}, Case{"POST", 2000, 413, 413}}) {
    auto allowed = send(c.method, "https://app.example", c.bytes);
    EXPECT_EQ(allowed.status, c.status);
    EXPECT_EQ(allowed.headers.get("access-control-allow-origin"), "https://app.example") << c.method << c.bytes;
    auto other = send(c.method, "https://other.example", c.bytes);
    EXPECT_EQ(other.status, c.status_of_others);
    EXPECT_EQ(other.headers.get("access-control-allow-origin"), "") << c.method << c.bytes;
    EXPECT_EQ(other.headers.get("vary"), "Origin");
  }
}

}  // namespace
}  // namespace clew::server
