// What all connections of a Server share: limits, their counters, the number of connections, the bytes of bodies being
// received. Everything here may be used from any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>

#include "base/counters.h"
#include "net/http.h"
#include "net/server.h"

namespace clew::net {

// The limits that have a counter, clew_net_limit_total{limit="<name>"}; the names are those of ServerLimits, and
// stream_resets for a client that opens and resets HTTP/2 streams faster than nghttp2 allows, open_files for an accept
// that the system refused.
enum class Limit {
  body_bytes,
  header_bytes,
  connections,
  streams_per_connection,
  unsent_bytes,
  buffered_bytes,
  header_timeout,
  body_timeout,
  write_timeout,
  idle_timeout,
  request_timeout,
  control_frames,
  stream_resets,
  open_files,
};
inline constexpr size_t kLimitCount = 14;

class ServerState {
 public:
  explicit ServerState(ServerLimits limits);

  const ServerLimits limits;
  std::atomic<bool> draining{false};

  void count(Limit limit) { limit_counters_[static_cast<size_t>(limit)]->add(); }
  void count_protocol_error() { protocol_errors_->add(); }

  // A limit that a request being received has reached: counted, and what its sender is told.
  Refusal header_over_limit();
  Refusal body_over_limit();
  Refusal too_many_bodies();

  // False when there are limits.connections already; otherwise release_connection() must follow.
  bool admit_connection();
  void release_connection();
  // True when the last connection ended within `time`.
  bool wait_until_no_connection(std::chrono::milliseconds time);

 private:
  friend class BodyCharge;

  std::array<Counter*, kLimitCount> limit_counters_;
  Counter* protocol_errors_;
  Counter* connections_gauge_;
  std::atomic<size_t> buffered_bytes_{0};
  std::mutex mutex_;
  std::condition_variable none_left_;
  size_t connections_ = 0;  // guarded by mutex_
};

// The part of limits.buffered_bytes that one body holds while it is received.
class BodyCharge {
 public:
  explicit BodyCharge(ServerState& state) : state_(state) {}
  BodyCharge(const BodyCharge&) = delete;
  ~BodyCharge() { release(); }

  // False, and nothing charged, when all bodies together would exceed the limit.
  bool grow(size_t bytes);
  void release();

 private:
  ServerState& state_;
  size_t bytes_ = 0;
};

// A listener as its connections know it.
struct ListenerState {
  explicit ListenerState(ListenerOptions o);

  ListenerOptions options;
  Counter& requests_http10;
  Counter& requests_http11;
  Counter& requests_http2;

  Counter& requests(int http_version) {
    return http_version == 20 ? requests_http2 : http_version == 10 ? requests_http10 : requests_http11;
  }
};

}  // namespace clew::net
