// The client side for the command line and the load generator: blocking HTTP/1.1 requests and unary gRPC calls over a
// kept-alive connection. One Client is used by one thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace clew::net {

// scheme://host[:port][/prefix]; http and grpc (h2c). Ports default to 80 and 4317.
struct Url {
  std::string scheme;
  std::string host;
  uint16_t port = 0;
  std::string prefix;  // path without a trailing slash

  static Result<Url> parse(std::string_view text);
};

class Client {
 public:
  // A longer answer is resource_exhausted. Traces of 100 000 spans are answers, too.
  static constexpr size_t kMaxAnswerBytes = size_t{256} << 20;
  static constexpr size_t kMaxAnswerHeaderBytes = 256 << 10;

  // http speaks HTTP/1.1, grpc HTTP/2. Connects lazily; a connection that the server closed between two requests is
  // opened again once.
  static std::unique_ptr<Client> make(Url url, std::chrono::milliseconds timeout);
  virtual ~Client() = default;

  // target: path and query, appended to the URL's prefix. Unreachable is unavailable; a time-out deadline_exceeded.
  virtual Result<Response> call(std::string_view method, std::string_view target, Headers headers,
                                std::string_view body) = 0;
  // A unary gRPC call ("/package.Service/Method"); only for scheme grpc. With grpc-encoding in the metadata ("gzip",
  // "zstd") the message is compressed. The server's status, when not OK, becomes the
  // error with the same code.
  virtual Result<std::string> call_grpc(std::string_view method, std::string_view message, Headers metadata) = 0;
  // How long the server of the last call_grpc, if that failed, wants to be left alone (google.rpc.RetryInfo).
  virtual std::optional<std::chrono::milliseconds> retry_delay() const { return std::nullopt; }
};

}  // namespace clew::net
