// HTTP as the rest of Clew sees it: one request in, one answer out, whether it came by HTTP/1.1 or HTTP/2 (h2c), and
// gRPC as HTTP/2 with five-byte frames and trailers (grpc.h). Boost and nghttp2 stay behind this header.
//
// Thread rule: a connection lives on one I/O thread for its whole life; handlers are called on that thread and must not
// block it (decode and append: yes; a query: hand it to a pool). A Responder may be used from any thread, once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace clew::net {

// Header fields in order; names are compared without case.
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void add(const Headers& others) { fields_.insert(fields_.end(), others.fields_.begin(), others.fields_.end()); }
  // The first field of that name, or an empty view.
  std::string_view get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// What a handler may know about where a request came from. `state` is the handler's own: it is kept as long as the
// connection and touched only on its thread (receive keeps its decoder there).
struct Connection {
  std::string listener;  // the name of the listener, as in the configuration ("otlp_http")
  std::string peer;      // address:port
  bool loopback = false;
  std::shared_ptr<void> state;
};

struct Request {
  std::string method;  // upper case
  std::string path;    // percent-decoded, without query
  std::string query;   // raw, after '?'
  Headers headers;
  std::string body;       // whole, still as sent (see decode_body for Content-Encoding)
  int http_version = 11;  // 10, 11 or 20
  std::shared_ptr<Connection> connection;

  // Query parameters and form fields, percent-decoded, '+' as a space; the first of that name, or nothing.
  bool has_parameter(std::string_view name) const;
  std::string parameter(std::string_view name, std::string_view otherwise = {}) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  Headers trailers;  // sent on HTTP/2 only (gRPC's status)

  static Response text(int status, std::string body);
  static Response json(std::string body, int status = 200);
};

// The right to answer one request. Exactly one send(), or begin() then write()s then end(); an abandoned Responder
// answers 500. After the client has gone every call is harmless, and gone() is true.
class Responder {
 public:
  class Stream;  // implemented in the engine
  explicit Responder(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  // Fields that go into the answer's header besides its own, whoever answers; before anything is sent.
  void add(const Headers& fields);
  void send(Response response);

  // Streaming: status and headers first, then pieces of body, then trailers. write() answers false when the client has
  // gone or its unsent bytes exceed the connection's limit (the caller should stop).
  void begin(int status, Headers headers);
  bool write(std::string piece);
  void end(Headers trailers = {});

  bool gone() const;
  // Called at most once, on the connection's thread, when the client goes away before the answer is complete; at once
  // on the caller's thread when it is gone already.
  void on_gone(std::function<void()> callback);

 private:
  std::shared_ptr<Stream> stream_;
};

using Handler = std::function<void(Request, Responder)>;

// A request that the engine answers itself, because no handler will ever see it whole.
struct Refusal {
  int status = 400;
  ErrorCode code = ErrorCode::invalid_argument;  // the same for gRPC
  std::string message;
  std::chrono::milliseconds retry_delay{0};  // 0: it is of no use to repeat the request
};
// How a listener says so in its protocol's own form. `head` has what is known of the request: method, path and headers
// when its header was well-formed; no body, no connection. On the connection's thread.
using RefusalAnswer = std::function<Response(const Request& head, const Refusal& refusal)>;
// Plain text; trailers for gRPC.
Response plain_refusal(const Request& head, const Refusal& refusal);

}  // namespace clew::net
