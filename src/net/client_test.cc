#include "net/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/test_server.h"

namespace clew::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// A server that says fixed bytes: for each connection in turn it waits for the end of a header, answers and closes.
class Script {
 public:
  explicit Script(std::vector<std::string> answers) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, answers = std::move(answers)] {
      for (const std::string& answer : answers) serve(answer);
    });
  }
  ~Script() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::unique_ptr<Client> client(const char* scheme, milliseconds timeout = kPatience) const {
    return Client::make({scheme, "127.0.0.1", port, ""}, timeout);
  }
  uint16_t port = 0;

 private:
  void serve(const std::string& answer) {
    int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    std::string seen;
    char buffer[4096];
    ssize_t count = 0;
    while (seen.find("\r\n\r\n") == std::string::npos && (count = ::recv(fd, buffer, sizeof buffer, 0)) > 0) {
      seen.append(buffer, static_cast<size_t>(count));
    }
    ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
    while (::recv(fd, buffer, sizeof buffer, 0) > 0) {
    }
    ::close(fd);
  }

  int listener_;
  std::thread thread_;
};

TEST(Client, SpeaksToAServer) {
  TestServer server;
  auto client = server.client("http");
  Headers headers;
  headers.add("X-Test", "yes");
  EXPECT_EQ(client->call("POST", "/about?a=b", headers, "body")->body, "POST /about?a=b 11\nyes\nbody");
  EXPECT_EQ(client->call("GET", "/visits", {}, "")->body, "1");
  EXPECT_EQ(client->call("GET", "/visits", {}, "")->body, "2") << "the connection is kept";
  EXPECT_TRUE(client->call("GET", "/stream", {}, "")->body.ends_with("piece 99\n"));
  EXPECT_EQ(client->call("HEAD", "/about", {}, "")->body, "");
  EXPECT_EQ(client->call("GET", "/empty", {}, "")->status, 204);
  EXPECT_EQ(client->call("GET", "/large", {}, "")->body.size(), size_t{16} << 20);
  EXPECT_EQ(client->call("GET", "/visits", {}, "")->body, "3");
  auto prefixed = Client::make({"http", "127.0.0.1", server.port, "/a"}, kPatience);
  EXPECT_EQ(prefixed->call("GET", "/bout", {}, "")->status, 404);
  EXPECT_EQ(prefixed->call("GET", "bout", {}, "")->status, 200);
}

TEST(Client, SeesTheAnswerToABodyThatIsRefusedHalfway) {
  TestServer server({.body_bytes = 1000});
  auto client = server.client("http");
  EXPECT_EQ(client->call("POST", "/about", {}, std::string(7'000'000, 'x'))->status, 413);
  EXPECT_EQ(client->call("POST", "/about", {}, "x")->status, 200);
}

TEST(Client, ReconnectsWhenTheServerHasClosed) {
  std::string answer = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n";
  Script script({answer + "1", answer + "2"});
  auto client = script.client("http");
  EXPECT_EQ(client->call("GET", "/", {}, "")->body, "1");
  EXPECT_EQ(client->call("GET", "/", {}, "")->body, "2");
  for (const char* scheme : {"http", "grpc"}) {
    auto first = std::make_unique<TestServer>();
    auto again = first->client(scheme);
    ASSERT_TRUE(again->call("GET", "/visits", {}, ""));
    uint16_t port = first->port;
    first.reset();
    auto refused = again->call("GET", "/visits", {}, "");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(port)));
  }
}

TEST(Client, ReadsEveryFraming) {
  struct Case {
    const char* answer;
    const char* body;
  };
  for (const Case& c :
       {Case{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
        Case{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab"},
        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "ab"},
        Case{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab"}}) {
    Script script({c.answer});
    auto answer = script.client("http")->call("GET", "/", {}, "");
    ASSERT_TRUE(answer) << c.answer << answer.error().message;
    EXPECT_EQ(answer->body, c.body);
  }
}

TEST(Client, ErrorsSayWhatIsWrong) {
  struct Case {
    const char* scheme;
    const char* answer;
    ErrorCode code;
  };
  for (const Case& c :
       {Case{"http", "", ErrorCode::unavailable}, Case{"http", "HTTP/1.1 200 O", ErrorCode::unavailable},
        Case{"http", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", ErrorCode::unavailable},
        Case{"http", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", ErrorCode::unavailable},
        Case{"http", "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", ErrorCode::resource_exhausted},
        Case{"http", "SSH-2.0-OpenSSH\r\n\r\n", ErrorCode::unavailable},
        Case{"grpc", "HTTP/1.1 400 Bad Request\r\n\r\n", ErrorCode::unavailable},
        Case{"grpc", "", ErrorCode::unavailable}}) {
    Script script({c.answer});
    auto answer = script.client(c.scheme)->call("GET", "/", {}, "");
    ASSERT_FALSE(answer) << c.answer;
    EXPECT_EQ(answer.error().code, c.code) << c.answer << " -> " << answer.error().message;
  }
  EXPECT_EQ(Script({}).client("http")->call_grpc("/t.T/Echo", "", {}).error().code, ErrorCode::failed_precondition);
}

TEST(Client, GivesUpAtItsTimeOut) {
  TestServer server;
  for (const char* scheme : {"http", "grpc"}) {
    auto client = server.client(scheme, milliseconds(30));
    auto answer = client->call("GET", "/hold", {}, "");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::deadline_exceeded) << answer.error().message;
  }
}

TEST(Client, NobodyThere) {
  uint16_t port = TestServer().port;
  auto answer = Client::make({"http", "127.0.0.1", port, ""}, kPatience)->call("GET", "/", {}, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
}

}  // namespace
}  // namespace clew::net
