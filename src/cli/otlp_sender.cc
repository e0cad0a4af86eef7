#include "cli/otlp_sender.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "net/client.h"
#include "net/content_encoding.h"
#include "wire/json_values.h"
#include "wire/proto_fields.h"

namespace clew::cli {
namespace {

constexpr std::chrono::milliseconds kTimeout{60000};
constexpr std::chrono::milliseconds kLeastDelay{1000};  // of Retry-After, which has no fractions
constexpr std::chrono::milliseconds kLongestDelay{30000};
constexpr std::string_view kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// ExportTraceServiceResponse.partial_success
void read_protobuf_rejections(std::string_view response, Acknowledgement& out) {
  wire::FieldReader field(response);
  while (field.next()) {
    if (field.tag() != wire::tag_of(1, wire::kBytes)) continue;
    wire::FieldReader partial(field.bytes());
    while (partial.next()) {
      if (partial.tag() == wire::tag_of(1, wire::kVarint)) out.rejected_spans += partial.scalar();
      if (partial.tag() == wire::tag_of(2, wire::kBytes)) out.reason = partial.bytes();
    }
  }
}

// {"partialSuccess":{"rejectedSpans":"1","errorMessage":"…"}}
void read_json_rejections(const std::string& response, Acknowledgement& out) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::element partial;
  if (parser.parse(response).get(document) || document["partialSuccess"].get(partial)) return;
  simdjson::dom::element rejected;
  std::string_view reason;
  if (!partial["rejectedSpans"].get(rejected)) wire::read_unsigned(rejected, out.rejected_spans);
  if (!partial["errorMessage"].get(reason)) out.reason = reason;
}

void read_rejections(const net::Response& response, Acknowledgement& out) {
  bool json = response.headers.get("content-type").starts_with("application/json");
  json ? read_json_rejections(response.body, out) : read_protobuf_rejections(response.body, out);
}

// What an error's body says, when it is text: otherwise it is a google.rpc.Status, whose field 2 is the message.
std::string answer_text(const net::Response& response) {
  constexpr size_t kMost = 300;
  if (!response.headers.get("content-type").starts_with("application/x-protobuf"))
    return response.body.substr(0, kMost);
  for (wire::FieldReader field(response.body); field.next();) {
    if (field.tag() == wire::tag_of(2, wire::kBytes)) return std::string(field.bytes().substr(0, kMost));
  }
  return "";
}

bool is_busy(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::chrono::milliseconds retry_after(const net::Response& response) {
  uint32_t seconds = 1;
  std::string_view text = response.headers.get("retry-after");
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<std::chrono::milliseconds>(std::chrono::seconds(seconds), kLeastDelay, kLongestDelay);
}

class HttpSender final : public OtlpSender {
 public:
  HttpSender(net::Url url, std::string_view compression)
      : client_(net::Client::make(std::move(url), kTimeout)), compression_(compression) {}

  Result<Acknowledgement> send(std::string_view request, OtlpEncoding encoding) override {
    net::Headers headers;
    headers.add("content-type", encoding == OtlpEncoding::json ? "application/json" : "application/x-protobuf");
    std::string packed;
    if (!compression_.empty()) {
      headers.add("content-encoding", compression_);
      packed = net::encode_body(compression_, request);
      request = packed;
    }
    ASSIGN_OR_RETURN(net::Response response, client_->call("POST", "/v1/traces", std::move(headers), request));
    Acknowledgement acknowledgement;
    if (response.status == 200) {
      read_rejections(response, acknowledgement);
      return acknowledgement;
    }
    if (!is_busy(response.status)) return refused(response);
    acknowledgement.busy = true;
    acknowledgement.delay_ms = static_cast<uint32_t>(retry_after(response).count());
    return acknowledgement;
  }
  bool takes_json() const override { return true; }

 private:
  static std::unexpected<Error> refused(const net::Response& response) {
    bool bad_request = response.status == 400 || response.status == 413 || response.status == 415;
    std::string_view hint = response.status == 404 ? "; is this the port for OTLP/HTTP (4318)?" : "";
    return fail(bad_request ? ErrorCode::corruption : ErrorCode::unavailable,
                fmt::format("the server answers {} to /v1/traces: {}{}", response.status, answer_text(response), hint));
  }

  std::unique_ptr<net::Client> client_;
  const std::string compression_;
};

class GrpcSender final : public OtlpSender {
 public:
  GrpcSender(net::Url url, std::string_view compression) : client_(net::Client::make(std::move(url), kTimeout)) {
    if (!compression.empty()) metadata_.add("grpc-encoding", std::string(compression));
  }

  Result<Acknowledgement> send(std::string_view request, OtlpEncoding) override {
    Acknowledgement acknowledgement;
    auto response = client_->call_grpc(kExport, request, metadata_);
    if (!response) {
      // RESOURCE_EXHAUSTED without a delay is a request that will never be taken.
      auto delay = client_->retry_delay();
      if (!delay) return std::unexpected(std::move(response.error()));
      acknowledgement.busy = true;
      acknowledgement.delay_ms = static_cast<uint32_t>(std::min(*delay, kLongestDelay).count());
      return acknowledgement;
    }
    read_protobuf_rejections(*response, acknowledgement);
    return acknowledgement;
  }
  bool takes_json() const override { return false; }

 private:
  std::unique_ptr<net::Client> client_;
  net::Headers metadata_;
};

}  // namespace

Result<std::unique_ptr<OtlpSender>> make_sender(const std::string& url, std::string_view compression) {
  ASSIGN_OR_RETURN(net::Url parsed, net::Url::parse(url));
  if (parsed.scheme == "http") return std::make_unique<HttpSender>(std::move(parsed), compression);
  return std::make_unique<GrpcSender>(std::move(parsed), compression);
}

}  // namespace clew::cli
