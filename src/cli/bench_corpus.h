// The built-in corpus: HTTP, RPC and database spans of a made-up shop as OTLP protobuf, from a seed, with the number of
// truly random bits in it.
//
// Traces have 1 to 200 spans (mean 5) over 12 services; about 10 attributes and 480 bytes a span; random ids, a random
// UUID on every fifth span, 20 000 URLs, random ports and peer addresses; log-normal durations in ns. A request holds
// spans as they come, so a trace may be spread over requests, and those over connections.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/ids.h"

namespace clew::cli {

class BenchCorpus {
 public:
  BenchCorpus(uint64_t seed, uint64_t first_start_ns);

  struct Part {
    TraceId trace;
    uint32_t spans = 0;
  };
  struct Request {
    std::string body;  // ExportTraceServiceRequest
    std::vector<Part> parts;
    uint32_t spans = 0;
  };
  // The next `spans` spans. The same seed and sequence of calls gives the same bytes.
  void next(uint32_t spans, Request& out);

  // Bits that no store can save: ids and UUIDs in full, log2 of the choices for picked values, the entropy at 1 ns of
  // the distributions that times are drawn from.
  double floor_bits() const { return floor_bits_; }
  uint64_t spans() const { return spans_; }

 private:
  // Texts that spans pick from, each as the bytes of a whole KeyValue with its tag.
  using Pool = std::vector<std::string>;
  struct OpenSpan {
    uint64_t id = 0;
    uint64_t start_ns = 0;
    uint64_t duration_ns = 0;
  };

  void make_pools();
  void begin_trace();
  void append_span(std::string& out, size_t service);
  void append_http(std::string& span);
  void append_rpc(std::string& span);
  void append_database(std::string& span);
  void append_peer(std::string& span);
  uint64_t pick(uint64_t choices);
  void pick_from(const Pool& pool, std::string& span);
  uint64_t log_normal_ns(double median_ns, double sigma);

  std::mt19937_64 random_;
  uint64_t now_ns_;
  double floor_bits_ = 0;
  uint64_t spans_ = 0;

  std::vector<std::string> resources_;
  Pool methods_, routes_, urls_, statuses_, servers_, server_ports_, agents_, protocols_, rpc_services_, rpc_methods_,
      rpc_statuses_, databases_, namespaces_, operations_, tables_, statements_, threads_;
  std::vector<std::string> http_names_, rpc_names_, database_names_;  // Span.name with its tag

  TraceId trace_;
  std::vector<OpenSpan> open_;
  uint32_t left_ = 0;  // spans of the current trace still to come
  std::string span_;
};

}  // namespace clew::cli
