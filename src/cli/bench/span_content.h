// What the spans of a built-in corpus hold: the family's shape. Ids, times and the form of traces are BenchCorpus'.
// Immutable once made; used by the generators of several threads.
//
// To add a corpus: x_spans.cc with a SpanContent, its make function below, its name in corpus_of_name(), a line in the
// help of `clew bench ingest`, and its case in bench_corpus_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/bench/corpus_random.h"
#include "cli/bench/span_bytes.h"
#include "model/ids.h"

namespace clew::cli {

inline constexpr uint32_t kCorpusServices = 12;
inline constexpr std::array<std::string_view, kCorpusServices> kCorpusServiceNames = {
    "frontend", "cart",           "checkout", "payment", "shipping", "currency",
    "catalog",  "recommendation", "ad",       "email",   "search",   "account"};

inline constexpr double kCorpusDurationMu = 15.42;  // median 5 ms
inline constexpr double kCorpusDurationSigma = 1.2;

// The roots of a stream's last traces, for links.
inline constexpr size_t kRecentRoots = 256;
struct RootId {
  TraceId trace;
  SpanId span;
};

struct SpanPlace {
  uint64_t number = 0;  // in its stream, from 1
  uint64_t start_ns = 0;
  uint64_t duration_ns = 0;
  const std::array<RootId, kRecentRoots>& recent;
};

// Buffers kept from span to span.
struct SpanScratch {
  std::string text;
  std::string fields;
};

class SpanContent {
 public:
  virtual ~SpanContent() = default;
  // ResourceSpans.resource and ScopeSpans.scope of a service, encoded as fields of their parents.
  virtual const std::string& resource(uint32_t service) const = 0;
  virtual const std::string& scope() const = 0;
  // Everything of a span but ids and times.
  virtual void append(const SpanPlace& place, CorpusRandom& random, SpanScratch& scratch, SpanBytes& out) const = 0;
  // Entropy of what append() adds, a span.
  virtual double floor_bits() const = 0;
};

// "builtin": HTTP, RPC and database spans of about ten attributes.
std::unique_ptr<SpanContent> shop_spans(uint64_t seed);
// "rich": SQL with literals, log and message events, stack traces, links.
std::unique_ptr<SpanContent> rich_spans(uint64_t seed);

}  // namespace clew::cli
