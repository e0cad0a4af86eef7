#include "receive/otlp_grpc.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "net/fields.h"
#include "net/grpc.h"
#include "wire/otlp.h"

namespace clew::receive {
namespace {

constexpr std::string_view kCollectorServices = "/opentelemetry.proto.collector.";
constexpr std::string_view kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

bool has_protobuf_messages(const net::Request& request) {
  std::string_view type = net::media_type(request.headers.get("content-type"));
  return net::equals_without_case(type, "application/grpc") || net::equals_without_case(type, "application/grpc+proto");
}

}  // namespace

net::Response otlp_grpc_response(const Verdict& verdict) {
  if (verdict.is_success()) return net::grpc_reply(wire::encode_export_response_protobuf(verdict.rejected));
  uint32_t least_ms = verdict.outcome == Outcome::busy ? 1 : 0;
  std::chrono::milliseconds delay(std::max(verdict.retry_delay_ms, least_ms));
  return net::grpc_failure(facts_of(verdict.outcome).rpc_code, verdict.message, delay);
}

bool OtlpGrpc::owns(std::string_view path) {
  return path.starts_with(kCollectorServices);
}

net::Response OtlpGrpc::answer_refusal(const net::Request& head, const net::Refusal& refusal) {
  Verdict verdict = verdict_of_refusal(refusal, ingest_.request_bytes_limit());
  counters_.count_verdict(verdict.outcome);
  return net::is_grpc(head) ? otlp_grpc_response(verdict) : net::plain_refusal(head, refusal);
}

void OtlpGrpc::handle(net::Request request, net::Responder responder) {
  counters_.count_request(request.body.size());
  auto refuse_now = [&](const Verdict& verdict) {
    counters_.count_verdict(verdict.outcome);
    responder.send(otlp_grpc_response(verdict));
  };
  if (request.path != kExport) {
    return refuse_now(refuse(Outcome::unsupported,
                             fmt::format("Clew takes traces only: {} is not served, {} is", request.path, kExport)));
  }
  if (!has_protobuf_messages(request)) {
    return refuse_now(refuse(Outcome::unsupported, "messages must be protobuf (application/grpc+proto)"));
  }
  if (auto verdict = ingest_.refusal_of(request.body.size())) return refuse_now(*verdict);
  std::string decoded;
  auto message = net::view_grpc_message(request, ingest_.request_bytes_limit(), decoded);
  if (!message) return refuse_now(verdict_of_bad_request(std::move(message.error())));

  // std::function wants a copy; there is one answer all the same.
  auto shared = std::make_shared<net::Responder>(std::move(responder));
  ingest_.take(*request.connection, request.headers, Ingest::Encoding::protobuf, *message, counters_,
               [shared](const Verdict& verdict) { shared->send(otlp_grpc_response(verdict)); });
}

}  // namespace clew::receive
