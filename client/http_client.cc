#include "http_client.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <ctime>

#include "ticks.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr uint64_t kConnectNs = 3'000'000'000;  // for one of several addresses

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

bool same_word(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

template <typename Number>
bool parse_number(std::string_view text, Number& number, int base = 10) noexcept {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty();
}

bool has_control(std::string_view text) noexcept {
  for (char c : text) {
    if (uint8_t(c) <= ' ' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

bool Url::parse(std::string_view text, Url& url, std::string& problem) {
  const std::string whole(text);
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || has_control(text)) {
    problem = "not a URL: " + whole;
    return false;
  }
  if (!same_word(text.substr(0, scheme), "http")) {
    problem = "only http:// is there yet, no TLS: " + whole;
    return false;
  }
  text.remove_prefix(scheme + 3);
  const size_t slash = text.find_first_of("/?#");
  std::string_view authority = text.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  path = path.substr(0, path.find('#'));
  authority.remove_prefix(authority.rfind('@') + 1);
  url.authority = authority;
  url.path = path.empty() || path[0] != '/' ? "/" + std::string(path) : std::string(path);
  const bool bracket = !authority.empty() && authority[0] == '[';
  const size_t host_end = bracket ? authority.find(']') : authority.find(':');
  url.host = bracket ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  std::string_view rest = host_end == std::string_view::npos ? std::string_view() : authority.substr(host_end);
  if (bracket && !rest.empty()) rest.remove_prefix(1);
  const bool port_ok = rest.empty() || (rest[0] == ':' && parse_number(rest.substr(1), url.port) && url.port != 0);
  if (url.host.empty() || (bracket && host_end == std::string_view::npos) || !port_ok) {
    problem = "no host and port in the URL: " + whole;
    return false;
  }
  return true;
}

std::string_view header_value(std::string_view head, std::string_view lower_case_name) noexcept {
  size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    const size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_word(line.substr(0, colon), lower_case_name)) continue;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    return value;
  }
  return {};
}

uint64_t retry_after_ms(std::string_view value, uint64_t unix_s) noexcept {
  uint64_t seconds = 0;
  if (parse_number(value, seconds)) return seconds > UINT32_MAX ? UINT32_MAX * uint64_t(1000) : seconds * 1000;
  tm date{};
  const std::string text(value);
  const char* const end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != 0) return 0;
  const int64_t then = int64_t(timegm(&date));
  return then <= int64_t(unix_s) ? 0 : uint64_t(then - int64_t(unix_s)) * 1000;
}

void HttpClient::close() noexcept {
  if (socket_ >= 0 && still_ours()) ::close(socket_);
  socket_ = -1;
}

bool HttpClient::still_ours() const noexcept {
  struct stat now{};
  return fstat(socket_, &now) == 0 && S_ISSOCK(now.st_mode) && now.st_dev == device_ && now.st_ino == inode_;
}

bool HttpClient::connect_to(const Address& address, Waiter& waiter, uint64_t deadline_ns) noexcept {
  socket_ = ::socket(address.socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return false;
  struct stat now{};
  fstat(socket_, &now);
  device_ = now.st_dev;
  inode_ = now.st_ino;
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address.socket), address.size) == 0) return true;
  if (errno == EINPROGRESS && waiter.wait(socket_, POLLOUT, deadline_ns)) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) return true;
  }
  close();
  return false;
}

bool HttpClient::connect(Waiter& waiter, uint64_t deadline_ns, const char*& problem) noexcept {
  const std::vector<Address> addresses = resolver_.resolve(url_.host, url_.port, waiter, deadline_ns);
  problem = addresses.empty() ? "the name has no address" : "no connection";
  for (size_t i = 0; i < addresses.size(); ++i) {
    uint64_t until = deadline_ns;
    if (i + 1 < addresses.size() && waiter.now_ns() + kConnectNs < until) until = waiter.now_ns() + kConnectNs;
    if (connect_to(addresses[i], waiter, until)) return true;
  }
  return false;
}

bool HttpClient::send(std::string_view head, std::string_view body, Waiter& waiter, uint64_t deadline_ns) noexcept {
  size_t sent = 0;
  while (sent < head.size() + body.size()) {
    iovec parts[2];
    unsigned count = 0;
    if (sent < head.size()) parts[count++] = {const_cast<char*>(head.data()) + sent, head.size() - sent};
    const size_t of_body = sent < head.size() ? 0 : sent - head.size();
    if (of_body < body.size()) parts[count++] = {const_cast<char*>(body.data()) + of_body, body.size() - of_body};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = count;
    const ssize_t done = sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (done >= 0) {
      sent += size_t(done);
    } else if (errno == EAGAIN) {
      if (!waiter.wait(socket_, POLLOUT, deadline_ns)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

ssize_t HttpClient::read_more(std::string& input, Waiter& waiter, uint64_t deadline_ns) noexcept {
  char bytes[4096];
  while (true) {
    const ssize_t got = recv(socket_, bytes, sizeof bytes, 0);
    if (got > 0) {
      input.append(bytes, size_t(got));
      nothing_received_ = false;
    }
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !waiter.wait(socket_, POLLIN, deadline_ns)) return -1;
  }
}

bool HttpClient::read_chunks(std::string& input, std::string& body, Waiter& waiter, uint64_t deadline_ns) noexcept {
  while (true) {
    size_t line = 0;
    while ((line = input.find("\r\n")) == std::string::npos) {
      if (input.size() > kMostHeadBytes || read_more(input, waiter, deadline_ns) <= 0) return false;
    }
    size_t size = 0;
    const std::string_view first(input.data(), line);
    if (!parse_number(first.substr(0, first.find_first_of("; \t")), size, 16)) return false;
    if (size > kMostBodyBytes - body.size()) return false;
    input.erase(0, line + 2);
    if (size == 0) break;
    while (input.size() < size + 2) {
      if (read_more(input, waiter, deadline_ns) <= 0) return false;
    }
    body.append(input, 0, size);
    input.erase(0, size + 2);
  }
  // Trailers, to the empty line.
  while (true) {
    size_t line = 0;
    while ((line = input.find("\r\n")) == std::string::npos) {
      if (input.size() > kMostHeadBytes || read_more(input, waiter, deadline_ns) <= 0) return false;
    }
    input.erase(0, line + 2);
    if (line == 0) return true;
  }
}

bool HttpClient::read_body(std::string_view head, std::string input, std::string& body, Waiter& waiter,
                           uint64_t deadline_ns) noexcept {
  if (same_word(header_value(head, "transfer-encoding"), "chunked")) {
    return read_chunks(input, body, waiter, deadline_ns);
  }
  const std::string_view length = header_value(head, "content-length");
  size_t size = 0;
  if (length.empty()) {
    ssize_t got = 0;
    while (input.size() <= kMostBodyBytes && (got = read_more(input, waiter, deadline_ns)) > 0) {
    }
    close();
    body = std::move(input);
    return got == 0;
  }
  if (!parse_number(length, size) || size > kMostBodyBytes) return false;
  while (input.size() < size) {
    if (read_more(input, waiter, deadline_ns) <= 0) return false;
  }
  body.assign(input, 0, size);
  return input.size() == size;
}

HttpResponse HttpClient::receive(Waiter& waiter, uint64_t deadline_ns) noexcept {
  HttpResponse response;
  std::string input;
  while (true) {
    size_t end = 0;
    while ((end = input.find("\r\n\r\n")) == std::string::npos) {
      if (input.size() > kMostHeadBytes || read_more(input, waiter, deadline_ns) <= 0) {
        response.problem = "no response in time, or the connection broke off";
        return response;
      }
    }
    const std::string head = input.substr(0, end + 2);
    input.erase(0, end + 4);
    int status = 0;
    if (head.compare(0, 7, "HTTP/1.") != 0 || !parse_number(std::string_view(head).substr(9, 3), status)) {
      response.problem = "the answer is not HTTP/1.1";
      return response;
    }
    if (status < 200) continue;  // 100 Continue and the like: the response is still to come
    const bool closes = same_word(header_value(head, "connection"), "close") || head[7] == '0';
    const bool whole = status == 204 || read_body(head, std::move(input), response.body, waiter, deadline_ns);
    response.status = status;
    response.retry_after_ms =
        retry_after_ms(header_value(head, "retry-after"), clock_ns(CLOCK_REALTIME) / 1'000'000'000);
    if (closes || !whole) close();
    return response;
  }
}

HttpResponse HttpClient::post(std::string_view headers, std::string_view body, Waiter& waiter,
                              uint64_t deadline_ns) noexcept {
  std::string head = "POST " + url_.path + " HTTP/1.1\r\nHost: " + url_.authority + "\r\nContent-Length: ";
  head += std::to_string(body.size());
  head += "\r\n";
  head += headers;
  head += "\r\n";
  HttpResponse response;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (socket_ >= 0 && !still_ours()) socket_ = -1;
    const bool kept = socket_ >= 0;
    if (!kept && !connect(waiter, deadline_ns, response.problem)) return response;
    nothing_received_ = true;
    // A server that refuses a request early has answered although it did not take all of it.
    const bool sent = send(head, body, waiter, deadline_ns);
    response = receive(waiter, deadline_ns);
    if (response.status != 0) {
      if (!sent) close();
      return response;
    }
    close();
    const bool was_gone = kept && nothing_received_ && waiter.may_go_on() && waiter.now_ns() < deadline_ns;
    if (!was_gone) break;
  }
  return response;
}

}  // namespace detail
CLEW_END
