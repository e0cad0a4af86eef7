// Sends ready ExportTraceServiceRequests over one connection, by OTLP/HTTP or OTLP/gRPC, to any server. Used by one
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::cli {

enum class OtlpEncoding { protobuf, json };

struct Acknowledgement {
  bool busy = false;  // refused for now: retry after delay_ms
  uint32_t delay_ms = 1000;
  uint64_t rejected_spans = 0;
  std::string reason;  // of rejections
};

class OtlpSender {
 public:
  virtual ~OtlpSender() = default;
  // Precondition: protobuf, or takes_json(). A request that the server refuses for good is corruption.
  virtual Result<Acknowledgement> send(std::string_view request, OtlpEncoding encoding = OtlpEncoding::protobuf) = 0;
  virtual bool takes_json() const = 0;
};

// http://host:4318 or grpc://host:4317. compression: gzip, zstd or "".
Result<std::unique_ptr<OtlpSender>> make_sender(const std::string& url, std::string_view compression);

}  // namespace clew::cli
