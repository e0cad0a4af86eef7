// Sends a feed to a server over several connections and measures the acknowledgements.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/bench/latencies.h"
#include "cli/bench/load_feed.h"

namespace clew::cli {

struct LoadOptions {
  std::string url;
  uint32_t connections = 1;
  uint64_t rate = 0;              // spans a second over all connections; 0: as fast as it goes
  std::string compression;        // of the requests: gzip, zstd or ""
  std::string acknowledged_file;  // a line `trace-id span-count` per wholly acknowledged trace; "": none
};

struct LoadResult {
  uint64_t acknowledged = 0;
  uint64_t rejected = 0;
  uint64_t requests = 0;
  uint64_t busy = 0;  // answers that asked to wait
  uint64_t bytes = 0;
  double wall_seconds = 0;
  double cpu_seconds = 0;  // of this process
  Latencies latencies;     // from sending a request (the last time, if it was refused busy) to its answer
  Error failure;           // message empty: everything was sent
};

// invalid_argument when it cannot begin.
Result<LoadResult> run_load(const LoadOptions& options, LoadFeed& feed);

}  // namespace clew::cli
