#include "receive/otlp_http.h"

#include <gmock/gmock.h>

#include "net/content_encoding.h"
#include "receive/receive_fixture.h"

namespace clew::receive {
namespace {

using testing::HasSubstr;

constexpr const char* kProtobuf = "application/x-protobuf";
constexpr const char* kJson = "application/json";

using OtlpHttpTest = ReceiveTest;

TEST_F(OtlpHttpTest, AcknowledgesInTheEncodingOfTheRequest) {
  start();
  auto protobuf = post(export_request(), headers({{"content-type", kProtobuf}}));
  EXPECT_EQ(protobuf.status, 200);
  EXPECT_EQ(protobuf.headers.get("content-type"), kProtobuf);
  EXPECT_EQ(protobuf.body, "");
  auto json = post(kJsonRequest, headers({{"content-type", "application/json; charset=utf-8"}}));
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.headers.get("content-type"), kJson);
  EXPECT_EQ(json.body, "{}");
  EXPECT_EQ(sink_.spans, 2U);
  EXPECT_EQ(sink_.tenants, (std::vector<std::string>{"single-tenant", "single-tenant"}));
}

TEST_F(OtlpHttpTest, TakesEmptyRequests) {
  start();
  EXPECT_EQ(post("", headers({{"content-type", kProtobuf}})).status, 200);
  EXPECT_EQ(post("{}", headers({{"content-type", kJson}})).status, 200);
  EXPECT_TRUE(sink_.tenants.empty());
}

TEST_F(OtlpHttpTest, TakesCompressedBodies) {
  start();
  for (const char* encoding : {"gzip", "zstd"}) {
    std::string body = net::encode_body(encoding, export_request());
    auto answer = post(body, headers({{"content-type", kProtobuf}, {"content-encoding", encoding}}));
    EXPECT_EQ(answer.status, 200) << encoding;
  }
  EXPECT_EQ(sink_.spans, 2U);
}

TEST_F(OtlpHttpTest, RejectsSingleSpansByPartialSuccess) {
  start();
  std::string request = export_request({"0123456789abcdef", "short", std::string(16, '\0')});
  auto answer = post(request, headers({{"content-type", kProtobuf}}));
  EXPECT_EQ(answer.status, 200);
  // partial_success 1 { rejected_spans 1: 2, error_message 2: … }
  EXPECT_EQ(answer.body.substr(0, 1), "\x0a");
  EXPECT_EQ(answer.body.substr(2, 2), "\x08\x02");
  EXPECT_THAT(answer.body, HasSubstr("trace"));
  EXPECT_EQ(sink_.spans, 1U);

  std::string none = post(export_request({"short"}), headers({{"content-type", kProtobuf}})).body;
  EXPECT_EQ(none.substr(2, 2), "\x08\x01");
}

struct Refused {
  const char* what;
  const char* content_type;
  std::string content_encoding;
  std::string body;
  int status;
  int code;  // of google.rpc.Status; 0: the body is plain text
};

TEST_F(OtlpHttpTest, RefusesWithAStatusInTheEncodingOfTheRequest) {
  IngestOptions options;
  options.limits.request_bytes = 1000;
  start(options);
  std::string bomb = net::encode_body("gzip", std::string(100'000, 'a'));
  std::vector<Refused> cases = {
      {"truncated protobuf", kProtobuf, "", "\x0a\x7f", 400, 3},
      {"random bytes", kProtobuf, "", "\xff\xff\xff\xff", 400, 3},
      {"broken JSON", kJson, "", "{\"resourceSpans\":[", 400, 3},
      {"no JSON at all", kJson, "", "", 400, 3},
      {"broken gzip", kProtobuf, "gzip", "not gzip", 400, 3},
      {"a gzip bomb", kProtobuf, "gzip", bomb, 413, 8},
      {"a gzip bomb, JSON", kJson, "gzip", bomb, 413, 8},
      {"unknown compression", kProtobuf, "br", "x", 415, 12},
      {"unknown compression, JSON", kJson, "br", "x", 415, 12},
      {"unknown type", "text/plain", "", "x", 415, 0},
      {"almost a known type", "application/x-protobuffer", "", "x", 415, 0},
  };
  for (const Refused& c : cases) {
    net::Headers fields = headers({{"content-type", c.content_type}});
    if (!c.content_encoding.empty()) fields.add("content-encoding", c.content_encoding);
    auto answer = post(c.body, std::move(fields));
    EXPECT_EQ(answer.status, c.status) << c.what;
    if (c.code == 0) continue;
    EXPECT_EQ(answer.headers.get("content-type"), c.content_type) << c.what;
    std::string begin = c.content_type == std::string(kJson) ? "{\"code\":" + std::to_string(c.code) + ",\"message\":\""
                                                             : std::string("\x08") + static_cast<char>(c.code) + "\x12";
    EXPECT_EQ(answer.body.substr(0, begin.size()), begin) << c.what;
  }
  EXPECT_EQ(sink_.spans, 0U);
}

TEST_F(OtlpHttpTest, RefusesABodyOverTheLimit) {
  IngestOptions options;
  options.limits.request_bytes = 1000;
  start(options);
  EXPECT_EQ(post_protobuf(std::string(1001, 'a')).status, 413);
  EXPECT_EQ(post_protobuf(std::string(1'000'000, 'a')).status, 413);
}

TEST_F(OtlpHttpTest, SaysWhatWouldBeTaken) {
  start();
  auto type = post("x", headers({{"content-type", "text/plain"}}));
  EXPECT_EQ(type.headers.get("accept"), "application/x-protobuf, application/json");
  EXPECT_EQ(post("x", {}).status, 415);
  auto compression = post("x", headers({{"content-type", kProtobuf}, {"content-encoding", "br"}}));
  EXPECT_EQ(compression.headers.get("accept-encoding"), "gzip, zstd, deflate");
  for (const char* method : {"GET", "PUT", "DELETE", "OPTIONS"}) {
    auto answer = http_client_->call(method, "/v1/traces", {}, "");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 405) << method;
    EXPECT_EQ(answer->headers.get("allow"), "POST") << method;
  }
}

TEST_F(OtlpHttpTest, TellsSendersOfMetricsAndLogs) {
  start();
  for (const char* path : {"/v1/metrics", "/v1/logs", "/v1development/profiles"}) {
    auto answer = post("", headers({{"content-type", kProtobuf}}), path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_THAT(answer.body, HasSubstr("traces only")) << path;
  }
}

struct SinkRefusal {
  ErrorCode code;
  int status;
  const char* retry_after;
};

TEST_F(OtlpHttpTest, PassesOnWhatTheSinkSays) {
  start();
  std::vector<SinkRefusal> cases = {{ErrorCode::resource_exhausted, 429, "2"},
                                    {ErrorCode::unavailable, 503, ""},
                                    {ErrorCode::invalid_argument, 400, ""},
                                    {ErrorCode::internal, 500, ""}};
  for (const SinkRefusal& c : cases) {
    sink_.refusal = Error{c.code, "the reason"};
    auto answer = post(kJsonRequest, headers({{"content-type", kJson}}));
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(answer.headers.get("retry-after"), c.retry_after) << c.status;
    EXPECT_THAT(answer.body, HasSubstr("\"message\":\"the reason\""));
  }
}

TEST(OtlpHttpResponse, RetryAfterIsAtLeastOneSecond) {
  Verdict busy = refuse(Outcome::busy, "full");
  for (auto [delay_ms, seconds] : {std::pair<uint32_t, const char*>{0, "1"}, {1, "1"}, {1000, "1"}, {1001, "2"}}) {
    busy.retry_delay_ms = delay_ms;
    EXPECT_EQ(otlp_http_response(busy, Ingest::Encoding::json).headers.get("retry-after"), seconds);
  }
}

TEST_F(OtlpHttpTest, RefusesWhileStartingAndStopping) {
  start({}, false);
  auto starting = post_protobuf(export_request());
  EXPECT_EQ(starting.status, 503);
  EXPECT_THAT(starting.body, HasSubstr("starting"));
  ingest_->open(sink_);
  EXPECT_EQ(post_protobuf(export_request()).status, 200);
  ingest_->stop();
  auto stopping = post_protobuf(export_request());
  EXPECT_EQ(stopping.status, 503);
  EXPECT_THAT(stopping.body, HasSubstr("shutting down"));
  EXPECT_EQ(sink_.spans, 1U);
}

TEST_F(OtlpHttpTest, AnswersOnlyWhenTheSinkSaysSo) {
  start();
  sink_.hold = true;
  std::thread sender([&] { EXPECT_EQ(post_protobuf(export_request()).status, 200); });
  std::function<void()> answer;
  while (!answer) {
    std::lock_guard lock(sink_.mutex_);
    answer = std::exchange(sink_.held, {});
  }
  answer();
  sender.join();
}

struct TenantCase {
  const char* name;  // nullptr: no header
  int status;
};

TEST_F(OtlpHttpTest, NamesTheTenantWhenTenancyIsOn) {
  IngestOptions options;
  options.tenancy = true;
  start(options);
  std::vector<TenantCase> cases = {{nullptr, 401}, {"", 401},    {"team-a", 200}, {"..", 400},
                                   {"a|b", 400},   {"a/b", 400}, {".", 400},      {"team.b", 200}};
  for (const TenantCase& c : cases) {
    net::Headers fields = headers({{"content-type", kJson}});
    if (c.name != nullptr) fields.add("x-scope-orgid", c.name);
    EXPECT_EQ(post(kJsonRequest, std::move(fields)).status, c.status) << (c.name ? c.name : "no header");
  }
  EXPECT_EQ(sink_.tenants, (std::vector<std::string>{"team-a", "team.b"}));
}

TEST_F(OtlpHttpTest, IgnoresTheTenantWhenTenancyIsOff) {
  start();
  auto answer = post(kJsonRequest, headers({{"content-type", kJson}, {"x-scope-orgid", "../../etc"}}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(sink_.tenants, std::vector<std::string>{"single-tenant"});
}

TEST_F(OtlpHttpTest, CountsRequestsSpansAndBytes) {
  start();
  auto value = [](std::string_view name, Labels labels) { return counter(name, "", std::move(labels)).value(); };
  auto requests = [&](const char* outcome) {
    return value("clew_receive_requests_total", {{"protocol", "otlp_http"}, {"outcome", outcome}});
  };
  int64_t accepted = requests("accepted"), partial = requests("partial"), malformed = requests("malformed");
  int64_t spans = value("clew_receive_spans_total", {{"protocol", "otlp_http"}});
  int64_t bytes = value("clew_receive_bytes_total", {{"protocol", "otlp_http"}});
  int64_t rejected = value("clew_receive_rejected_spans_total", {});
  std::string good = export_request(), mixed = export_request({"0123456789abcdef", "x"}), bad = "\x0a\x7f";
  for (const std::string& body : {good, mixed, bad}) post_protobuf(body);
  EXPECT_EQ(requests("accepted"), accepted + 1);
  EXPECT_EQ(requests("partial"), partial + 1);
  EXPECT_EQ(requests("malformed"), malformed + 1);
  EXPECT_EQ(value("clew_receive_spans_total", {{"protocol", "otlp_http"}}), spans + 2);
  EXPECT_EQ(value("clew_receive_rejected_spans_total", {}), rejected + 1);
  EXPECT_EQ(value("clew_receive_bytes_total", {{"protocol", "otlp_http"}}),
            bytes + static_cast<int64_t>(good.size() + mixed.size() + bad.size()));
}

}  // namespace
}  // namespace clew::receive
