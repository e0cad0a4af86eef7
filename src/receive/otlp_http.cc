#include "receive/otlp_http.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/json_text.h"
#include "net/content_encoding.h"
#include "net/fields.h"
#include "net/rpc_status.h"
#include "wire/otlp.h"

namespace clew::receive {
namespace {

using Encoding = Ingest::Encoding;

constexpr std::string_view kTraces = "/v1/traces";
constexpr std::string_view kMetrics = "/v1/metrics";
constexpr std::string_view kLogs = "/v1/logs";
constexpr std::string_view kProfiles = "/v1development/profiles";
constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

std::optional<Encoding> encoding_of(std::string_view content_type) {
  std::string_view type = net::media_type(content_type);
  if (net::equals_without_case(type, kProtobuf)) return Encoding::protobuf;
  if (net::equals_without_case(type, kJson)) return Encoding::json;
  return std::nullopt;
}

std::string rpc_status_json(int code, std::string_view message) {
  std::string out = fmt::format("{{\"code\":{},\"message\":", code);
  append_json_string(out, message);
  out.push_back('}');
  return out;
}

std::string body_of(const Verdict& verdict, Encoding encoding) {
  if (verdict.is_success()) {
    return encoding == Encoding::json ? wire::encode_export_response_json(verdict.rejected)
                                      : wire::encode_export_response_protobuf(verdict.rejected);
  }
  return encoding == Encoding::json ? rpc_status_json(verdict.rpc_code(), verdict.message)
                                    : net::encode_rpc_status(verdict.rpc_code(), verdict.message);
}

net::Response wrong_method(std::string_view method) {
  auto response = net::Response::text(405, fmt::format("{} is not possible here: POST an export request\n", method));
  response.headers.add("allow", "POST");
  return response;
}

net::Response wrong_content_type(std::string_view content_type) {
  auto response = net::Response::text(
      415, content_type.empty()
               ? fmt::format("no Content-Type: send {} or {}\n", kProtobuf, kJson)
               : fmt::format("Content-Type '{}' is not taken: send {} or {}\n", content_type, kProtobuf, kJson));
  response.headers.add("accept", fmt::format("{}, {}", kProtobuf, kJson));
  return response;
}

}  // namespace

net::Response otlp_http_response(const Verdict& verdict, Encoding encoding) {
  net::Response response;
  response.status = verdict.http_status();
  response.headers.add("content-type", std::string(encoding == Encoding::json ? kJson : kProtobuf));
  uint32_t least_ms = verdict.outcome == Outcome::busy ? 1 : 0;
  net::add_retry_after(response.headers, std::chrono::milliseconds(std::max(verdict.retry_delay_ms, least_ms)));
  if (verdict.outcome == Outcome::unsupported) response.headers.add("accept-encoding", "gzip, zstd, deflate");
  response.body = body_of(verdict, encoding);
  return response;
}

bool OtlpHttp::owns(std::string_view path) {
  return path == kTraces || path == kMetrics || path == kLogs || path == kProfiles;
}

net::Response OtlpHttp::answer_refusal(const net::Request& head, const net::Refusal& refusal) {
  Verdict verdict = verdict_of_refusal(refusal, ingest_.request_bytes_limit());
  counters_.count_verdict(verdict.outcome);
  auto encoding = encoding_of(head.headers.get("content-type"));
  if (head.path != kTraces || head.method != "POST" || !encoding) return net::plain_refusal(head, refusal);
  net::Response response = otlp_http_response(verdict, *encoding);
  response.status = refusal.status;
  return response;
}

void OtlpHttp::handle(net::Request request, net::Responder responder) {
  counters_.count_request(request.body.size());
  if (request.path != kTraces) {
    counters_.count_verdict(Outcome::unsupported);
    return responder.send(net::Response::text(
        404, fmt::format("Clew takes traces only: {} is not served, {} is\n", request.path, kTraces)));
  }
  if (request.method != "POST") {
    counters_.count_verdict(Outcome::malformed);
    return responder.send(wrong_method(request.method));
  }
  std::string_view content_type = request.headers.get("content-type");
  auto encoding = encoding_of(content_type);
  if (!encoding) {
    counters_.count_verdict(Outcome::unsupported);
    return responder.send(wrong_content_type(content_type));
  }
  auto refuse_now = [&](const Verdict& verdict) {
    counters_.count_verdict(verdict.outcome);
    responder.send(otlp_http_response(verdict, *encoding));
  };
  if (auto verdict = ingest_.refusal_of(request.body.size())) return refuse_now(*verdict);
  auto body =
      net::decode_body(request.headers.get("content-encoding"), std::move(request.body), ingest_.request_bytes_limit());
  if (!body) return refuse_now(verdict_of_bad_request(std::move(body.error())));

  // std::function wants a copy; there is one answer all the same.
  auto shared = std::make_shared<net::Responder>(std::move(responder));
  ingest_.take(
      *request.connection, request.headers, *encoding, *body, counters_,
      [shared, encoding = *encoding](const Verdict& verdict) { shared->send(otlp_http_response(verdict, encoding)); });
}

}  // namespace clew::receive
