// OTLP/gRPC (OTLP 1.11): the unary call TraceService/Export. A busy store is RESOURCE_EXHAUSTED with RetryInfo, which
// makes it repeatable; a request that is too large is RESOURCE_EXHAUSTED without.
#pragma once

#include <string_view>

#include "net/http.h"
#include "receive/ingest.h"

namespace clew::receive {

// A verdict as OTLP/gRPC says it.
net::Response otlp_grpc_response(const Verdict& verdict);

class OtlpGrpc {
 public:
  // `ingest` outlives every request.
  explicit OtlpGrpc(Ingest& ingest) : ingest_(ingest), counters_("otlp_grpc") {}

  // Also true of OTLP's other collector services, whose senders are told that only traces are taken here.
  static bool owns(std::string_view path);
  // Precondition: net::is_grpc(request) and owns(request.path). On the connection's thread.
  void handle(net::Request request, net::Responder responder);
  // For a call that net does not receive whole. Precondition: as for handle().
  net::Response answer_refusal(const net::Request& head, const net::Refusal& refusal);

 private:
  Ingest& ingest_;
  ProtocolCounters counters_;
};

}  // namespace clew::receive
