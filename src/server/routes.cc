#include "server/routes.h"

#include <fmt/format.h>

#include <utility>

#include "base/result.h"
#include "net/grpc.h"

namespace clew::server {
namespace {

constexpr std::string_view kReady = "/ready";
constexpr int kHttp2 = 20;

}  // namespace

Routes::Routes(receive::Ingest& ingest, bool serves_all, Cors cors)
    : serves_all_(serves_all), cors_(std::move(cors)), otlp_http_(ingest), otlp_grpc_(ingest) {}

net::Handler Routes::handler(Purpose purpose) {
  return [this, purpose](net::Request request, net::Responder responder) {
    route(purpose, std::move(request), std::move(responder));
  };
}

net::RefusalAnswer Routes::refusal_answer(Purpose purpose) {
  return [this, purpose](const net::Request& head, const net::Refusal& refusal) {
    net::Response response = refuse(purpose, head, refusal);
    response.headers.add(cors_.answer_fields(head));
    return response;
  };
}

net::Response Routes::refuse(Purpose purpose, const net::Request& head, const net::Refusal& refusal) {
  bool receives = serves_all_ || purpose == Purpose::receive;
  if (receives && receive::OtlpGrpc::owns(head.path)) return otlp_grpc_.answer_refusal(head, refusal);
  if (receives && receive::OtlpHttp::owns(head.path)) return otlp_http_.answer_refusal(head, refusal);
  return net::plain_refusal(head, refusal);
}

void Routes::route(Purpose purpose, net::Request request, net::Responder responder) {
  bool receives = serves_all_ || purpose == Purpose::receive;
  bool queries = serves_all_ || purpose == Purpose::query;
  if (net::is_grpc(request)) return route_grpc(receives, std::move(request), std::move(responder));
  if (auto answer = cors_.preflight(request)) return responder.send(std::move(*answer));
  responder.add(cors_.answer_fields(request));
  bool asks_ready = request.path == kReady;
  if (asks_ready && !is_ready()) return responder.send(net::Response::text(503, "not ready\n"));
  if (receive::OtlpHttp::owns(request.path) && receives) {
    return otlp_http_.handle(std::move(request), std::move(responder));
  }
  const QueryApi* api = api_.load(std::memory_order_acquire);
  if (api == nullptr && queries) {
    return responder.send(net::Response::text(503, "the server is starting: try again\n"));
  }
  if (api != nullptr && (asks_ready || (queries && api->owns(request.path)))) {
    return api->handle(std::move(request), std::move(responder));
  }
  bool elsewhere = receive::OtlpHttp::owns(request.path) || (api != nullptr && api->owns(request.path));
  responder.send(net::Response::text(
      404, elsewhere ? fmt::format("{} is not served on this port beyond loopback: use its own port, or set "
                                   "listen.share\n",
                                   request.path)
                     : "404 page not found\n"));
}

void Routes::route_grpc(bool receives, net::Request request, net::Responder responder) {
  if (request.http_version != kHttp2) {
    return responder.send(net::Response::text(400, "gRPC needs HTTP/2; for HTTP/1.1 there is POST /v1/traces\n"));
  }
  if (receive::OtlpGrpc::owns(request.path) && receives) {
    return otlp_grpc_.handle(std::move(request), std::move(responder));
  }
  responder.send(net::grpc_error(static_cast<int>(ErrorCode::unimplemented),
                                 fmt::format("{} is not served on this port", request.path)));
}

}  // namespace clew::server
