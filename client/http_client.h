// POST over HTTP/1.1, as much of it as an exporter needs: one connection, kept alive, every wait through the Waiter.
//
// The response: status, Retry-After and the body, by Content-Length, chunked, or up to the end of the connection.
// Nothing is followed, nothing is decompressed (nothing is asked for compressed).
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "clew/exporter.h"
#include "resolver.h"

CLEW_BEGIN
namespace detail {

struct Url {
  std::string host;  // without brackets
  uint16_t port = 80;
  std::string path;       // with the query, at least "/"
  std::string authority;  // for the Host header

  // False, and why, for what is not http://HOST[:PORT][/PATH].
  static bool parse(std::string_view text, Url& url, std::string& problem);
};

struct HttpResponse {
  int status = 0;  // 0: none
  uint64_t retry_after_ms = 0;
  std::string body;
  const char* problem = "";  // what went wrong when there is none
};

class HttpClient {
 public:
  static constexpr size_t kMostHeadBytes = 64 << 10;
  static constexpr size_t kMostBodyBytes = 4 << 20;

  explicit HttpClient(Url url) noexcept : url_(std::move(url)) {}
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient() { close(); }

  // `headers`: lines with their "\r\n", without Host and Content-Length. A connection that was kept and turns out to be
  // gone is made anew once.
  HttpResponse post(std::string_view headers, std::string_view body, Waiter& waiter, uint64_t deadline_ns) noexcept;

  // In the child of a fork: the parent goes on with the connection.
  void forked() noexcept {
    close();
    resolver_.forked();
  }

 private:
  bool still_ours() const noexcept;
  bool connect(Waiter& waiter, uint64_t deadline_ns, const char*& problem) noexcept;
  bool connect_to(const Address& address, Waiter& waiter, uint64_t deadline_ns) noexcept;
  bool send(std::string_view head, std::string_view body, Waiter& waiter, uint64_t deadline_ns) noexcept;
  HttpResponse receive(Waiter& waiter, uint64_t deadline_ns) noexcept;
  bool read_body(std::string_view head, std::string input, std::string& body, Waiter& waiter,
                 uint64_t deadline_ns) noexcept;
  bool read_chunks(std::string& input, std::string& body, Waiter& waiter, uint64_t deadline_ns) noexcept;
  // More bytes at the end of `input`. 0: the connection has ended, -1: an error or no time.
  ssize_t read_more(std::string& input, Waiter& waiter, uint64_t deadline_ns) noexcept;
  void close() noexcept;

  Url url_;
  Resolver resolver_;
  int socket_ = -1;
  // What the descriptor was when it was opened: a program that closes all descriptors and opens others must not find
  // our requests in them.
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool nothing_received_ = false;  // of the response to the last request
};

// The value of a header in the head of a response ("HTTP/1.1 200 OK\r\nName: value\r\n…"), or an empty view.
std::string_view header_value(std::string_view head, std::string_view lower_case_name) noexcept;

// Milliseconds from Retry-After: seconds, or an HTTP date. 0 for what is neither.
uint64_t retry_after_ms(std::string_view value, uint64_t unix_s) noexcept;

}  // namespace detail
CLEW_END
