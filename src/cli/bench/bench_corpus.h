// The load generator's built-in spans: a shop of twelve services, HTTP, RPC and database spans of about ten attributes
// and 500 bytes, written directly as protobuf from pieces that are encoded beforehand.
//
//   traces     1 to 200 spans, mean 5 (a power law); a trace's spans come from several services
//   times      trace starts by exponential gaps; offsets and durations log-normal, in nanoseconds
//   values     picked from fixed sets; 20 480 URLs; random peer addresses and ports; on every fifth span a random UUID
//   ids        random
//
// The same seed and stream give the same bytes. Floor: the entropy of all this by its distributions, in bits per span;
// no store can keep less. Ids and UUIDs count in full, a picked value with the entropy of its choice, times at 1 ns.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"

namespace clew::cli {

inline constexpr uint32_t kCorpusServices = 12;
inline constexpr uint32_t kCorpusUuidEvery = 5;
inline constexpr double kCorpusMeanSpans = 5;

// One of several encoded pieces, by weight.
class Picked {
 public:
  void add(std::string encoded, uint32_t weight = 1);
  const std::string& pick(uint64_t random) const { return pieces_[slots_[random % slots_.size()]]; }
  double entropy_bits() const;

 private:
  std::vector<std::string> pieces_;
  std::vector<uint32_t> slots_;
};

class BenchCorpus {
 public:
  // mean_gap_ns: between the starts of two traces of all streams together.
  BenchCorpus(uint64_t seed, double mean_gap_ns);

  double floor_bits_per_span() const;
  // ResourceSpans.resource and ScopeSpans.scope of a service, encoded as fields of their parents.
  const std::string& resource(uint32_t service) const { return resources_[service]; }
  const std::string& scope() const { return scope_; }

 private:
  friend class CorpusStream;
  struct Kind {
    std::string fixed;                 // SpanKind and what is always there
    std::vector<const Picked*> picks;  // each contributes whole fields of Span
  };

  Picked& add_picked() { return *picked_.emplace_back(std::make_unique<Picked>()); }
  Kind http_kind(std::string_view span_kind);
  Kind rpc_kind(std::string_view span_kind);
  Kind database_kind();
  void add_http_picks();
  void add_shared_picks();

  const uint64_t seed_;
  const double mean_gap_ns_;
  std::vector<std::unique_ptr<Picked>> picked_;
  std::vector<Kind> kinds_;
  const Picked* urls_ = nullptr;
  const Picked* user_agents_ = nullptr;
  const Picked* servers_ = nullptr;
  const Picked* threads_ = nullptr;
  const Picked* status_ = nullptr;
  std::array<std::string, kCorpusServices> resources_;
  std::string scope_;
  std::vector<double> size_cumulative_;  // of 1, 2, … 200 spans
  double size_entropy_bits_ = 0;
};

// Spans of one service, encoded as fields `spans` of ScopeSpans.
struct ServiceSpans {
  std::string encoded;
  uint32_t spans = 0;
};
using SpansByService = std::array<ServiceSpans, kCorpusServices>;

// One of several generators of a corpus; used by one thread.
class CorpusStream {
 public:
  // `streams` share the corpus' traces; `first_start_ns` is the time before the first trace's start.
  CorpusStream(const BenchCorpus& corpus, uint32_t stream, uint32_t streams, uint64_t first_start_ns);

  struct Trace {
    TraceId id;
    std::array<uint32_t, kCorpusServices> spans{};  // by service
    uint32_t count = 0;
  };
  // Appends the spans of the next trace.
  Trace next(SpansByService& out);

 private:
  uint64_t random();
  double uniform();  // (0, 1)
  uint64_t log_normal(double mu, double sigma);
  void add_span(const Trace& trace, uint64_t span, uint64_t parent, uint64_t start_ns, std::string& out);

  const BenchCorpus& corpus_;
  const double mean_gap_ns_;
  uint64_t state_;
  double next_start_ns_;
  uint64_t span_count_ = 0;
};

// An ExportTraceServiceRequest with the spans of these services.
std::string corpus_request(const BenchCorpus& corpus, const SpansByService& spans, uint32_t first, uint32_t step);

}  // namespace clew::cli
