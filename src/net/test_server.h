// For this room's tests: a plain blocking socket that says exactly the bytes it is told to, and a server with a few
// handlers. Every wait ends with a failure after kPatience.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/counters.h"
#include "net/client.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/rpc_status.h"
#include "net/server.h"

namespace clew::net {

inline constexpr std::chrono::seconds kPatience{20};

inline int64_t limit_count(const char* name) {
  return counter("clew_net_limit_total", "Times a network limit was reached.", {{"limit", name}}).value();
}

class RawSocket {
 public:
  // receive_bytes: a small receive buffer, for clients that do not read.
  explicit RawSocket(uint16_t port, int receive_bytes = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    timeval patience{kPatience.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (receive_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), seen_(std::move(other.seen_)) {}
  ~RawSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  // False when the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }
  void reset() {
    linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(fd_, -1));
  }
  // Reads until `mark` is there and answers everything up to its end; what follows stays for the next read.
  std::string read_until(std::string_view mark) {
    size_t at = 0;
    while ((at = seen_.find(mark)) == std::string::npos) {
      if (!more()) {
        ADD_FAILURE() << "the connection ended before '" << mark << "'; so far: " << seen_.substr(0, 2000);
        return {};
      }
    }
    std::string out = seen_.substr(0, at + mark.size());
    seen_.erase(0, at + mark.size());
    return out;
  }
  std::string read_bytes(size_t count) {
    while (seen_.size() < count) {
      if (!more()) {
        ADD_FAILURE() << "the connection ended after " << seen_.size() << " of " << count << " bytes";
        return {};
      }
    }
    std::string out = seen_.substr(0, count);
    seen_.erase(0, count);
    return out;
  }
  // Everything until the server closes.
  std::string read_all() {
    while (more()) {
    }
    return std::exchange(seen_, {});
  }
  // A whole answer with Content-Length: head, then body.
  std::pair<std::string, std::string> read_answer() {
    std::string head = read_until("\r\n\r\n");
    size_t at = head.find("content-length: ");
    if (at == std::string::npos) return {head, ""};
    return {head, read_bytes(std::stoul(head.substr(at + 16)))};
  }

 private:
  bool more() {
    char buffer[64 << 10];
    ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "nothing came for a long time";
    if (count <= 0) return false;
    seen_.append(buffer, static_cast<size_t>(count));
    return true;
  }

  int fd_;
  std::string seen_;
};

// Requests whose handler has not answered: the test does, from its own thread.
class Held {
 public:
  void put(Request request, Responder responder) {
    std::lock_guard lock(mutex_);
    waiting_.emplace_back(std::move(request), std::move(responder));
    changed_.notify_all();
  }
  std::pair<Request, Responder> take() {
    std::unique_lock lock(mutex_);
    bool there = changed_.wait_for(lock, kPatience, [this] { return !waiting_.empty(); });
    EXPECT_TRUE(there) << "no request was held";
    if (!there) std::abort();
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Request, Responder>> waiting_;
};

// A signal from a connection's thread to the test's.
class Flag {
 public:
  void raise() {
    std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

inline std::string about(const Request& request) {
  return request.method + " " + request.path + "?" + request.query + " " + std::to_string(request.http_version) + "\n" +
         std::string(request.headers.get("X-Test")) + "\n" + request.body;
}

class TestServer {
 public:
  explicit TestServer(ServerLimits limits = {}, int threads = 2) : server(Server::start(threads, limits)) {
    auto bound = server->listen({"test", "127.0.0.1", 0, [this](Request request, Responder responder) {
                                   handle(std::move(request), std::move(responder));
                                 }});
    EXPECT_TRUE(bound) << bound.error().message;
    port = bound.value_or(0);
  }

  RawSocket raw(int receive_bytes = 0) const { return RawSocket(port, receive_bytes); }
  std::unique_ptr<Client> client(const char* scheme, std::chrono::milliseconds timeout = kPatience) const {
    return Client::make({scheme, "127.0.0.1", port, ""}, timeout);
  }

  Held held;
  std::unique_ptr<Server> server;
  uint16_t port = 0;

 private:
  void handle(Request request, Responder responder) {
    if (request.path == "/hold" || request.path == "/t.T/Hold")
      return held.put(std::move(request), std::move(responder));
    if (request.path == "/drop" || request.path == "/t.T/Drop") return;
    if (request.path == "/about") return responder.send(Response::text(200, about(request)));
    if (request.path == "/peer") return responder.send(Response::text(200, request.connection->peer));
    if (request.path == "/visits") return visit(std::move(request), std::move(responder));
    if (request.path == "/large") return responder.send(Response::text(200, std::string(16 << 20, 'x')));
    if (request.path == "/stream") return stream(std::move(responder));
    if (request.path == "/empty") return responder.send({.status = 204, .headers = {}, .body = "", .trailers = {}});
    if (request.path == "/t.T/Echo") return echo(request, std::move(responder));
    if (request.path == "/t.T/Fail") {
      return responder.send(grpc_error(8, "busy: 100% of \xe2\x82\xac", encode_rpc_status(8, "busy")));
    }
    responder.send(Response::text(404, "no such path\n"));
  }
  static void echo(const Request& request, Responder responder) {
    auto message = read_grpc_message(request, size_t{64} << 20);
    if (!message) return responder.send(grpc_error(static_cast<int>(message.error().code), message.error().message));
    responder.send(grpc_reply(*message));
  }
  static void visit(Request request, Responder responder) {
    if (!request.connection->state) request.connection->state = std::make_shared<int>(0);
    int& visits = *std::static_pointer_cast<int>(request.connection->state);
    responder.send(Response::text(200, std::to_string(++visits)));
  }
  static void stream(Responder responder) {
    Headers headers;
    headers.add("content-type", "text/plain");
    responder.begin(200, std::move(headers));
    std::thread([responder = std::move(responder)]() mutable {
      for (int i = 0; i < 100; ++i) responder.write("piece " + std::to_string(i) + "\n");
      Headers trailers;
      trailers.add("x-count", "100");
      responder.end(std::move(trailers));
    }).detach();
  }
};

}  // namespace clew::net
