// A collector for tests: an HTTP server in a thread that keeps what it is sent and answers what it is told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace clew {

class Collector {
 public:
  struct Request {
    std::string head, body;
    int connection;  // number, from 0
  };
  // The bytes to answer a request with; "" hangs up at once. `number`: of the request, from 0.
  using Answer = std::function<std::string(const Request& request, int number)>;

  static std::string ok(const std::string& body = "") {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }

  explicit Collector(Answer answer = [](const Request&, int) { return ok(); }) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 16);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~Collector() {
    shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    close(listener_);
    {
      std::lock_guard lock(mutex_);
      for (int connection : open_) shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : serving_) thread.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces"; }
  std::vector<Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  void wait_for_requests(size_t count) const {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return requests_.size() >= count; });
  }

 private:
  void accept_all() {
    for (int connection, number = 0; (connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ++number) {
      std::lock_guard lock(mutex_);
      open_.push_back(connection);
      serving_.emplace_back([this, connection, number] { serve(connection, number); });
    }
  }

  void serve(int connection, int number) {
    std::string input;
    while (true) {
      Request request;
      request.connection = number;
      size_t end;
      while ((end = input.find("\r\n\r\n")) == std::string::npos) {
        if (!more(connection, input)) return hang_up(connection);
      }
      request.head = input.substr(0, end + 2);
      input.erase(0, end + 4);
      const size_t length_at = request.head.find("Content-Length: ");
      const size_t length = length_at == std::string::npos ? 0 : std::stoul(request.head.substr(length_at + 16));
      while (input.size() < length) {
        if (!more(connection, input)) return hang_up(connection);
      }
      request.body = input.substr(0, length);
      input.erase(0, length);
      int count;
      {
        std::lock_guard lock(mutex_);
        count = int(requests_.size());
        requests_.push_back(request);
      }
      arrived_.notify_all();
      const std::string answer = answer_(request, count);
      if (answer.empty()) return hang_up(connection);
      size_t sent = 0;
      while (sent < answer.size()) {
        const ssize_t done = send(connection, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (done <= 0) return hang_up(connection);
        sent += size_t(done);
      }
    }
  }

  static bool more(int connection, std::string& input) {
    char bytes[65536];
    const ssize_t got = recv(connection, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    input.append(bytes, size_t(got));
    return true;
  }

  void hang_up(int connection) {
    std::lock_guard lock(mutex_);
    open_.remove(connection);
    close(connection);
  }

  Answer answer_;
  int listener_;
  int port_;
  std::thread accepting_;
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<Request> requests_;
  std::list<int> open_;
  std::list<std::thread> serving_;
};

}  // namespace clew
