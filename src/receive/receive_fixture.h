// For the tests of this room: a sink that answers as it is told, a real server in front of the receivers, and export
// requests written byte by byte.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "column/span_sink.h"
#include "env/clock.h"
#include "net/client.h"
#include "net/grpc.h"
#include "net/server.h"
#include "receive/ingest.h"
#include "receive/otlp_grpc.h"
#include "receive/otlp_http.h"

namespace clew::receive {

inline std::string proto_field(int number, std::string_view bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (size_t length = bytes.size();; length >>= 7) {
    out.push_back(static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
    if (length <= 0x7f) break;
  }
  return out.append(bytes);
}

// A request with one span for each trace id; an empty id makes a span that is rejected.
inline std::string export_request(const std::vector<std::string>& trace_ids, std::string_view name = "GET /pay") {
  std::string spans;
  for (const std::string& id : trace_ids) {
    spans += proto_field(2, proto_field(1, id) + proto_field(2, "12345678") + proto_field(5, name));
  }
  return proto_field(1, proto_field(2, spans));
}
inline std::string export_request() {
  return export_request({"0123456789abcdef"});
}

inline constexpr std::string_view kJsonRequest =
    R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"pay"}]}]}]})";

class FakeSink final : public SpanSink {
 public:
  void append(std::string_view tenant, const SpanBatch& batch, Done done) override {
    std::unique_lock lock(mutex_);
    tenants.emplace_back(tenant);
    vocabularies.push_back(batch.vocabulary);
    if (refusal) return done(std::unexpected(*refusal));
    spans += batch.rows.size();
    Accepted accepted{batch.rows.size(), 0, batch.rejected};
    if (hold) {
      held = [accepted, done = std::move(done)] { done(accepted); };
      return;
    }
    lock.unlock();
    done(accepted);
  }
  Status check_room(uint64_t request_bytes) const override {
    if (request_bytes <= room_bytes) return {};
    return fail(ErrorCode::resource_exhausted, "no room");
  }
  uint32_t retry_delay_ms() const override { return 1500; }
  void forget(const Vocabulary& vocabulary) override {
    std::lock_guard lock(mutex_);
    forgotten.push_back(&vocabulary);
  }

  std::mutex mutex_;
  std::optional<Error> refusal;
  std::atomic<uint64_t> room_bytes = ~uint64_t{0};
  bool hold = false;
  std::function<void()> held;
  size_t spans = 0;
  std::vector<std::string> tenants;
  std::vector<const Vocabulary*> vocabularies;
  std::vector<const Vocabulary*> forgotten;
};

inline net::Headers headers(std::initializer_list<std::pair<std::string, std::string>> fields) {
  net::Headers out;
  for (const auto& [name, value] : fields) out.add(name, value);
  return out;
}

class ReceiveTest : public testing::Test {
 protected:
  void start(IngestOptions options = {}, bool open = true) {
    ingest_ = std::make_unique<Ingest>(clock_, options);
    if (open) ingest_->open(sink_);
    http_ = std::make_unique<OtlpHttp>(*ingest_);
    grpc_ = std::make_unique<OtlpGrpc>(*ingest_);
    net::ServerLimits limits;
    limits.body_bytes = options.limits.request_bytes + 5;
    if (buffered_bytes_ != 0) limits.buffered_bytes = buffered_bytes_;
    server_ = net::Server::start(1, limits);
    auto handle = [this](net::Request request, net::Responder responder) {
      if (net::is_grpc(request)) {
        grpc_->handle(std::move(request), std::move(responder));
      } else {
        http_->handle(std::move(request), std::move(responder));
      }
    };
    auto refuse = [this](const net::Request& head, const net::Refusal& refusal) {
      return net::is_grpc(head) ? grpc_->answer_refusal(head, refusal) : http_->answer_refusal(head, refusal);
    };
    auto port = server_->listen({"otlp", "127.0.0.1", 0, handle, refuse});
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
    http_client_ = client("http");
    grpc_client_ = client("grpc");
  }

  std::unique_ptr<net::Client> client(const char* scheme) {
    return net::Client::make({scheme, "127.0.0.1", port_, ""}, std::chrono::seconds(20));
  }

  net::Response post(std::string_view body, net::Headers fields, std::string_view path = "/v1/traces") {
    auto answer = http_client_->call("POST", path, std::move(fields), body);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(net::Response{});
  }
  net::Response post_protobuf(std::string_view body) {
    return post(body, headers({{"content-type", "application/x-protobuf"}}));
  }
  Result<std::string> call(std::string_view message, net::Headers metadata = {}) {
    return grpc_client_->call_grpc("/opentelemetry.proto.collector.trace.v1.TraceService/Export", message,
                                   std::move(metadata));
  }

  size_t buffered_bytes_ = 0;  // 0: net's default
  env::ManualClock clock_;
  FakeSink sink_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<OtlpHttp> http_;
  std::unique_ptr<OtlpGrpc> grpc_;
  std::unique_ptr<net::Server> server_;
  uint16_t port_ = 0;
  std::unique_ptr<net::Client> http_client_;
  std::unique_ptr<net::Client> grpc_client_;
};

}  // namespace clew::receive
