// Where the connections of a load get their requests from: the built-in corpus, made while it is sent, or the requests
// of a file. Used by as many threads as there are connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/bench/bench_corpus.h"
#include "model/ids.h"

namespace clew::cli {

struct LoadTrace {
  TraceId id;
  uint32_t spans = 0;
  std::atomic<uint32_t> unacknowledged{0};  // counts down; at zero the whole trace is acknowledged
};

struct LoadRequest {
  std::string body;  // ExportTraceServiceRequest
  uint32_t spans = 0;
  std::vector<std::pair<LoadTrace*, uint32_t>> traces;  // and how many of its spans are in here; owned by the feed
};

class LoadFeed {
 public:
  virtual ~LoadFeed() = default;
  // The next request of that connection; nothing after the last one.
  virtual std::unique_ptr<LoadRequest> next(uint32_t connection) = 0;
  // Ends next() everywhere.
  virtual void stop() = 0;
  virtual double floor_bits_per_span() const = 0;  // 0: not known
};

struct CorpusLoad {
  CorpusName corpus = CorpusName::builtin;
  uint64_t spans = 0;
  uint32_t connections = 1;
  uint32_t batch = 500;  // spans of a request, about
  uint64_t seed = 1;
  double mean_gap_ns = 50'000;
  uint64_t first_start_ns = 0;
  bool keep_traces = false;  // LoadRequest::traces
};
// A trace's services belong to connections, so that its spans come by several.
std::unique_ptr<LoadFeed> corpus_feed(const CorpusLoad& load);

// The requests of a file that `clew import` reads, dealt to the connections in turn; `spans` 0: all of them.
Result<std::unique_ptr<LoadFeed>> file_feed(const std::string& path, uint64_t spans, bool keep_traces);

}  // namespace clew::cli
