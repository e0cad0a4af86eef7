#include "cli/otlp_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/client.h"
#include "net/content_encoding.h"
#include "wire/proto_fields.h"

namespace clew::cli {
namespace {

constexpr std::chrono::milliseconds kTimeout{60000};
constexpr std::string_view kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// ExportTraceServiceResponse.partial_success
void read_rejections(std::string_view response, Acknowledgement& out) {
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

class HttpSender final : public OtlpSender {
 public:
  HttpSender(net::Url url, bool gzip) : client_(net::Client::make(std::move(url), kTimeout)), gzip_(gzip) {}

  Result<Acknowledgement> send(std::string_view request) override {
    net::Headers headers;
    headers.add("content-type", "application/x-protobuf");
    std::string packed;
    if (gzip_) {
      headers.add("content-encoding", "gzip");
      packed = net::encode_body("gzip", request);
      request = packed;
    }
    ASSIGN_OR_RETURN(net::Response response, client_->call("POST", "/v1/traces", std::move(headers), request));
    Acknowledgement acknowledgement;
    if (response.status == 200) {
      read_rejections(response.body, acknowledgement);
      return acknowledgement;
    }
    if (response.status != 429 && response.status != 503) {
      return fail(ErrorCode::unavailable,
                  fmt::format("the server answers {} to /v1/traces: {}", response.status, answer_text(response)));
    }
    acknowledgement.busy = true;
    uint32_t seconds = 1;
    std::string_view text = response.headers.get("retry-after");
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    constexpr uint32_t kMostSeconds = 30;
    acknowledgement.delay_ms = std::clamp(seconds, 1U, kMostSeconds) * 1000;
    return acknowledgement;
  }

 private:
  std::unique_ptr<net::Client> client_;
  const bool gzip_;
};

class GrpcSender final : public OtlpSender {
 public:
  explicit GrpcSender(net::Url url) : client_(net::Client::make(std::move(url), kTimeout)) {}

  Result<Acknowledgement> send(std::string_view request) override {
    Acknowledgement acknowledgement;
    auto response = client_->call_grpc(kExport, request, {});
    if (!response) {
      if (response.error().code != ErrorCode::resource_exhausted) return std::unexpected(std::move(response.error()));
      acknowledgement.busy = true;
      return acknowledgement;
    }
    read_rejections(*response, acknowledgement);
    return acknowledgement;
  }

 private:
  std::unique_ptr<net::Client> client_;
};

}  // namespace

Result<std::unique_ptr<OtlpSender>> make_sender(const std::string& url, bool gzip) {
  ASSIGN_OR_RETURN(net::Url parsed, net::Url::parse(url));
  if (parsed.scheme == "http") return std::make_unique<HttpSender>(std::move(parsed), gzip);
  if (gzip) return invalid("--gzip is for http:// URLs");
  return std::make_unique<GrpcSender>(std::move(parsed));
}

}  // namespace clew::cli
