#include "receive/otlp_http.h"

#include <gmock/gmock.h>

#include "net/content_encoding.h"
#include "net/rpc_status.h"
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

// The same deflate data in other envelopes. gzip() writes a header of 10 bytes and a trailer of 8.
std::string raw_deflate(std::string_view body) {
  std::string member = net::encode_body("gzip", body);
  return member.substr(10, member.size() - 18);
}
std::string zlib_deflate(std::string_view body) {
  uint32_t a = 1, b = 0;
  for (char c : body) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  std::string out = "\x78\x9c" + raw_deflate(body);
  for (uint32_t sum : {b >> 8, b, a >> 8, a}) out.push_back(static_cast<char>(sum & 0xff));
  return out;
}

struct Sent {
  const char* what;
  const char* content_type;
  const char* content_encoding;
  std::string body;
  int status;
};

TEST_F(OtlpHttpTest, TakesWhatSendersSendAndSaysWhatItDoesNotTake) {
  start();
  std::string plain = export_request();
  std::string half = plain.substr(0, plain.size() / 2), rest = plain.substr(half.size());
  auto packed = [](const char* encoding, std::string_view body) { return net::encode_body(encoding, body); };
  std::vector<Sent> cases = {
      {"upper case", "Application/X-Protobuf", "", plain, 200},
      {"a parameter", "application/x-protobuf; charset=utf-8", "", plain, 200},
      {"JSON with a parameter and spaces", " application/json ;charset=UTF-8 ", "", std::string(kJsonRequest), 200},
      {"identity", kProtobuf, "identity", plain, 200},
      {"gzip", kProtobuf, "gzip", packed("gzip", plain), 200},
      {"upper case and spaces", kProtobuf, " GZIP ", packed("gzip", plain), 200},
      {"gzip of JSON", kJson, "gzip", packed("gzip", kJsonRequest), 200},
      {"two gzip members", kProtobuf, "gzip", packed("gzip", half) + packed("gzip", rest), 200},
      {"gzip and garbage", kProtobuf, "gzip", packed("gzip", plain) + "garbage", 400},
      {"gzip that ends too early", kProtobuf, "gzip", packed("gzip", plain).substr(0, 40), 400},
      {"deflate as RFC 9110 has it", kProtobuf, "deflate", zlib_deflate(plain), 200},
      {"deflate without zlib's header", kProtobuf, "deflate", raw_deflate(plain), 200},
      {"zstd", kProtobuf, "zstd", packed("zstd", plain), 200},
      {"two zstd frames", kProtobuf, "zstd", packed("zstd", half) + packed("zstd", rest), 200},
      {"zstd in gzip", kProtobuf, "zstd, gzip", packed("gzip", packed("zstd", plain)), 200},
      {"gzip that is not", kProtobuf, "gzip", plain, 400},
      {"nothing, compressed", kProtobuf, "gzip", packed("gzip", ""), 200},
      {"nothing, said to be compressed", kProtobuf, "gzip", "", 400},
      {"snappy", kProtobuf, "snappy", plain, 415},
      {"an unknown one in a chain", kProtobuf, "gzip, lz4", packed("gzip", plain), 415},
      {"a form", "application/x-www-form-urlencoded", "", plain, 415},
      {"gRPC's type on HTTP", "application/protobuf", "", plain, 415},
  };
  for (const char* scheme : {"http", "grpc"}) {
    auto sender = client(scheme);
    for (const Sent& c : cases) {
      size_t before = sink_.spans;
      auto answer =
          sender->call("POST", "/v1/traces",
                       headers({{"content-type", c.content_type}, {"content-encoding", c.content_encoding}}), c.body);
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->status, c.status) << scheme << " " << c.what << ": " << answer->body;
      bool has_span = c.status == 200 && std::string_view(c.what).find("nothing") == std::string_view::npos;
      EXPECT_EQ(sink_.spans - before, has_span ? 1U : 0U) << scheme << " " << c.what;
      if (c.status == 415 && *c.content_encoding) {
        EXPECT_THAT(answer->body, HasSubstr("gzip, deflate, zstd and identity are understood"));
      }
    }
  }
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

// net refuses these itself, while the body comes; OTLP wants its own form all the same.
TEST_F(OtlpHttpTest, RefusesWhatIsNotReceivedWholeInTheEncodingOfTheRequest) {
  IngestOptions options;
  options.limits.request_bytes = 1000;
  auto value = [](const char* outcome) {
    return counter("clew_receive_requests_total", "", {{"protocol", "otlp_http"}, {"outcome", outcome}}).value();
  };
  int64_t too_large = value("too_large"), unavailable = value("unavailable");
  start(options);
  for (size_t bytes : {1006, 5'000'000}) {
    auto protobuf = post(std::string(bytes, 'a'), headers({{"content-type", kProtobuf}}));
    EXPECT_EQ(protobuf.status, 413);
    EXPECT_EQ(protobuf.headers.get("content-type"), kProtobuf);
    EXPECT_EQ(protobuf.body,
              net::encode_rpc_status(8, "the body exceeds the limit of 1000 bytes (limits.request_bytes)"));
    auto json = post(std::string(bytes, 'a'), headers({{"content-type", "Application/JSON"}}));
    EXPECT_EQ(json.status, 413);
    EXPECT_EQ(json.headers.get("content-type"), kJson);
    EXPECT_EQ(json.body, R"x({"code":8,"message":"the body exceeds the limit of 1000 bytes (limits.request_bytes)"})x");
    auto unknown = post(std::string(bytes, 'a'), headers({{"content-type", "text/plain"}}));
    EXPECT_EQ(unknown.status, 413);
    EXPECT_THAT(unknown.headers.get("content-type"), HasSubstr("text/plain"));
  }
  EXPECT_EQ(value("too_large"), too_large + 6);

  server_.reset();
  buffered_bytes_ = 100;
  start(options);
  auto busy = post(std::string(500, 'a'), headers({{"content-type", kJson}}));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.headers.get("retry-after"), "1");
  EXPECT_THAT(busy.body, HasSubstr("\"code\":14"));
  EXPECT_EQ(value("unavailable"), unavailable + 1);
}

TEST_F(OtlpHttpTest, DoesNotReadWhatThereIsNoRoomFor) {
  start();
  sink_.room_bytes = 1000;
  auto unread = post_protobuf(std::string(2000, '\xff'));
  EXPECT_EQ(unread.status, 429);
  EXPECT_EQ(unread.headers.get("retry-after"), "2");
  std::string packed = net::encode_body("gzip", std::string(2000, '\xff'));
  ASSERT_LT(packed.size(), 1000U);
  auto unpacked = post(packed, headers({{"content-type", kProtobuf}, {"content-encoding", "gzip"}}));
  EXPECT_EQ(unpacked.status, 429) << "unpacked, but not decoded";
  EXPECT_TRUE(sink_.tenants.empty());
  EXPECT_EQ(post_protobuf(export_request()).status, 200);
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
