// Listeners that speak HTTP/1.1 and HTTP/2 (h2c, by the preface) on every port, on a fixed number of I/O threads.
//
// Invariants: a request's body is never buffered beyond Limits::body_bytes (413 without reading on); every time-out and
// count below is enforced per connection; stop() answers what is in flight and then closes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace clew::net {

// Settings under `net.`; each has a counter when it is reached (clew_net_limit_total{limit="…"}).
struct ServerLimits {
  size_t body_bytes = size_t{64} << 20;
  size_t header_bytes = 64 << 10;
  size_t connections = 20000;             // over all listeners; a further one is closed at once
  size_t streams_per_connection = 128;    // HTTP/2, concurrent
  size_t control_frames = 1000;           // HTTP/2, within a second without a request or an answer: PING and its like
  size_t unsent_bytes = size_t{8} << 20;  // per connection; a writer beyond it is told to stop
  size_t buffered_bytes = size_t{512} << 20;  // bodies being received, over all connections; then 503 / UNAVAILABLE
  std::chrono::milliseconds header_timeout{60000};    // from accept or the end of the last answer to a complete header
  std::chrono::milliseconds body_timeout{60000};      // between two pieces of a body
  std::chrono::milliseconds request_timeout{300000};  // from a complete header to the end of the body
  std::chrono::milliseconds write_timeout{30000};     // for a client that does not read
  std::chrono::milliseconds idle_timeout{120000};     // a kept-alive connection without a request
};

struct ListenerOptions {
  std::string name;     // as in the configuration: "otlp_http"
  std::string address;  // numeric, IPv4 or IPv6
  uint16_t port = 0;    // 0: any free port
  Handler handler;
  RefusalAnswer refuse = plain_refusal;
};

class Server {
 public:
  // Starts `threads` I/O threads; nothing listens yet.
  static std::unique_ptr<Server> start(int threads, ServerLimits limits);
  virtual ~Server() = default;

  // Binds and accepts from now on; answers the port really bound. A port in use is already_exists.
  virtual Result<uint16_t> listen(ListenerOptions options) = 0;
  // No new connections and requests; waits until requests in flight are answered or the time is over; then closes all.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace clew::net
