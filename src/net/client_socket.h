// A TCP connection of the blocking client: every wait ends at a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/client.h"

namespace clew::net {

using Deadline = std::chrono::steady_clock::time_point;

class ClientSocket {
 public:
  // unavailable when nobody answers there; deadline_exceeded.
  static Result<ClientSocket> connect(const Url& url, Deadline deadline);
  ClientSocket(ClientSocket&& other) noexcept;
  ClientSocket& operator=(ClientSocket&& other) noexcept;
  ~ClientSocket();

  // Without waiting: how many bytes went; 0 when the socket is full.
  Result<size_t> write_some(std::string_view bytes);
  struct ReadOutcome {
    size_t bytes = 0;
    bool ended = false;  // the server sends no more; 0 bytes and not ended: nothing there now
  };
  Result<ReadOutcome> read_some(char* to, size_t size);
  // Until the socket can be read, or written when asked for.
  Status wait(bool for_write, Deadline deadline);
  // True when the server has closed it, or has sent something nobody asked for.
  bool is_stale();

 private:
  ClientSocket(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  std::unexpected<Error> broken(const char* what) const;

  int fd_ = -1;
  std::string name_;  // host:port, for errors
};

}  // namespace clew::net
