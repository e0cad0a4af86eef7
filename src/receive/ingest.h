// The path that all receivers share: who sends (tenant), decode into the connection's vocabulary, append, verdict.
//
//   starting --open()--> taking --stop()--> stopping
//
// Outside of `taking` every request is refused unavailable. Thread rule: take() on the connection's thread; the others
// from any thread. Lifetimes: the net::Server that calls goes first, then Ingest, then the sink.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/counters.h"
#include "column/span_sink.h"
#include "env/clock.h"
#include "model/limits.h"
#include "net/http.h"
#include "receive/decoders.h"
#include "receive/outcome.h"

namespace clew::receive {

struct IngestOptions {
  Limits limits;
  DecoderLimits decoder_limits;
  bool tenancy = false;  // off: X-Scope-OrgID is ignored and all spans belong to kSingleTenant
};

// What a receiver counts of its requests: clew_receive_requests_total{protocol,outcome} and its like.
class ProtocolCounters {
 public:
  explicit ProtocolCounters(std::string_view protocol);
  void count_request(size_t bytes) { bytes_.add(static_cast<int64_t>(bytes)); }
  void count_verdict(Outcome outcome) { requests_[static_cast<size_t>(outcome)]->add(); }
  void count_spans(uint64_t spans) { spans_.add(static_cast<int64_t>(spans)); }

 private:
  std::array<Counter*, kOutcomes> requests_;
  Counter& spans_;
  Counter& bytes_;
};

class Ingest {
 public:
  using Done = std::function<void(Verdict)>;
  enum class Encoding { protobuf, json };

  Ingest(const env::Clock& clock, IngestOptions options);

  // From now on batches go to the sink. Called once.
  void open(SpanSink& sink);
  // Refuses new requests; those under way are answered.
  void stop() { phase_.store(Phase::stopping, std::memory_order_release); }

  // `body` is one ExportTraceServiceRequest, decompressed. `headers` (or gRPC metadata) name the tenant. `done` is
  // called exactly once, on any thread, perhaps before take() returns; the counters know of the verdict by then.
  void take(net::Connection& connection, const net::Headers& headers, Encoding encoding, std::string_view body,
            ProtocolCounters& counters, Done done);

  // See DecoderRegistry::drop_idle().
  void drop_idle();
  // What a receiver need not even read further: set while not taking, or while the sink has no room for a request of so
  // many bytes (compressed or not).
  std::optional<Verdict> refusal_of(size_t request_bytes) const;
  size_t request_bytes_limit() const { return options_.limits.request_bytes; }

 private:
  enum class Phase { starting, taking, stopping };
  Result<std::string> tenant_of(const net::Headers& headers, Outcome& refusal) const;

  const env::Clock& clock_;
  const IngestOptions options_;
  std::atomic<Phase> phase_{Phase::starting};
  SpanSink* sink_ = nullptr;                 // set before phase_ is `taking`
  std::optional<DecoderRegistry> decoders_;  // likewise
  Counter& rejected_spans_;
};

}  // namespace clew::receive
