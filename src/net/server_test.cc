#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "net/test_server.h"

namespace clew::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

Handler ignore_all() {
  return [](Request, Responder) {};
}

TEST(Server, SaysWhyItCannotListen) {
  TestServer server;
  struct Case {
    const char* address;
    uint16_t port;
    ErrorCode code;
    std::string message;
  };
  for (const Case& c : {Case{"127.0.0.1", server.port, ErrorCode::already_exists,
                             "127.0.0.1:" + std::to_string(server.port) + " is already in use"},
                        Case{"localhost", 0, ErrorCode::invalid_argument, "'localhost' is not a numeric"},
                        Case{"192.0.2.1", 0, ErrorCode::unavailable, "cannot listen on 192.0.2.1:0"}}) {
    auto port = server.server->listen({"other", c.address, c.port, ignore_all()});
    ASSERT_FALSE(port);
    EXPECT_EQ(port.error().code, c.code);
    EXPECT_THAT(port.error().message, HasSubstr(c.message));
    EXPECT_THAT(port.error().message, HasSubstr("listener other"));
  }
}

TEST(Server, SeveralListenersAndThreadsServeBothVersions) {
  TestServer server({}, 3);
  auto second = server.server->listen({"second", "127.0.0.1", 0, [](Request request, Responder responder) {
                                         responder.send(Response::text(200, request.connection->listener));
                                       }});
  ASSERT_TRUE(second);
  for (const char* scheme : {"http", "grpc"}) {
    auto other = Client::make({scheme, "127.0.0.1", *second, ""}, kPatience);
    EXPECT_EQ(other->call("GET", "/", {}, "")->body, "second");
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      auto client = server.client(i % 2 ? "http" : "grpc");
      for (int call = 1; call <= 50; ++call) {
        auto answer = client->call("POST", "/visits", {}, std::string(static_cast<size_t>(call) * 1000, 'x'));
        ASSERT_TRUE(answer) << answer.error().message;
        ASSERT_EQ(answer->body, std::to_string(call));
        ASSERT_TRUE(client->call("GET", "/stream", {}, "")->body.ends_with("piece 99\n"));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(Server, SaysWhoIsThere) {
  TestServer server;
  EXPECT_THAT(server.client("http")->call("GET", "/peer", {}, "")->body, HasSubstr("127.0.0.1:"));
  Flag loopback;
  auto v6 = server.server->listen({"v6", "::1", 0, [&](Request request, Responder responder) {
                                     if (request.connection->loopback) loopback.raise();
                                     responder.send(Response::text(200, request.connection->peer));
                                   }});
  if (!v6) GTEST_SKIP() << "no IPv6 here: " << v6.error().message;
  auto client = Client::make({"http", "::1", *v6, ""}, kPatience);
  EXPECT_THAT(client->call("GET", "/", {}, "")->body, HasSubstr("[::1]:"));
  EXPECT_TRUE(loopback.wait());
}

TEST(Server, CountsRequestsAndConnections) {
  Counter& http11 = counter("clew_net_requests_total", "", {{"listener", "test"}, {"version", "1.1"}});
  Counter& http2 = counter("clew_net_requests_total", "", {{"listener", "test"}, {"version", "2"}});
  Counter& connections = gauge("clew_net_connections", "");
  int64_t before11 = http11.value(), before2 = http2.value(), open = connections.value();
  {
    TestServer server;
    auto first = server.client("http");
    auto second = server.client("grpc");
    ASSERT_TRUE(first->call("GET", "/visits", {}, ""));
    ASSERT_TRUE(second->call("GET", "/visits", {}, ""));
    EXPECT_EQ(http11.value() - before11, 1);
    EXPECT_EQ(http2.value() - before2, 1);
    EXPECT_EQ(connections.value() - open, 2);
  }
  EXPECT_EQ(connections.value(), open);
}

TEST(Server, ConnectionsBeyondTheLimitAreClosedAtOnce) {
  int64_t before = limit_count("connections");
  TestServer server({.connections = 2});
  RawSocket first = server.raw(), second = server.raw();
  for (RawSocket* socket : {&first, &second}) {
    socket->send("GET /visits HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(socket->read_answer().second, "1");
  }
  RawSocket third = server.raw();
  EXPECT_EQ(third.read_all(), "");
  EXPECT_EQ(limit_count("connections") - before, 1);
}

TEST(Server, AcceptingPausesWhenNoFileCanBeOpened) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own checks open files";
#endif
  int64_t before = limit_count("open_files");
  TestServer server;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  int free = ::dup(0);
  ASSERT_GE(free, 0);
  ::close(free);
  rlimit full{static_cast<rlim_t>(free) + 1, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  RawSocket socket = server.raw();  // the last one; the server has none for its side
  while (limit_count("open_files") == before) std::this_thread::yield();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  socket.send("GET /visits HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(socket.read_answer().second, "1");
}

Response spelled_out(const Request& head, const Refusal& refusal) {
  return Response::text(refusal.status, head.method + " " + head.path + " " +
                                            std::string(head.headers.get("content-type")) + " " +
                                            std::to_string(refusal.retry_delay.count()) + " " + refusal.message);
}

// Before the body (its length is announced) or while it comes; the client must be able to read it.
TEST(Server, ListenerRefusesInItsOwnForm) {
  struct Case {
    ServerLimits limits;
    int status;
    const char* text;
  };
  for (const Case& c : {Case{{.body_bytes = 1000}, 413, "POST /x a/b 0 the body exceeds the limit of 1000 bytes"},
                        Case{{.buffered_bytes = 1000},
                             503,
                             "POST /x a/b 1000 too many request bodies are being received; try again later"}}) {
    auto server = Server::start(1, c.limits);
    auto port = server->listen({"strict", "127.0.0.1", 0, ignore_all(), spelled_out});
    ASSERT_TRUE(port);
    for (const char* scheme : {"http", "grpc"}) {
      for (size_t size : {1001, 9'000'000}) {
        Headers headers;
        headers.add("content-type", "a/b");
        auto client = Client::make({scheme, "127.0.0.1", *port, ""}, kPatience);
        auto answer = client->call("POST", "/x?y", std::move(headers), std::string(size, 'x'));
        ASSERT_TRUE(answer) << scheme << " " << size << " " << answer.error().message;
        EXPECT_EQ(answer->status, c.status) << scheme << " " << size;
        EXPECT_EQ(answer->body, c.text) << scheme << " " << size;
      }
    }
  }
}

TEST(Server, StopAnswersWhatIsInFlight) {
  TestServer server;
  RawSocket http1 = server.raw();
  http1.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  auto [request1, responder1] = server.held.take();
  std::string body(2 << 20, 'g');
  std::thread call([&] {
    auto answer = server.client("grpc")->call_grpc("/t.T/Hold", "x", {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(*answer == body);
  });
  auto [request2, responder2] = server.held.take();
  RawSocket idle = server.raw();
  idle.send("GET /visits HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.read_answer();
  std::thread stop([&] { server.server->stop(kPatience); });
  EXPECT_EQ(idle.read_all(), "") << "an idle connection is closed";
  responder1.send(Response::text(200, "answered"));
  responder2.send(grpc_reply(body));
  std::string answer = http1.read_all();
  EXPECT_THAT(answer, HasSubstr("connection: close"));
  EXPECT_TRUE(answer.ends_with("answered")) << "the pipelined request is not begun";
  call.join();
  stop.join();
}

TEST(Server, StopGivesUpAfterTheGrace) {
  TestServer server;
  RawSocket http1 = server.raw();
  http1.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  auto [request, responder] = server.held.take();
  Flag gone;
  responder.on_gone([&] { gone.raise(); });
  server.server->stop(milliseconds(20));
  EXPECT_TRUE(gone.wait());
  EXPECT_EQ(http1.read_all(), "");
  responder.send(Response::text(200, "harmless"));
  auto late = Client::make({"http", "127.0.0.1", server.port, ""}, kPatience)->call("GET", "/visits", {}, "");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unavailable);
}

TEST(Server, ResponderOutlivesTheServer) {
  std::optional<std::pair<Request, Responder>> kept;
  {
    TestServer server;
    RawSocket socket = server.raw();
    socket.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    kept.emplace(server.held.take());
  }
  EXPECT_TRUE(kept->second.gone());
  bool called = false;
  kept->second.on_gone([&] { called = true; });
  EXPECT_TRUE(called);
  kept->second.begin(200, {});
  EXPECT_FALSE(kept->second.write("x"));
}

TEST(Server, StopUnderLoad) {
  for (int round = 0; round < 5; ++round) {
    TestServer server;
    std::vector<std::thread> threads;
    std::atomic<int> answered{0};
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        auto client = server.client(i % 2 ? "http" : "grpc");
        while (client->call("POST", i < 2 ? "/stream" : "/visits", {}, std::string(100'000, 'x'))) ++answered;
      });
    }
    while (answered < 20) std::this_thread::yield();
    server.server->stop(kPatience);
    for (auto& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace clew::net
