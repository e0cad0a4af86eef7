#include "receive/decoders.h"

#include <algorithm>

#include "base/counters.h"

namespace clew::receive {
namespace {

void count_dropped(const char* reason) {
  counter("clew_receive_decoders_dropped_total",
          "decoders of connections given up, with their dictionaries, by what asked for it", {{"reason", reason}})
      .add();
}

}  // namespace

DecoderRegistry::DecoderRegistry(SpanSink& sink, const env::Clock& clock, const Limits& limits,
                                 const DecoderLimits& decoder_limits)
    : sink_(sink), clock_(clock), limits_(limits), decoder_limits_(decoder_limits) {}

ConnectionDecoders& DecoderRegistry::of(net::Connection& connection) {
  if (!connection.state) connection.state = std::make_shared<ConnectionDecoders>(*this);
  return *static_cast<ConnectionDecoders*>(connection.state.get());
}

void DecoderRegistry::drop_idle() {
  uint64_t now_ns = clock_.monotonic_ns();
  std::lock_guard lock(mutex_);
  for (ConnectionDecoders* connection : connections_) {
    std::unique_lock busy(connection->mutex_, std::try_to_lock);
    if (busy) connection->drop_idle(now_ns);
  }
}

ConnectionDecoders::ConnectionDecoders(DecoderRegistry& registry) : registry_(registry) {
  std::lock_guard lock(registry_.mutex_);
  registry_.connections_.insert(this);
}

ConnectionDecoders::~ConnectionDecoders() {
  {
    std::lock_guard lock(registry_.mutex_);
    registry_.connections_.erase(this);
  }
  for (auto at = entries_.begin(); at != entries_.end();) at = drop(at);
}

ConnectionDecoders::Entry& ConnectionDecoders::enter(std::string_view tenant) {
  auto at = entries_.find(tenant);
  if (at == entries_.end()) {
    if (entries_.size() >= registry_.decoder_limits_.tenants_per_connection) drop_oldest();
    at = entries_.try_emplace(std::string(tenant), registry_.limits_).first;
  }
  return at->second;
}

void ConnectionDecoders::leave(std::string_view tenant, Entry& entry) {
  const DecoderLimits& limits = registry_.decoder_limits_;
  entry.used_ns = registry_.clock_.monotonic_ns();
  if (entry.batch.allocated_bytes() > limits.batch_bytes) entry.batch = {};
  size_t decoder_bytes = entry.decoder.allocated_bytes();
  size_t bytes = decoder_bytes + entry.batch.allocated_bytes();
  size_t all = registry_.allocated_bytes_.fetch_add(bytes - entry.counted_bytes, std::memory_order_relaxed) + bytes -
               entry.counted_bytes;
  entry.counted_bytes = bytes;
  bool too_big = decoder_bytes > limits.decoder_bytes;
  if (!too_big && all <= limits.all_decoders_bytes) return;
  count_dropped(too_big ? "decoder_bytes" : "all_decoders_bytes");
  drop(entries_.find(tenant));
}

void ConnectionDecoders::drop_oldest() {
  auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                 [](const auto& a, const auto& b) { return a.second.used_ns < b.second.used_ns; });
  count_dropped("tenants_per_connection");
  drop(oldest);
}

void ConnectionDecoders::drop_idle(uint64_t now_ns) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (now_ns - at->second.used_ns < registry_.decoder_limits_.idle_ns) {
      ++at;
      continue;
    }
    count_dropped("idle");
    at = drop(at);
  }
}

ConnectionDecoders::Entries::iterator ConnectionDecoders::drop(Entries::iterator at) {
  registry_.allocated_bytes_.fetch_sub(at->second.counted_bytes, std::memory_order_relaxed);
  registry_.sink_.forget(at->second.decoder.vocabulary());
  return entries_.erase(at);
}

}  // namespace clew::receive
