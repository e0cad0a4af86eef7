// The exporters that come with the library.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clew/exporter.h"

CLEW_BEGIN

// OTLP/HTTP with protobuf.
struct OtlpHttpOptions {
  std::string url = "http://localhost:4318/v1/traces";
  std::vector<std::pair<std::string, std::string>> headers;
  bool gzip = false;            // zlib is loaded when first needed; without it bodies go as they are
  uint32_t timeout_ms = 10000;  // of a batch with its retries: then it is lost
  uint32_t batch_spans = 512;   // of one request at most
  uint32_t queue_spans = 2048;  // beyond these spans are dropped
  uint32_t queue_bytes = 16 << 20;
  uint32_t first_backoff_ms = 1000;  // doubled at each try, to 8 s, minus up to half of it at random
};
// Null when the URL cannot be used; `problem` then says why.
CLEW_API std::unique_ptr<Exporter> otlp_http_exporter(OtlpHttpOptions options, std::string* problem = nullptr) noexcept;

// One OTLP JSON object a line: what the collector's file exporter writes and `clew import` reads. Appends to the file,
// which is made when there is none. After an error (a full disk) it goes on trying with every batch.
CLEW_API std::unique_ptr<Exporter> otlp_file_exporter(std::string path) noexcept;

// One JSON object for each span, on a line of standard output (or of another descriptor):
// {"traceId","spanId","parentSpanId" (null at the root),"operationName","startTime": ms,"duration":
// ms,"attributes":{…},
//  "events":[{"timestamp": ms,"name","attributes":{…}}]}
CLEW_API std::unique_ptr<Exporter> console_exporter(int descriptor = 1) noexcept;

CLEW_END
