// A connection's decoders, one per tenant, with the dictionaries they have learnt: kept between requests because most
// of a request repeats the last one, and given up when they are idle, too big, or too many.
//
// Every way out goes through SpanSink::forget(), so that the lanes drop their translation before the vocabulary dies.
// Lifetimes: the sink outlives the registry, the registry outlives every ConnectionDecoders (the net::Server goes
// first). Thread rule: use() on the connection's thread; drop_idle() from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "column/span_batch.h"
#include "column/span_sink.h"
#include "env/clock.h"
#include "net/http.h"
#include "wire/otlp.h"

namespace clew::receive {

// Each has a counter: clew_receive_decoders_dropped_total{reason="…"}.
struct DecoderLimits {
  size_t decoder_bytes = size_t{8} << 20;         // one that has grown beyond it is dropped after the request
  size_t all_decoders_bytes = size_t{512} << 20;  // beyond it a decoder is dropped after every request
  size_t tenants_per_connection = 16;             // the one used longest ago makes room
  size_t batch_bytes = size_t{1} << 20;           // room for rows that is kept between requests
  uint64_t idle_ns = 10ULL * 1'000'000'000;
};

class ConnectionDecoders;

class DecoderRegistry {
 public:
  DecoderRegistry(SpanSink& sink, const env::Clock& clock, const Limits& limits, const DecoderLimits& decoder_limits);
  DecoderRegistry(const DecoderRegistry&) = delete;
  DecoderRegistry& operator=(const DecoderRegistry&) = delete;

  // The connection's own, made on its first request and kept in connection.state.
  ConnectionDecoders& of(net::Connection& connection);
  // Frees what has been idle for idle_ns; to be called about once a second.
  void drop_idle();

  size_t allocated_bytes() const { return allocated_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class ConnectionDecoders;

  SpanSink& sink_;
  const env::Clock& clock_;
  const Limits limits_;
  const DecoderLimits decoder_limits_;
  std::atomic<size_t> allocated_bytes_{0};
  std::mutex mutex_;  // taken before a ConnectionDecoders' own, never after
  std::unordered_set<ConnectionDecoders*> connections_;
};

class ConnectionDecoders {
 public:
  explicit ConnectionDecoders(DecoderRegistry& registry);
  ~ConnectionDecoders();
  ConnectionDecoders(const ConnectionDecoders&) = delete;
  ConnectionDecoders& operator=(const ConnectionDecoders&) = delete;

  // Calls work(decoder, batch) with the tenant's decoder; neither is used any more when work returns.
  template <typename Work>
  void use(std::string_view tenant, Work&& work) {
    std::lock_guard lock(mutex_);
    Entry& entry = enter(tenant);
    work(entry.decoder, entry.batch);
    leave(tenant, entry);
  }

 private:
  friend class DecoderRegistry;
  struct Entry {
    explicit Entry(const Limits& limits) : decoder(limits) {}
    wire::OtlpDecoder decoder;
    SpanBatch batch;
    uint64_t used_ns = 0;
    size_t counted_bytes = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  Entry& enter(std::string_view tenant);
  void leave(std::string_view tenant, Entry& entry);
  void drop_oldest();
  void drop_idle(uint64_t now_ns);
  Entries::iterator drop(Entries::iterator at);

  DecoderRegistry& registry_;
  std::mutex mutex_;
  Entries entries_;
};

}  // namespace clew::receive
