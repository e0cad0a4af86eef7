// The load generator's built-in corpora: a shop of twelve services, written directly as protobuf from pieces that are
// encoded beforehand. They differ in what a span holds (span_content.h).
//
//   traces     1 to 200 spans, mean 5 (a power law); a trace's spans come from several services
//   times      trace starts by exponential gaps; offsets and durations log-normal, in nanoseconds
//   ids        random
//   builtin    about 10 attributes and 500 bytes of OTLP a span: HTTP, RPC, database; values picked from fixed sets; 20
//   480
//              URLs; random peer addresses and ports; on every fifth span a random UUID
//   rich       about 20 attributes and 1.5 KB: SQL with literals, log lines and messages as events, stack traces with
//              varying lines, links to the roots of earlier traces, long user agents
//
// The same seed and stream give the same bytes. Floor: the entropy of all this by its distributions, in bits per span;
// no store can keep less. Ids and UUIDs count in full, a picked value with the entropy of its choice, times at 1 ns.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/corpus_random.h"
#include "cli/bench/span_content.h"
#include "model/ids.h"

namespace clew::cli {

inline constexpr uint32_t kCorpusUuidEvery = 5;
inline constexpr double kCorpusMeanSpans = 5;

enum class CorpusName { builtin, rich };
std::optional<CorpusName> corpus_of_name(std::string_view name);

class BenchCorpus {
 public:
  // mean_gap_ns: between the starts of two traces of all streams together.
  BenchCorpus(uint64_t seed, double mean_gap_ns, CorpusName name = CorpusName::builtin);

  double floor_bits_per_span() const;
  const SpanContent& content() const { return *content_; }

 private:
  friend class CorpusStream;

  const uint64_t seed_;
  const double mean_gap_ns_;
  const std::unique_ptr<SpanContent> content_;
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
  void add_span(const Trace& trace, uint64_t span, uint64_t parent, uint64_t start_ns, std::string& out);

  const BenchCorpus& corpus_;
  const double mean_gap_ns_;
  CorpusRandom random_;
  double next_start_ns_;
  uint64_t span_count_ = 0;
  uint64_t trace_count_ = 0;
  std::array<RootId, kRecentRoots> recent_{};
  SpanScratch scratch_;
};

// An ExportTraceServiceRequest with the spans of these services.
std::string corpus_request(const BenchCorpus& corpus, const SpansByService& spans, uint32_t first, uint32_t step);

}  // namespace clew::cli
