// OTLP/HTTP (OTLP 1.11): POST /v1/traces with protobuf or JSON bodies. The answer is in the request's own encoding, a
// refusal being a google.rpc.Status; only where that encoding is not known (415, 405, 404) it is plain text.
#pragma once

#include <string_view>

#include "net/http.h"
#include "receive/ingest.h"

namespace clew::receive {

// A verdict as OTLP/HTTP says it.
net::Response otlp_http_response(const Verdict& verdict, Ingest::Encoding encoding);

class OtlpHttp {
 public:
  // `ingest` outlives every request.
  explicit OtlpHttp(Ingest& ingest) : ingest_(ingest), counters_("otlp_http") {}

  // Also true of the paths of metrics and logs, whose senders are told that only traces are taken here.
  static bool owns(std::string_view path);
  // Precondition: owns(request.path). On the connection's thread.
  void handle(net::Request request, net::Responder responder);
  // For a request that net does not receive whole. Precondition: owns(head.path).
  net::Response answer_refusal(const net::Request& head, const net::Refusal& refusal);

 private:
  Ingest& ingest_;
  ProtocolCounters counters_;
};

}  // namespace clew::receive
