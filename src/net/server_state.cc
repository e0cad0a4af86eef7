#include "net/server_state.h"

#include <fmt/format.h>

namespace clew::net {
namespace {

constexpr std::array<const char*, kLimitCount> kLimitNames = {
    "body_bytes",     "header_bytes", "connections",   "streams_per_connection", "unsent_bytes",    "buffered_bytes",
    "header_timeout", "body_timeout", "write_timeout", "idle_timeout",           "request_timeout", "control_frames",
    "stream_resets",  "open_files"};

constexpr std::chrono::milliseconds kBusyRetryDelay{1000};

Counter& requests_counter(const std::string& listener, const char* version) {
  return counter("clew_net_requests_total", "Requests handed to a handler.",
                 {{"listener", listener}, {"version", version}});
}

}  // namespace

ServerState::ServerState(ServerLimits l) : limits(l) {
  for (size_t i = 0; i < kLimitCount; ++i) {
    limit_counters_[i] =
        &counter("clew_net_limit_total", "Times a network limit was reached.", {{"limit", kLimitNames[i]}});
  }
  protocol_errors_ = &counter("clew_net_protocol_errors_total", "Connections or requests that were not valid HTTP.");
  connections_gauge_ = &gauge("clew_net_connections", "Open connections.");
}

Refusal ServerState::header_over_limit() {
  count(Limit::header_bytes);
  return {431, ErrorCode::resource_exhausted,
          fmt::format("the header exceeds the limit of {} bytes", limits.header_bytes)};
}

Refusal ServerState::body_over_limit() {
  count(Limit::body_bytes);
  return {413, ErrorCode::resource_exhausted, fmt::format("the body exceeds the limit of {} bytes", limits.body_bytes)};
}

Refusal ServerState::too_many_bodies() {
  count(Limit::buffered_bytes);
  return {503, ErrorCode::unavailable, "too many request bodies are being received; try again later", kBusyRetryDelay};
}

bool ServerState::admit_connection() {
  std::lock_guard lock(mutex_);
  if (connections_ >= limits.connections) return false;
  ++connections_;
  connections_gauge_->add(1);
  return true;
}

void ServerState::release_connection() {
  std::lock_guard lock(mutex_);
  connections_gauge_->add(-1);
  if (--connections_ == 0) none_left_.notify_all();
}

bool ServerState::wait_until_no_connection(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return none_left_.wait_for(lock, time, [this] { return connections_ == 0; });
}

bool BodyCharge::grow(size_t bytes) {
  size_t before = state_.buffered_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes > state_.limits.buffered_bytes) {
    state_.buffered_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  bytes_ += bytes;
  return true;
}

void BodyCharge::release() {
  state_.buffered_bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
  bytes_ = 0;
}

ListenerState::ListenerState(ListenerOptions o)
    : options(std::move(o)),
      requests_http10(requests_counter(options.name, "1.0")),
      requests_http11(requests_counter(options.name, "1.1")),
      requests_http2(requests_counter(options.name, "2")) {}

}  // namespace clew::net
