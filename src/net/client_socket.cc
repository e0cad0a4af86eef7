#include "net/client_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace clew::net {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

int left_ms(Deadline deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1 << 30));
}

// 0 when connected, else the errno.
int connect_one(int fd, const addrinfo& address, Deadline deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd ready{fd, POLLOUT, 0};
  int count = 0;
  do {
    count = ::poll(&ready, 1, left_ms(deadline));
  } while (count < 0 && errno == EINTR);
  if (count == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Result<ClientSocket> ClientSocket::connect(const Url& url, Deadline deadline) {
  std::string name = fmt::format("{}:{}", url.host, url.port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int error = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found); error != 0) {
    return fail(ErrorCode::unavailable, fmt::format("cannot resolve {}: {}", url.host, ::gai_strerror(error)));
  }
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int error = EHOSTUNREACH;
  for (const addrinfo* one = found; one; one = one->ai_next) {
    int fd = ::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol);
    if (fd < 0) {
      error = errno;
      continue;
    }
    ClientSocket socket(fd, name);
    error = connect_one(fd, *one, deadline);
    if (error != 0) continue;
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
  }
  ErrorCode code = error == ETIMEDOUT ? ErrorCode::deadline_exceeded : ErrorCode::unavailable;
  return fail(code, fmt::format("cannot connect to {}: {}", name, reason(error)));
}

ClientSocket::ClientSocket(ClientSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)) {}

ClientSocket& ClientSocket::operator=(ClientSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  return *this;
}

ClientSocket::~ClientSocket() {
  if (fd_ >= 0) ::close(fd_);
}

std::unexpected<Error> ClientSocket::broken(const char* what) const {
  return fail(ErrorCode::unavailable, fmt::format("{} {}: {}", what, name_, reason(errno)));
}

Result<size_t> ClientSocket::write_some(std::string_view bytes) {
  ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return static_cast<size_t>(count);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return size_t{0};
  return broken("cannot send to");
}

Result<ClientSocket::ReadOutcome> ClientSocket::read_some(char* to, size_t size) {
  ssize_t count = ::recv(fd_, to, size, 0);
  if (count > 0) return ReadOutcome{static_cast<size_t>(count), false};
  if (count == 0) return ReadOutcome{0, true};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return ReadOutcome{};
  return broken("cannot read from");
}

Status ClientSocket::wait(bool for_write, Deadline deadline) {
  pollfd ready{fd_, static_cast<short>(POLLIN | (for_write ? POLLOUT : 0)), 0};
  int count = ::poll(&ready, 1, left_ms(deadline));
  if (count > 0 || (count < 0 && errno == EINTR)) return {};
  if (count < 0) return broken("cannot wait for");
  return fail(ErrorCode::deadline_exceeded, fmt::format("{} did not answer in time", name_));
}

bool ClientSocket::is_stale() {
  pollfd ready{fd_, POLLIN, 0};
  return ::poll(&ready, 1, 0) != 0;
}

}  // namespace clew::net
