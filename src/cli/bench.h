// The load generator, the verifier of acknowledged traces, and the query timer: for Clew and for any other server that
// speaks OTLP and Tempo's HTTP API.
#pragma once

#include <cstdint>
#include <string>

namespace clew::cli {

struct BenchIngestOptions {
  std::string url = "http://127.0.0.1:4318";  // http://… or grpc://…
  uint64_t spans = 1'000'000;
  uint64_t rate = 0;  // spans a second over all connections; 0: as fast as it goes
  uint32_t connections = 4;
  uint32_t batch = 512;  // spans a request
  bool gzip = false;
  std::string corpus;  // a file of OTLP JSON lines to send instead of the built-in corpus
  std::string acked;   // gets `trace-id span-count` a line
  uint64_t seed = 1;
  std::string output = "table";  // or json
};

struct BenchVerifyOptions {
  std::string url = "http://127.0.0.1:3200";
  std::string acked;
  uint32_t connections = 4;
  std::string output = "table";
};

struct BenchQueryOptions {
  std::string url = "http://127.0.0.1:3200";
  std::string corpus = "builtin";  // or a file with one TraceQL query a line
  uint32_t rounds = 20;
  uint32_t limit = 20;
  std::string output = "table";
};

// Exit codes as in `clew --help`: 0, 3 when the server cannot be reached, 4 for a bad file; verify answers 1 when
// something acknowledged is missing.
int run_bench_ingest(const BenchIngestOptions& options);
int run_bench_verify(const BenchVerifyOptions& options);
int run_bench_query(const BenchQueryOptions& options);

}  // namespace clew::cli
