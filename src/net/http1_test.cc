#include <gtest/gtest.h>

#include "net/test_server.h"

namespace clew::net {
namespace {

using std::chrono::milliseconds;

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nX-Test: yes\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string status_line(const std::string& head) {
  return head.substr(0, head.find("\r\n"));
}

TEST(Http1, KeepsTheConnection) {
  TestServer server;
  RawSocket socket = server.raw();
  for (int i = 1; i <= 3; ++i) {
    socket.send(get("/visits"));
    auto [head, body] = socket.read_answer();
    EXPECT_EQ(status_line(head), "HTTP/1.1 200 OK");
    EXPECT_EQ(body, std::to_string(i));
  }
}

TEST(Http1, RequestComesWholeHoweverItIsCut) {
  TestServer server;
  std::string sized = post("/about?q=1", "the body");
  std::string chunked =
      "PUT /about?q=1 HTTP/1.1\r\nHost: x\r\nX-Test: yes\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nthe\r\n5;x=y\r\n body\r\n0\r\nTrailer: x\r\n\r\n";
  for (const auto& [text, expected] : {std::pair{sized, "POST /about?q=1 11\nyes\nthe body"},
                                       std::pair{chunked, "PUT /about?q=1 11\nyes\nthe body"}}) {
    RawSocket by_bytes = server.raw();
    for (char c : text) by_bytes.send(std::string_view(&c, 1));
    EXPECT_EQ(by_bytes.read_answer().second, expected);
    for (size_t cut = 1; cut < text.size(); cut += 7) {
      by_bytes.send(text.substr(0, cut));
      by_bytes.send(text.substr(cut));
      EXPECT_EQ(by_bytes.read_answer().second, expected) << cut;
    }
  }
}

TEST(Http1, LargeBodiesOfBothFramings) {
  TestServer server;
  std::string body(5 << 20, 'b');
  body.back() = 'e';
  RawSocket socket = server.raw();
  socket.send(post("/hold", body));
  auto [sized, answer_sized] = server.held.take();
  EXPECT_TRUE(sized.body == body);
  answer_sized.send(Response::text(200, "ok"));
  EXPECT_EQ(socket.read_answer().second, "ok");
  std::string chunked = "POST /hold HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (size_t at = 0; at < body.size(); at += 100'000) {
    std::string_view piece = std::string_view(body).substr(at, 100'000);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    chunked.append(size).append(piece).append("\r\n");
  }
  socket.send(chunked + "0\r\n\r\n");
  auto [second, answer_second] = server.held.take();
  EXPECT_TRUE(second.body == body);
  answer_second.send(Response::text(200, "ok"));
  EXPECT_EQ(socket.read_answer().second, "ok");
}

TEST(Http1, PipelinedRequestsAreAnsweredInOrder) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(get("/hold") + get("/visits") + post("/about", "x") + get("/visits"));
  auto [request, responder] = server.held.take();
  responder.send(Response::text(200, "held"));
  EXPECT_EQ(socket.read_answer().second, "held");
  EXPECT_EQ(socket.read_answer().second, "1");
  EXPECT_EQ(socket.read_answer().second, "POST /about? 11\nyes\nx");
  EXPECT_EQ(socket.read_answer().second, "2");
}

TEST(Http1, ManyPipelinedRequestsOfAClientThatReadsLate) {
  TestServer server;
  RawSocket socket = server.raw(4096);
  std::string many;
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; ++i) many += get("/visits");
  std::thread sender([&] { EXPECT_TRUE(socket.send(many)); });
  sender.join();
  for (int i = 1; i <= kCount; ++i) ASSERT_EQ(socket.read_answer().second, std::to_string(i));
}

TEST(Http1, HeadAndEmptyAnswersHaveNoBody) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send("HEAD /about HTTP/1.1\r\nHost: x\r\n\r\n" + get("/empty") + get("/visits"));
  std::string head = socket.read_until("\r\n\r\n");
  EXPECT_NE(head.find("content-length: "), std::string::npos);
  std::string empty = socket.read_until("\r\n\r\n");
  EXPECT_EQ(status_line(empty), "HTTP/1.1 204 No Content");
  EXPECT_EQ(empty.find("content-length"), std::string::npos);
  EXPECT_EQ(socket.read_answer().second, "1");
}

TEST(Http1, StreamsInChunks) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(get("/stream") + "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n" + get("/visits"));
  std::string head = socket.read_until("\r\n\r\n");
  EXPECT_NE(head.find("transfer-encoding: chunked"), std::string::npos);
  EXPECT_EQ(head.find("content-length"), std::string::npos);
  std::string body = socket.read_until("0\r\n\r\n");
  EXPECT_TRUE(body.starts_with("8\r\npiece 0\n\r\n")) << body;
  EXPECT_NE(body.find("9\r\npiece 99\n\r\n"), std::string::npos);
  socket.read_until("\r\n\r\n");
  EXPECT_EQ(socket.read_answer().second, "1");
}

TEST(Http1, OldClients) {
  TestServer server;
  RawSocket once = server.raw();
  once.send("GET /visits HTTP/1.0\r\n\r\n");
  std::string answer = once.read_all();
  EXPECT_NE(answer.find("connection: close"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n1"));
  RawSocket streamed = server.raw();
  streamed.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  answer = streamed.read_all();
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("piece 99\n"));
  RawSocket kept = server.raw();
  kept.send("GET /visits HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto [head, body] = kept.read_answer();
  EXPECT_NE(head.find("connection: keep-alive"), std::string::npos);
  kept.send(get("/visits"));
  EXPECT_EQ(kept.read_answer().second, "2");
}

TEST(Http1, ContinueIsSentWhenTheBodyIsWanted) {
  TestServer server({.body_bytes = 10});
  RawSocket wanted = server.raw();
  wanted.send("POST /about HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(wanted.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.send("abc");
  EXPECT_EQ(wanted.read_answer().second, "POST /about? 11\n\nabc");
  RawSocket refused = server.raw();
  refused.send("POST /about HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(status_line(refused.read_all()), "HTTP/1.1 413 Content Too Large");
  RawSocket unknown = server.raw();
  unknown.send("POST /about HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(status_line(unknown.read_all()), "HTTP/1.1 417 Expectation Failed");
}

TEST(Http1, RefusesWhatIsMalformedAndCloses) {
  TestServer server({.header_bytes = 1000});
  struct Case {
    std::string request;
    const char* status;
  };
  for (const Case& c :
       {Case{"nonsense\r\n\r\n", "400"}, Case{"\x16\x03\x01\x02", "400"}, Case{"GET / HTTP/1.1\r\n\r\n", "400"},
        Case{"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"}, Case{"GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400"},
        Case{"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "505"}, Case{"PRI * HTTP/2.0\r\nHost: x\r\n\r\n", "505"},
        Case{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"},
        Case{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"},
        Case{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
        Case{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
        Case{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"},
        Case{"GET /" + std::string(1001, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "431"},
        Case{"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(980, 'a') + "\r\n\r\n", "431"},
        Case{"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(1000, 'a'), "431"}}) {
    RawSocket socket = server.raw();
    socket.send(c.request);
    std::string answer = socket.read_all();
    EXPECT_EQ(answer.substr(0, 12), std::string("HTTP/1.1 ") + c.status) << c.request.substr(0, 100);
    EXPECT_NE(answer.find("connection: close"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("\n")) << "no text says why: " << c.request.substr(0, 100);
  }
}

TEST(Http1, HeaderLimitHoldsForManySmallPieces) {
  TestServer server({.header_bytes = 1000});
  RawSocket socket = server.raw();
  socket.send("GET / HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 200 && socket.send("A: 12345\r\n"); ++i) {
  }
  EXPECT_EQ(socket.read_all().substr(0, 12), "HTTP/1.1 431");
}

TEST(Http1, BodyOverTheLimitIsRefused) {
  int64_t before = limit_count("body_bytes");
  TestServer server({.body_bytes = 1000});
  RawSocket exact = server.raw();
  exact.send(post("/about", std::string(1000, 'a')));
  EXPECT_EQ(status_line(exact.read_answer().first), "HTTP/1.1 200 OK");
  RawSocket announced = server.raw();
  announced.send("POST /about HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(announced.read_all().substr(0, 12), "HTTP/1.1 413");
  RawSocket chunked = server.raw();
  chunked.send("POST /about HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'a') +
               "\r\n1\r\n");
  EXPECT_EQ(chunked.read_all().substr(0, 12), "HTTP/1.1 413");
  EXPECT_EQ(limit_count("body_bytes") - before, 2);
}

// The answer must arrive although the client has sent megabytes that nobody reads.
TEST(Http1, RefusalReachesAClientThatKeepsSending) {
  TestServer server({.body_bytes = 1000});
  RawSocket socket = server.raw();
  socket.send("POST /about HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n");
  EXPECT_TRUE(socket.send(std::string(4'000'000, 'a')));
  EXPECT_EQ(socket.read_all().substr(0, 12), "HTTP/1.1 413");
}

TEST(Http1, RefusalReachesAClientThatReadsAfterAWholeBody) {
  TestServer server({.body_bytes = 12 << 20});
  RawSocket socket = server.raw();
  socket.send("POST /about HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
  EXPECT_TRUE(socket.send(std::string(11 << 20, 'a')));
  socket.end_sending();
  EXPECT_EQ(socket.read_all().substr(0, 12), "HTTP/1.1 413");
}

TEST(Http1, BodiesInReceptionShareABudget) {
  int64_t before = limit_count("buffered_bytes");
  TestServer server({.buffered_bytes = 1000});
  std::string request = post("/about", std::string(900, 'a'));
  auto status = [&] {
    RawSocket socket = server.raw();
    socket.send(request);
    return socket.read_until("\r\n").substr(9, 3);
  };
  EXPECT_EQ(status(), "200");
  RawSocket half = server.raw();
  half.send(request.substr(0, request.size() - 1));
  while (status() == "200") {  // until the server has read the half
  }
  EXPECT_EQ(status(), "503");
  EXPECT_EQ(limit_count("buffered_bytes") - before, 2);
  half.reset();
  while (status() == "503") {  // until it has noticed the reset
  }
  EXPECT_EQ(status(), "200");
}

TEST(Http1, TimeOutsCloseTheConnection) {
  constexpr milliseconds kShort{40};
  constexpr milliseconds kLong{60000};
  struct Case {
    const char* limit;
    ServerLimits limits;
    std::string sent;
    const char* answer;
  };
  ServerLimits header{.header_timeout = kShort, .body_timeout = kLong, .idle_timeout = kLong};
  ServerLimits body{.header_timeout = kLong, .body_timeout = kShort, .idle_timeout = kLong};
  ServerLimits idle{.header_timeout = kLong, .body_timeout = kLong, .idle_timeout = kShort};
  ServerLimits request{.header_timeout = kLong, .body_timeout = kLong, .request_timeout = kShort};
  for (const Case& c :
       {Case{"header_timeout", header, "", ""}, Case{"header_timeout", header, "PRI * HT", ""},
        Case{"header_timeout", header, "GET / HTTP/1.1\r\n", "HTTP/1.1 408"},
        Case{"body_timeout", body, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 408"},
        Case{"request_timeout", request, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 408"},
        Case{"request_timeout", request, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
             "HTTP/1.1 408"},
        Case{"idle_timeout", idle, get("/visits"), "HTTP/1.1 200"}}) {
    int64_t before = limit_count(c.limit);
    TestServer server(c.limits);
    RawSocket socket = server.raw();
    socket.send(c.sent);
    EXPECT_EQ(socket.read_all().substr(0, 12), c.answer) << c.limit << " " << c.sent;
    EXPECT_EQ(limit_count(c.limit) - before, 1) << c.limit << " " << c.sent;
  }
}

TEST(Http1, ClientThatNeverReadsIsClosed) {
  int64_t before = limit_count("write_timeout");
  TestServer server({.write_timeout = milliseconds(50)});
  RawSocket socket = server.raw(4096);
  socket.send(get("/hold"));
  auto [request, responder] = server.held.take();
  Flag gone;
  responder.begin(200, {});
  responder.on_gone([&] { gone.raise(); });
  responder.write(std::string(16 << 20, 'x'));
  EXPECT_TRUE(gone.wait());
  EXPECT_EQ(limit_count("write_timeout") - before, 1);
  EXPECT_TRUE(responder.gone());
}

TEST(Http1, WriterBeyondTheUnsentLimitIsToldToStop) {
  int64_t before = limit_count("unsent_bytes");
  TestServer server({.unsent_bytes = 1 << 20});
  RawSocket socket = server.raw(4096);
  socket.send(get("/hold"));
  auto [request, responder] = server.held.take();
  responder.begin(200, {});
  size_t accepted = 0;
  while (responder.write(std::string(64 << 10, 'x'))) {
    accepted += 64 << 10;
    ASSERT_LT(accepted, size_t{64} << 20);
  }
  EXPECT_EQ(limit_count("unsent_bytes") - before, 1);
  responder.end();
  std::string answer = socket.read_all();
  EXPECT_FALSE(answer.ends_with("0\r\n\r\n")) << "an answer that was cut off looks whole";
}

TEST(Http1, GoneClientIsNoticed) {
  TestServer server;
  for (bool by_reset : {false, true}) {
    auto socket = std::make_unique<RawSocket>(server.raw());
    socket->send(get("/hold"));
    auto [request, responder] = server.held.take();
    Flag gone;
    responder.on_gone([&] { gone.raise(); });
    if (by_reset) socket->reset();
    socket.reset();
    EXPECT_TRUE(gone.wait());
    EXPECT_TRUE(responder.gone());
    responder.send(Response::text(200, "harmless"));
  }
}

TEST(Http1, HalfClosedClientIsStillAnswered) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(get("/hold"));
  socket.end_sending();
  auto [request, responder] = server.held.take();
  responder.send(Response::text(200, "late"));
  EXPECT_TRUE(socket.read_all().ends_with("late"));
  RawSocket large = server.raw();
  large.send(get("/large"));
  large.end_sending();
  EXPECT_GT(large.read_all().size(), size_t{16} << 20);
}

TEST(Http1, DroppedResponderAnswers500) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(get("/drop") + get("/visits"));
  EXPECT_EQ(status_line(socket.read_answer().first), "HTTP/1.1 500 Internal Server Error");
  EXPECT_EQ(socket.read_answer().second, "1");
}

TEST(Http1, StreamDroppedHalfwayDoesNotLookWhole) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(get("/hold"));
  {
    auto [request, responder] = server.held.take();
    responder.begin(200, {});
    responder.write("half");
  }
  EXPECT_TRUE(socket.read_all().find("0\r\n\r\n") == std::string::npos);
}

}  // namespace
}  // namespace clew::net
