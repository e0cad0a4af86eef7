// A server that a test plays, fed by readers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <mutex>
#include <set>

#include "cli/import/destination.h"
#include "cli/import/span_reader.h"
#include "net/server.h"

namespace clew::cli {
namespace {

using testing::HasSubstr;

std::string line_of(uint64_t span, size_t padding = 0) {
  return fmt::format(
      R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"{:016x}",)"
      R"("name":"n{}","startTimeUnixNano":"1","endTimeUnixNano":"2"}}]}}]}}]}})",
      span, std::string(padding, 'x'));
}

class ServerDestinationTest : public testing::Test {
 protected:
  ServerDestinationTest() {
    auto port = server_->listen(
        {"otlp", "127.0.0.1", 0, [this](net::Request request, net::Responder responder) { take(request, responder); }});
    EXPECT_TRUE(port);
    url_ = fmt::format("http://127.0.0.1:{}", *port);
  }
  ~ServerDestinationTest() override { server_->stop(std::chrono::milliseconds(0)); }

  void take(const net::Request& request, net::Responder& responder) {
    std::lock_guard lock(mutex_);
    net::Response answer = answer_(request);
    if (answer.status == 200) {
      wire::OtlpDecoder decoder({});
      SpanBatch batch;
      bool json = request.headers.get("content-type") == "application/json";
      json_ += json;
      Status decoded =
          json ? decoder.decode_json(request.body, 1, batch) : decoder.decode_protobuf(request.body, 1, batch);
      EXPECT_TRUE(decoded) << decoded.error().message << "\n" << request.body.substr(0, 300);
      for (const SpanRow& row : batch.rows) EXPECT_TRUE(spans_.insert(row.span).second) << "sent twice";
      ++requests_;
      largest_ = std::max(largest_, request.body.size());
    }
    responder.send(std::move(answer));
  }

  Result<ImportCounts> import(std::string bytes) {
    ASSIGN_OR_RETURN(auto destination, server_destination(url_));
    ASSIGN_OR_RETURN(auto reader, open_spans(bytes_of(std::move(bytes))));
    SpanBatch batch;
    while (true) {
      ASSIGN_OR_RETURN(auto piece, reader->next(batch));
      if (piece.kind == SpanReader::Piece::Kind::end) break;
      TRY(destination->send(batch, piece.request, piece.encoding));
    }
    TRY(destination->drain());
    ImportCounts counts = destination->counts();
    TRY(destination->close());
    return counts;
  }

  std::unique_ptr<net::Server> server_ = net::Server::start(2, {});
  std::string url_;
  std::mutex mutex_;
  std::function<net::Response(const net::Request&)> answer_ = [](const net::Request&) { return net::Response(); };
  std::set<uint64_t> spans_;
  size_t requests_ = 0;
  size_t json_ = 0;
  size_t largest_ = 0;
};

TEST_F(ServerDestinationTest, SendsManySmallLinesTogetherAndAsTheyAre) {
  constexpr uint64_t kLines = 5000;
  std::string file;
  for (uint64_t i = 1; i <= kLines; ++i) file += line_of(i) + "\n";
  auto counts = import(file);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->spans, kLines);
  EXPECT_EQ(spans_.size(), kLines);
  EXPECT_LT(requests_, 10U);
  EXPECT_EQ(json_, requests_);
}

TEST_F(ServerDestinationTest, SendsALongDocumentInPieces) {
  std::string file = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)";
  constexpr uint64_t kSpans = 40;
  for (uint64_t i = 1; i <= kSpans; ++i) {
    file += fmt::format(R"({}{{"traceId":"0000000000000000000000000000000{}","spanId":"{:016x}","attributes":[)"
                        R"({{"key":"long","value":{{"stringValue":"{}"}}}}]}})",
                        i == 1 ? "" : ",", i % 9 + 1, i, std::string(900'000, static_cast<char>('a' + i % 26)));
  }
  file += "]}]}]}";
  auto counts = import(file);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->spans, kSpans);
  EXPECT_EQ(spans_.size(), kSpans);
  EXPECT_LE(largest_, size_t{20} << 20);
  EXPECT_GE(requests_, 3U);
}

TEST_F(ServerDestinationTest, CountsWhatIsRejectedHereAndThere) {
  answer_ = [](const net::Request& request) {
    if (request.headers.get("content-type") == "application/json") {
      return net::Response::json(R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"not this one"}})");
    }
    return net::Response();
  };
  std::string bad = line_of(7);
  bad.replace(bad.find("5b8efff7"), 8, "nonsense");
  auto counts = import(line_of(1) + "\n" + line_of(2) + "\n" + bad);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->spans, 1U);
  EXPECT_EQ(counts->rejected, 2U);
}

TEST_F(ServerDestinationTest, WaitsWhenToldSo) {
  bool first = true;
  answer_ = [&](const net::Request&) {
    if (!std::exchange(first, false)) return net::Response();
    net::Response busy = net::Response::text(503, "busy");
    busy.headers.add("retry-after", "1");
    return busy;
  };
  auto counts = import(line_of(1));
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->spans, 1U);
  EXPECT_EQ(spans_.size(), 1U);
}

TEST_F(ServerDestinationTest, EndsWhenARequestIsRefusedForGood) {
  answer_ = [](const net::Request&) { return net::Response::text(400, "no spans on Sundays"); };
  std::string file;
  for (uint64_t i = 1; i <= 50; ++i) file += line_of(i, 100'000) + "\n";
  auto counts = import(file);
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, ErrorCode::corruption);
  EXPECT_THAT(counts.error().message, HasSubstr("no spans on Sundays"));
  answer_ = [](const net::Request&) { return net::Response::text(404, "404 page not found"); };
  EXPECT_THAT(import(line_of(1)).error().message, HasSubstr("is this the port for OTLP/HTTP"));
}

}  // namespace
}  // namespace clew::cli
