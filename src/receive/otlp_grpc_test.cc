#include "receive/otlp_grpc.h"

#include <gmock/gmock.h>

#include "net/content_encoding.h"
#include "receive/receive_fixture.h"

namespace clew::receive {
namespace {

using testing::HasSubstr;
using OtlpGrpcTest = ReceiveTest;

TEST_F(OtlpGrpcTest, Acknowledges) {
  start();
  auto answer = call(export_request());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "");
  ASSERT_TRUE(call(""));
  EXPECT_EQ(sink_.spans, 1U);
}

TEST_F(OtlpGrpcTest, RejectsSingleSpansByPartialSuccess) {
  start();
  auto answer = call(export_request({"0123456789abcdef", "short"}));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->substr(2, 2), "\x08\x01");
  EXPECT_EQ(sink_.spans, 1U);
}

TEST_F(OtlpGrpcTest, RefusesBadData) {
  IngestOptions options;
  options.limits.request_bytes = 1000;
  start(options);
  auto malformed = call("\x0a\x7f");
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().code, ErrorCode::invalid_argument);
  for (size_t bytes : {1001, 100'000}) {
    auto too_large = call(std::string(bytes, 'a'));
    ASSERT_FALSE(too_large);
    EXPECT_EQ(too_large.error().code, ErrorCode::resource_exhausted) << bytes;
  }
  EXPECT_TRUE(call(""));
}

TEST_F(OtlpGrpcTest, ABodyThatIsNotReceivedWholeIsCountedAndMayBeRepeatedOnlyWhenBusy) {
  IngestOptions options;
  options.limits.request_bytes = 1000;
  auto value = [](const char* outcome) {
    return counter("clew_receive_requests_total", "", {{"protocol", "otlp_grpc"}, {"outcome", outcome}}).value();
  };
  int64_t too_large = value("too_large"), unavailable = value("unavailable");
  start(options);
  auto large = call(std::string(5'000'000, 'a'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(large.error().message, HasSubstr("limit of 1000 bytes"));
  EXPECT_EQ(grpc_client_->retry_delay(), std::nullopt);
  EXPECT_EQ(value("too_large"), too_large + 1);
  server_.reset();
  buffered_bytes_ = 100;
  start(options);
  auto busy = call(std::string(500, 'a'));
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::unavailable);
  EXPECT_EQ(grpc_client_->retry_delay(), std::chrono::milliseconds(1000));
  EXPECT_EQ(value("unavailable"), unavailable + 1);
}

TEST_F(OtlpGrpcTest, RefusesWhatItDoesNotServe) {
  start();
  for (const char* method : {"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                             "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                             "/opentelemetry.proto.collector.trace.v1.TraceService/Import"}) {
    auto answer = grpc_client_->call_grpc(method, "", {});
    ASSERT_FALSE(answer) << method;
    EXPECT_EQ(answer.error().code, ErrorCode::unimplemented) << method;
    EXPECT_THAT(answer.error().message, HasSubstr("traces only"));
  }
}

TEST_F(OtlpGrpcTest, PassesOnWhatTheSinkSays) {
  start();
  for (ErrorCode code : {ErrorCode::resource_exhausted, ErrorCode::unavailable, ErrorCode::internal}) {
    sink_.refusal = Error{code, "the reason"};
    auto answer = call(export_request());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code);
    EXPECT_THAT(answer.error().message, HasSubstr("the reason"));
    bool busy = code == ErrorCode::resource_exhausted;
    EXPECT_EQ(grpc_client_->retry_delay().has_value(), busy) << "RetryInfo is what makes RESOURCE_EXHAUSTED repeatable";
  }
}

TEST_F(OtlpGrpcTest, DoesNotReadWhatThereIsNoRoomFor) {
  start();
  sink_.room_bytes = 1000;
  auto unread = call(std::string(2000, '\xff'));
  ASSERT_FALSE(unread);
  EXPECT_EQ(unread.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(grpc_client_->retry_delay(), std::chrono::milliseconds(1500));
  EXPECT_TRUE(sink_.tenants.empty());
  EXPECT_TRUE(call(export_request()));
}

TEST_F(OtlpGrpcTest, RefusesWhileStartingAndStopping) {
  start({}, false);
  auto starting = call(export_request());
  ASSERT_FALSE(starting);
  EXPECT_EQ(starting.error().code, ErrorCode::unavailable);
  ingest_->open(sink_);
  EXPECT_TRUE(call(export_request()));
  ingest_->stop();
  auto stopping = call(export_request());
  ASSERT_FALSE(stopping);
  EXPECT_EQ(stopping.error().code, ErrorCode::unavailable);
}

TEST_F(OtlpGrpcTest, NamesTheTenantWhenTenancyIsOn) {
  IngestOptions options;
  options.tenancy = true;
  start(options);
  for (const char* name : {"", "..", "a|b"}) {
    auto answer = call(export_request(), headers({{"x-scope-orgid", name}}));
    ASSERT_FALSE(answer) << name;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument) << name;
  }
  EXPECT_TRUE(call(export_request(), headers({{"x-scope-orgid", "team-a"}})));
  EXPECT_EQ(sink_.tenants, std::vector<std::string>{"team-a"});
}

std::string trailer(const net::Response& response, std::string_view name) {
  std::string_view found = response.trailers.get(name);
  return std::string(found.empty() ? response.headers.get(name) : found);
}

TEST(OtlpGrpcResponse, OnlyABusyStoreIsRepeatable) {
  Verdict busy = refuse(Outcome::busy, "full");
  busy.retry_delay_ms = 1500;
  auto response = otlp_grpc_response(busy);
  EXPECT_EQ(trailer(response, "grpc-status"), "8");
  EXPECT_FALSE(trailer(response, "grpc-status-details-bin").empty());
  auto too_large = otlp_grpc_response(refuse(Outcome::too_large, "too large"));
  EXPECT_EQ(trailer(too_large, "grpc-status"), "8");
  EXPECT_TRUE(trailer(too_large, "grpc-status-details-bin").empty());
}

}  // namespace
}  // namespace clew::receive
