// Sends ready ExportTraceServiceRequests over one connection, by OTLP/HTTP or OTLP/gRPC, to any server. Used by one
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::cli {

struct Acknowledgement {
  bool busy = false;  // refused for now: retry after delay_ms
  uint32_t delay_ms = 1000;
  uint64_t rejected_spans = 0;
  std::string reason;  // of rejections
};

class OtlpSender {
 public:
  virtual ~OtlpSender() = default;
  virtual Result<Acknowledgement> send(std::string_view request) = 0;
};

// http://host:4318 or grpc://host:4317; gzip for http only (invalid_argument).
Result<std::unique_ptr<OtlpSender>> make_sender(const std::string& url, bool gzip);

}  // namespace clew::cli
