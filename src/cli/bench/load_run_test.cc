#include "cli/bench/load_run.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <filesystem>

#include <fstream>

#include "net/content_encoding.h"
#include "net/grpc.h"
#include "net/server.h"

namespace clew::cli {
namespace {

class LoadRunTest : public testing::Test {
 protected:
  LoadRunTest() {
    net::ListenerOptions listener{"otlp", "127.0.0.1", 0, [this](net::Request request, net::Responder responder) {
                                    ++requests_;
                                    responder.send(answer_(request));
                                  }};
    auto port = server_->listen(std::move(listener));
    EXPECT_TRUE(port);
    port_ = std::to_string(*port);
    load_.spans = 5000;
    load_.connections = 2;
    load_.keep_traces = true;
  }
  ~LoadRunTest() override {
    server_->stop(std::chrono::milliseconds(2000));
    std::filesystem::remove(file_);
  }

  LoadResult run(std::string url) {
    auto feed = corpus_feed(load_);
    auto result = run_load({std::move(url), 2, 0, compression_, file_}, *feed);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : LoadResult{};
  }
  uint64_t acknowledged_in_file() {
    std::ifstream file(file_);
    std::string id;
    uint64_t spans = 0;
    uint64_t sum = 0;
    while (file >> id >> spans) sum += spans;
    return sum;
  }

  std::unique_ptr<net::Server> server_ = net::Server::start(1, {});
  std::string port_;
  std::function<net::Response(const net::Request&)> answer_ = [](const net::Request&) { return net::Response(); };
  std::atomic<int> requests_{0};
  CorpusLoad load_;
  std::string compression_;
  std::string file_ = testing::TempDir() + "acked-" + std::to_string(::getpid());
};

TEST_F(LoadRunTest, CountsWhatIsAcknowledged) {
  LoadResult result = run("http://127.0.0.1:" + port_);
  EXPECT_EQ(result.failure.message, "");
  EXPECT_GE(result.acknowledged, 5000U);
  EXPECT_EQ(result.rejected, 0U);
  EXPECT_EQ(result.requests, static_cast<uint64_t>(requests_));
  EXPECT_EQ(result.latencies.count(), result.requests);
  EXPECT_EQ(acknowledged_in_file(), result.acknowledged);
}

TEST_F(LoadRunTest, SpeaksGrpc) {
  answer_ = [](const net::Request& request) {
    EXPECT_EQ(request.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    return net::grpc_reply("");
  };
  LoadResult result = run("grpc://127.0.0.1:" + port_);
  EXPECT_EQ(result.failure.message, "");
  EXPECT_EQ(acknowledged_in_file(), result.acknowledged);
}

TEST_F(LoadRunTest, CompressesWhenToldSo) {
  std::atomic<int> compressed{0};
  answer_ = [&](const net::Request& request) {
    if (request.headers.get("grpc-encoding") == compression_ && net::read_grpc_message(request, 1 << 20)) ++compressed;
    if (request.headers.get("content-encoding") == compression_ &&
        net::decode_body(compression_, request.body, 1 << 20))
      ++compressed;
    return net::is_grpc(request) ? net::grpc_reply("") : net::Response();
  };
  for (const char* compression : {"gzip", "zstd"}) {
    compression_ = compression;
    for (const char* scheme : {"grpc", "http"}) {
      compressed = requests_ = 0;
      LoadResult result = run(fmt::format("{}://127.0.0.1:{}", scheme, port_));
      EXPECT_EQ(result.failure.message, "");
      EXPECT_EQ(compressed, requests_) << scheme << compression;
    }
  }
}

TEST_F(LoadRunTest, CountsPartialSuccessAndDoesNotCallItAcknowledged) {
  answer_ = [](const net::Request&) {
    net::Response response;
    response.body = std::string("\x0a\x02\x08\x03", 4);  // partial_success { rejected_spans: 3 }
    return response;
  };
  LoadResult result = run("http://127.0.0.1:" + port_);
  // The last requests may hold fewer than three.
  EXPECT_GT(result.rejected, 2 * result.requests);
  EXPECT_LE(result.rejected, 3 * result.requests);
  EXPECT_EQ(acknowledged_in_file(), 0U);
}

TEST_F(LoadRunTest, WaitsWhenToldSo) {
  std::atomic<bool> first{true};
  answer_ = [&](const net::Request&) {
    if (!first.exchange(false)) return net::Response();
    net::Response response = net::Response::text(429, "busy");
    response.headers.add("retry-after", "1");
    return response;
  };
  LoadResult result = run("http://127.0.0.1:" + port_);
  EXPECT_EQ(result.failure.message, "");
  EXPECT_EQ(result.busy, 1U);
  EXPECT_EQ(acknowledged_in_file(), result.acknowledged);
}

TEST_F(LoadRunTest, WaitsAsLongAsRetryInfoSays) {
  std::atomic<bool> first{true};
  answer_ = [&](const net::Request&) {
    if (!first.exchange(false)) return net::grpc_reply("");
    return net::grpc_failure(ErrorCode::resource_exhausted, "busy", std::chrono::milliseconds(1));
  };
  LoadResult result = run("grpc://127.0.0.1:" + port_);
  EXPECT_EQ(result.failure.message, "");
  EXPECT_EQ(result.busy, 1U);
  EXPECT_EQ(acknowledged_in_file(), result.acknowledged);
}

TEST_F(LoadRunTest, DoesNotRepeatWhatWillNeverBeTaken) {
  answer_ = [](const net::Request&) { return net::grpc_error(8, "too large"); };
  LoadResult result = run("grpc://127.0.0.1:" + port_);
  EXPECT_THAT(result.failure.message, testing::HasSubstr("too large"));
  EXPECT_EQ(result.busy, 0U);
}

TEST_F(LoadRunTest, EndsWithWhatWasAcknowledgedWhenTheServerFails) {
  answer_ = [&](const net::Request&) { return requests_ > 4 ? net::Response::text(500, "broken") : net::Response(); };
  LoadResult result = run("http://127.0.0.1:" + port_);
  EXPECT_THAT(result.failure.message, testing::HasSubstr("500"));
  EXPECT_EQ(result.requests, 4U);
  EXPECT_LE(acknowledged_in_file(), result.acknowledged);
}

TEST_F(LoadRunTest, RefusesBadUrls) {
  auto feed = corpus_feed(load_);
  EXPECT_FALSE(run_load({"tcp://x", 1, 0, "", ""}, *feed));
}

}  // namespace
}  // namespace clew::cli
