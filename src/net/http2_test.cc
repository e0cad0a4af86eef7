#include <gtest/gtest.h>

#include <map>

#include "base/bytes.h"
#include "net/content_encoding.h"
#include "net/test_server.h"

namespace clew::net {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr int kData = 0, kHeaders = 1, kPriority = 2, kReset = 3, kSettings = 4, kPing = 6, kGoaway = 7, kWindow = 8;
constexpr int kContinuation = 9;
constexpr int kEndStream = 1, kEndHeaders = 4;

std::string big_endian(uint32_t value, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
  return out;
}

std::string frame(int type, int flags, uint32_t stream, std::string_view payload) {
  std::string out = big_endian(static_cast<uint32_t>(payload.size()), 3);
  out.push_back(static_cast<char>(type));
  out.push_back(static_cast<char>(flags));
  return out.append(big_endian(stream, 4)).append(payload);
}

// A literal field without indexing (RFC 7541 section 6.2.2), lengths below 127 only.
std::string field(std::string_view name, std::string_view value) {
  std::string out(1, '\0');
  out.push_back(static_cast<char>(name.size()));
  out.append(name);
  out.push_back(static_cast<char>(value.size()));
  return out.append(value);
}

std::string request_fields(std::string_view method, std::string_view path) {
  return field(":method", method) + field(":scheme", "http") + field(":path", path) + field(":authority", "x");
}

std::string get(uint32_t stream, std::string_view path) {
  return frame(kHeaders, kEndStream | kEndHeaders, stream, request_fields("GET", path));
}

std::string start() {
  return std::string(kPreface) + frame(kSettings, 0, 0, "");
}

struct Frame {
  int type = -1;
  int flags = 0;
  uint32_t stream = 0;
  std::string payload;
};

uint32_t number(std::string_view bytes) {
  uint32_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

Frame read_frame(RawSocket& socket) {
  std::string head = socket.read_bytes(9);
  if (head.size() < 9) return {};
  Frame out;
  out.type = head[3];
  out.flags = head[4];
  out.stream = number(head.substr(5));
  out.payload = socket.read_bytes(number(head.substr(0, 3)));
  return out;
}

Frame read_frame(RawSocket& socket, int type) {
  Frame one;
  do {
    one = read_frame(socket);
  } while (one.type != type && one.type >= 0);
  return one;
}

uint32_t goaway_code(RawSocket& socket) {
  Frame goaway = read_frame(socket, kGoaway);
  return goaway.payload.size() < 8 ? 999 : number(std::string_view(goaway.payload).substr(4, 4));
}

TEST(Http2, RequestsAndAnswers) {
  TestServer server;
  auto client = server.client("grpc");
  Headers headers;
  headers.add("X-Test", "yes");
  auto answer = client->call("POST", "/about?q=1", headers, "the body");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "POST /about?q=1 20\nyes\nthe body");
  EXPECT_EQ(answer->headers.get("content-length"), std::to_string(answer->body.size()));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(client->call("GET", "/visits", {}, "")->body, std::to_string(i));
  EXPECT_EQ(client->call("GET", "/empty", {}, "")->status, 204);
  auto head = client->call("HEAD", "/about", {}, "");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->body, "");
  EXPECT_NE(head->headers.get("content-length"), "");
  EXPECT_EQ(client->call("GET", "/%zz", {}, "")->status, 400);
  EXPECT_EQ(client->call("GET", "/drop", {}, "")->status, 500);
}

TEST(Http2, StreamsWithTrailers) {
  TestServer server;
  auto answer = server.client("grpc")->call("GET", "/stream", {}, "");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->body.starts_with("piece 0\npiece 1\n"));
  EXPECT_TRUE(answer->body.ends_with("piece 99\n"));
  EXPECT_EQ(answer->trailers.get("x-count"), "100");
}

TEST(Http2, LargeBodiesBothWays) {
  TestServer server;
  auto client = server.client("grpc");
  std::string body(20 << 20, 'b');
  body[body.size() / 2] = 'm';
  auto answer = client->call("POST", "/about", {}, body);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->body.ends_with(body));
}

TEST(Grpc, UnaryCalls) {
  TestServer server;
  auto client = server.client("grpc");
  for (size_t size : {size_t{0}, size_t{1}, size_t{100'000}, size_t{10} << 20}) {
    std::string message(size, 'm');
    auto answer = client->call_grpc("/t.T/Echo", message, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(*answer == message) << size;
  }
  auto failed = client->call_grpc("/t.T/Fail", "x", {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(failed.error().message, "busy: 100% of \xe2\x82\xac");
  auto dropped = client->call_grpc("/t.T/Drop", "x", {});
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().code, ErrorCode::internal);
  auto unknown = client->call_grpc("/t.T/Nothing", "x", {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::unimplemented);
}

TEST(Grpc, CompressedMessage) {
  TestServer server;
  auto client = server.client("grpc");
  std::string compressed = encode_body("gzip", "message");
  std::string framed = grpc_frame(compressed);
  framed[0] = 1;
  Headers headers;
  headers.add("content-type", "application/grpc");
  headers.add("grpc-encoding", "gzip");
  auto answer = client->call("POST", "/t.T/Echo", headers, framed);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, grpc_frame("message"));
  EXPECT_EQ(answer->trailers.get("grpc-status"), "0");
}

TEST(Grpc, LimitsAnswerWithStatus) {
  TestServer server({.body_bytes = 1000});
  auto client = server.client("grpc");
  auto answer = client->call_grpc("/t.T/Echo", std::string(1000, 'x'), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::resource_exhausted) << answer.error().message;
  // The connection goes on, also while a large refused body is on its way.
  auto large = client->call_grpc("/t.T/Echo", std::string(9'000'000, 'x'), {});
  EXPECT_EQ(large.error().code, ErrorCode::resource_exhausted) << large.error().message;
  EXPECT_TRUE(client->call_grpc("/t.T/Echo", std::string(995, 'x'), {}));
  TestServer poor({.buffered_bytes = 100});
  auto busy = poor.client("grpc")->call_grpc("/t.T/Echo", std::string(500, 'x'), {});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::unavailable) << busy.error().message;
}

TEST(Http2, LimitsAnswerWithStatus) {
  TestServer server({.body_bytes = 1000, .header_bytes = 1000});
  auto client = server.client("grpc");
  EXPECT_EQ(client->call("POST", "/about", {}, std::string(1001, 'x'))->status, 413);
  Headers headers;
  headers.add("a", std::string(1000, 'x'));
  EXPECT_EQ(client->call("GET", "/about", headers, "")->status, 431);
  EXPECT_EQ(client->call("POST", "/about", {}, std::string(1000, 'x'))->status, 200);
  // No Content-Length: found when the data comes.
  TestServer impatient({.body_bytes = 1000, .body_timeout = milliseconds(100)});
  RawSocket socket = impatient.raw();
  socket.send(start() + frame(kHeaders, kEndHeaders, 1, request_fields("POST", "/about")) +
              frame(kData, 0, 1, std::string(1001, 'x')));
  EXPECT_EQ(read_frame(socket, kHeaders).stream, 1u);
  Frame reset = read_frame(socket, kReset);
  EXPECT_EQ(number(reset.payload), 0u) << "NO_ERROR after a complete early answer";
  socket.send(frame(kData, kEndStream, 1, "late") + get(3, "/visits"));
  EXPECT_EQ(read_frame(socket, kHeaders).stream, 3u);
}

TEST(Http2, PrefaceInPieces) {
  TestServer server;
  RawSocket socket = server.raw();
  for (char c : start() + get(1, "/visits")) socket.send(std::string_view(&c, 1));
  EXPECT_EQ(read_frame(socket, kHeaders).stream, 1u);
  EXPECT_EQ(read_frame(socket, kData).payload, "1");
}

TEST(Http2, GarbageEndsTheConnectionOnly) {
  TestServer server;
  for (const std::string& garbage :
       {std::string(kPreface) + std::string(100, '\xff'), std::string(kPreface) + "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        start() + frame(kData, 0, 1, "on an idle stream"), start() + frame(kHeaders, kEndHeaders, 2, "\x82"),
        start() + frame(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff"),
        start() + frame(kContinuation, 0, 1, "x"), start() + frame(kWindow, 0, 0, std::string(4, '\0')),
        start() + frame(kPing, 0, 0, "short"), start() + frame(kSettings, 0, 0, std::string("\0\5\0\0\0\1", 6)),
        start() + std::string("\xff\xff\xff\0\0\0\0\0\1", 9)}) {
    RawSocket socket = server.raw();
    socket.send(garbage);
    EXPECT_NE(goaway_code(socket), 0u);
    socket.read_all();
  }
  EXPECT_EQ(server.client("grpc")->call("GET", "/visits", {}, "")->body, "1");
}

TEST(Http2, MalformedRequestIsResetAlone) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(start() + frame(kHeaders, kEndStream | kEndHeaders, 1, field(":method", "GET")) + get(3, "/visits"));
  EXPECT_EQ(read_frame(socket, kReset).stream, 1u);
  EXPECT_EQ(read_frame(socket, kHeaders).stream, 3u);
}

TEST(Http2, ConcurrentStreamsAreAnsweredInAnyOrder) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(start() + get(1, "/hold?1") + get(3, "/hold?3") + get(5, "/hold?5"));
  std::map<std::string, Responder> responders;
  for (int i = 0; i < 3; ++i) {
    auto [request, responder] = server.held.take();
    responders.emplace(request.query, std::move(responder));
  }
  for (const char* name : {"5", "1", "3"}) {
    responders.at(name).send(Response::text(200, name));
    EXPECT_EQ(read_frame(socket, kHeaders).stream, static_cast<uint32_t>(name[0] - '0'));
    EXPECT_EQ(read_frame(socket, kData).payload, name);
  }
}

TEST(Http2, StreamsBeyondTheLimitAreRefused) {
  int64_t before = limit_count("streams_per_connection");
  TestServer server({.streams_per_connection = 2});
  RawSocket socket = server.raw();
  socket.send(start() + get(1, "/hold") + get(3, "/hold") + get(5, "/hold"));
  Frame reset = read_frame(socket, kReset);
  EXPECT_EQ(reset.stream, 5u);
  EXPECT_EQ(number(reset.payload), 7u) << "REFUSED_STREAM";
  EXPECT_EQ(limit_count("streams_per_connection") - before, 1);
}

TEST(Http2, ResetFloodEndsTheConnection) {
  int64_t before = limit_count("stream_resets");
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(start());
  std::string flood;
  for (uint32_t stream = 1; stream < 6001; stream += 2)
    flood += get(stream, "/visits") + frame(kReset, 0, stream, big_endian(8, 4));
  socket.send(flood);
  EXPECT_NE(goaway_code(socket), 0u);
  EXPECT_EQ(limit_count("stream_resets") - before, 1);
}

TEST(Http2, PingFloodOfAClientThatNeverReadsEnds) {
  TestServer server;
  RawSocket socket = server.raw(4096);
  socket.send(start());
  std::string pings;
  for (int i = 0; i < 10'000; ++i) pings += frame(kPing, 0, 0, "12345678");
  bool open = true;
  for (int i = 0; open && i < 200; ++i) open = socket.send(pings);
  EXPECT_FALSE(open);
}

TEST(Http2, FramesThatAskForNothingEndTheConnection) {
  for (const std::string& useless : {frame(kPing, 0, 0, "12345678"), frame(kSettings, 0, 0, ""),
                                     frame(kPriority, 0, 1, big_endian(0, 4) + "w"), frame(kData, 0, 3, "")}) {
    int64_t before = limit_count("control_frames");
    TestServer server({.control_frames = 100});
    RawSocket socket = server.raw();
    socket.send(start() + get(1, "/hold") + frame(kHeaders, kEndHeaders, 3, request_fields("POST", "/about")));
    std::thread reader([&] { EXPECT_EQ(goaway_code(socket), 11u) << "ENHANCE_YOUR_CALM"; });
    // More than one period's worth, so that its end in between does not matter.
    for (int i = 0; i < 300 && socket.send(useless); ++i) {
    }
    reader.join();
    EXPECT_EQ(limit_count("control_frames") - before, 1);
    server.held.take().second.send(Response::text(200, "late"));
  }
}

TEST(Http2, RequestsMakeUpForPings) {
  TestServer server({.control_frames = 20});
  RawSocket socket = server.raw();
  socket.send(start());
  for (uint32_t stream = 1; stream < 201; stream += 2) {
    for (int i = 0; i < 10; ++i) socket.send(frame(kPing, 0, 0, "12345678"));
    socket.send(get(stream, "/visits"));
    EXPECT_EQ(read_frame(socket, kHeaders).stream, stream);
  }
}

TEST(Http2, BodyThatIsNotAsLongAsAnnouncedIsResetAlone) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(start());
  std::string fields = request_fields("POST", "/about") + field("content-length", "5");
  uint32_t stream = 1;
  for (const char* body : {"", "four", "sixsix"}) {
    socket.send(frame(kHeaders, kEndHeaders, stream, fields) + frame(kData, kEndStream, stream, body));
    Frame reset = read_frame(socket, kReset);
    EXPECT_EQ(reset.stream, stream);
    EXPECT_EQ(number(reset.payload), 1u) << "PROTOCOL_ERROR";
    stream += 2;
  }
  socket.send(frame(kHeaders, kEndHeaders, stream, fields) + frame(kData, kEndStream, stream, "fives"));
  EXPECT_EQ(read_frame(socket, kHeaders).stream, stream);
}

TEST(Http2, GoneClientIsNoticed) {
  TestServer server;
  for (bool reset_stream : {true, false}) {
    auto socket = std::make_unique<RawSocket>(server.raw());
    socket->send(start() + get(1, "/hold"));
    auto [request, responder] = server.held.take();
    Flag gone;
    responder.on_gone([&] { gone.raise(); });
    if (reset_stream) {
      socket->send(frame(kReset, 0, 1, big_endian(8, 4)));
    } else {
      socket.reset();
    }
    EXPECT_TRUE(gone.wait());
    EXPECT_TRUE(responder.gone());
    responder.begin(200, {});
    EXPECT_FALSE(responder.write("harmless"));
    responder.end();
  }
}

TEST(Http2, StreamDroppedHalfwayIsReset) {
  TestServer server;
  RawSocket socket = server.raw();
  socket.send(start() + get(1, "/hold"));
  {
    auto [request, responder] = server.held.take();
    responder.begin(200, {});
    responder.write("half");
  }
  EXPECT_EQ(number(read_frame(socket, kReset).payload), 2u) << "INTERNAL_ERROR";
}

TEST(Http2, UnsentBytesAreLimited) {
  int64_t before = limit_count("unsent_bytes");
  TestServer server({.unsent_bytes = 1 << 20});
  RawSocket socket = server.raw();
  socket.send(start() + get(1, "/hold"));
  auto [request, responder] = server.held.take();
  responder.begin(200, {});
  size_t accepted = 0;
  // The client never opens its window of 64 KiB.
  while (responder.write(std::string(64 << 10, 'x'))) {
    accepted += 64 << 10;
    ASSERT_LT(accepted, size_t{64} << 20);
  }
  socket.send(get(3, "/visits"));
  Frame refused = read_frame(socket, kReset);
  EXPECT_EQ(refused.stream, 3u);
  EXPECT_EQ(number(refused.payload), 7u) << "REFUSED_STREAM";
  EXPECT_EQ(limit_count("unsent_bytes") - before, 2);
  responder.end();
  EXPECT_EQ(read_frame(socket, kReset).stream, 1u);
  socket.send(get(5, "/visits"));
  EXPECT_EQ(read_frame(socket, kHeaders).stream, 5u) << "the unsent bytes were not given back";
}

TEST(Http2, TimeOuts) {
  constexpr milliseconds kShort{40};
  constexpr milliseconds kLong{60000};
  struct Case {
    const char* limit;
    ServerLimits limits;
    std::string sent;
    int last_frame;
  };
  for (const Case& c :
       {Case{"idle_timeout", {.idle_timeout = kShort}, start(), kGoaway},
        Case{"idle_timeout", {.idle_timeout = kShort}, start() + get(1, "/visits"), kGoaway},
        Case{"header_timeout",
             {.header_timeout = kShort, .idle_timeout = kLong},
             start() + frame(kHeaders, 0, 1, request_fields("GET", "/visits")),
             kGoaway},
        Case{"body_timeout",
             {.body_timeout = kShort, .idle_timeout = kLong},
             start() + frame(kHeaders, kEndHeaders, 1, request_fields("POST", "/about")),
             kReset},
        Case{"request_timeout",
             {.request_timeout = kShort, .idle_timeout = kLong},
             start() + frame(kHeaders, kEndHeaders, 1, request_fields("POST", "/about")) + frame(kData, 0, 1, "x"),
             kReset},
        Case{"write_timeout", {.write_timeout = kShort, .idle_timeout = kLong}, start() + get(1, "/large"), kReset}}) {
    int64_t before = limit_count(c.limit);
    TestServer server(c.limits);
    RawSocket socket = server.raw();
    socket.send(c.sent);
    EXPECT_EQ(read_frame(socket, c.last_frame).type, c.last_frame) << c.limit;
    EXPECT_EQ(limit_count(c.limit) - before, 1) << c.limit;
  }
}

}  // namespace
}  // namespace clew::net
