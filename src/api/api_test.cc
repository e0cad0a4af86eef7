#include "api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <future>

#include "api/span_source_fake.h"
#include "base/counters.h"
#include "column/recode.h"
#include "model/tenant.h"
#include "net/client.h"
#include "net/server.h"
#include "wire/otlp.h"

namespace clew::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1'700'000'000 * kSecond;
constexpr TraceId kTrace{0x0a, 0x0b};
constexpr std::string_view kTraceHex = "000000000000000a000000000000000b";

void add_span(SpanBuilder& span, uint32_t resource, TraceId trace, uint64_t id, uint64_t parent,
              std::string_view name) {
  span.row().trace = trace;
  span.row().span = id;
  span.row().parent = parent;
  span.row().start_ns = kStart + id;
  span.row().end_ns = kStart + id + 5 * kSecond;
  span.row().resource = resource;
  span.name(name);
}

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    source_.add_unit(std::string(kSingleTenant), [](SpanBuilder& span, Vocabulary& vocabulary) {
      AttributeView service{"service.name", ValueView::of_string("shop")};
      uint32_t resource = add_resource(vocabulary, std::span(&service, 1));
      uint32_t scope = add_scope(vocabulary, "tracer", "1.2");
      add_span(span, resource, kTrace, 1, 0, "GET /cart");
      span.row().scope = scope;
      span.row().status = StatusCode::error;
      span.attribute("http.status_code", ValueView::of_int(500));
      span.attribute("http.route", ValueView::of_string("/cart"));
      span.attribute("ratio", ValueView::of_real(0.5));
      span.attribute("cached", ValueView::of_bool(true));
      span.status_message("it broke");
      span.begin_event(10, "exception");
      span.attribute("exception.type", ValueView::of_string("Timeout"));
      span.finish();
      add_span(span, resource, kTrace, 2, 1, "SELECT");
      span.row().scope = scope;
      span.finish();
    });
  }

  Api& api() {
    if (!api_) api_ = std::make_unique<Api>(source_, options_, clock_);
    return *api_;
  }
  net::Response get(std::string path, std::string query = {}, net::Headers headers = {}) {
    net::Request request;
    request.method = "GET";
    request.path = std::move(path);
    request.query = std::move(query);
    request.headers = std::move(headers);
    return api().answer(request);
  }

  SpanSourceFake source_;
  ApiOptions options_;
  env::ManualClock clock_;
  std::unique_ptr<Api> api_;
};

net::Headers accepting(std::string type) {
  net::Headers headers;
  headers.add("Accept", std::move(type));
  return headers;
}

TEST_F(ApiTest, SaysHowItIs) {
  options_.build = {"1.2", "abc", "main", "2026", "g++ 12"};
  EXPECT_EQ(get("/api/echo").body, "echo");
  EXPECT_EQ(get("/ready").status, 200);
  EXPECT_EQ(get("/ready").body, "ready\n");
  EXPECT_EQ(
      get("/api/status/buildinfo").body,
      R"({"version":"1.2","revision":"abc","branch":"main","buildUser":"","buildDate":"2026","goVersion":"g++ 12"})");
  EXPECT_THAT(get("/metrics").body, HasSubstr("clew_api_requests_total{endpoint=\"echo\",status=\"200\"}"));
}

TEST_F(ApiTest, OwnsItsPathsOnly) {
  for (auto path :
       {"/api/echo", "/ready", "/metrics", "/api/traces/1", "/api/v2/traces/1", "/api/search", "/api/search/tags",
        "/api/v2/search/tags", "/api/search/tag/a/b/values", "/api/v2/search/tag/.a/values"}) {
    EXPECT_TRUE(api().owns(path)) << path;
  }
  for (auto path : {"/", "/api", "/api/traces/", "/api/search/tag//values", "/v1/traces", "/api/searching"}) {
    EXPECT_FALSE(api().owns(path)) << path;
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(ApiTest, TakesGetOnly) {
  net::Request request;
  request.method = "POST";
  request.path = "/api/search";
  net::Response response = api().answer(request);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("allow"), "GET, HEAD");
}

TEST_F(ApiTest, RefusesBadTraceIds) {
  for (auto path : {"/api/traces/", "/api/v2/traces/"}) {
    EXPECT_EQ(get(path + std::string("xyz")).status, 400);
    EXPECT_EQ(get(path + std::string("xyz")).body, "trace IDs can only contain hex characters");
    EXPECT_EQ(get(path + std::string(33, 'a')).status, 400);
    EXPECT_EQ(get(path + std::string("ab"), "start=5&end=4").status, 400);
  }
}

TEST_F(ApiTest, AnswersAnUnknownTraceAsTempoDoes) {
  EXPECT_EQ(get("/api/traces/ff").status, 404);
  EXPECT_EQ(get("/api/traces/ff").body, "");
  net::Response v2 = get("/api/v2/traces/ff");
  EXPECT_EQ(v2.status, 200);
  EXPECT_EQ(v2.body, R"({"trace":{},"metrics":{}})");
  // Field 1 is there, and empty: Grafana looks into it unseen.
  net::Response bytes = get("/api/v2/traces/ff", "", accepting("application/protobuf"));
  EXPECT_EQ(bytes.body, std::string("\x0a\x00\x12\x00", 4));
}

TEST_F(ApiTest, FindsATraceWithAnIdInAnyLength) {
  for (auto id : {"a000000000000000b", "000000000000000A000000000000000B"}) {
    net::Response v1 = get("/api/traces/" + std::string(id));
    EXPECT_EQ(v1.status, 200);
    EXPECT_THAT(v1.body, StartsWith("{\"batches\":["));
    EXPECT_THAT(v1.body, HasSubstr("GET /cart"));
    net::Response v2 = get("/api/v2/traces/" + std::string(id));
    EXPECT_THAT(v2.body, StartsWith("{\"trace\":{\"resourceSpans\":["));
    EXPECT_THAT(v2.body, testing::EndsWith(",\"metrics\":{}}"));
  }
}

TEST_F(ApiTest, AnswersProtobufThatDecodesToTheSpans) {
  net::Response v1 = get("/api/traces/" + std::string(kTraceHex), "", accepting("application/protobuf"));
  EXPECT_EQ(v1.headers.get("content-type"), "application/protobuf");
  wire::OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  ASSERT_TRUE(decoder.decode_protobuf(v1.body, 0, batch));
  EXPECT_EQ(batch.rows.size(), 2U);
  EXPECT_EQ(batch.rows[0].trace, kTrace);
  net::Response v2 = get("/api/v2/traces/" + std::string(kTraceHex), "", accepting("application/protobuf"));
  EXPECT_THAT(v2.body, HasSubstr(v1.body));
}

TEST_F(ApiTest, GathersATraceFromAllUnitsAndEachSpanOnce) {
  source_.add_unit(std::string(kSingleTenant), [](SpanBuilder& span, Vocabulary& vocabulary) {
    uint32_t resource = add_resource(vocabulary, {});
    uint32_t scope = add_scope(vocabulary, "", "");
    for (uint64_t id : {2, 3}) {
      add_span(span, resource, kTrace, id, 1, "late");
      span.row().scope = scope;
      span.finish();
    }
  });
  net::Response v1 = get("/api/traces/" + std::string(kTraceHex), "", accepting("application/protobuf"));
  wire::OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  ASSERT_TRUE(decoder.decode_protobuf(v1.body, 0, batch));
  EXPECT_EQ(batch.rows.size(), 3U);
}

struct Refusal {
  const char* query;
  int status;
  const char* says;
};

TEST_F(ApiTest, RefusesBadSearches) {
  for (const Refusal& c : {
           Refusal{"limit=0", 400, "invalid limit: must be a positive number"},
           Refusal{"limit=-1", 400, "invalid limit"},
           Refusal{"limit=x", 400, "invalid limit"},
           Refusal{"limit=262145", 400, "invalid limit: at most 262144"},
           Refusal{"spss=101", 400, "invalid spss: at most 100"},
           Refusal{"start=20&end=10", 400, "start (20) must be before end (10)"},
           Refusal{"start=20&end=20", 400, "must be before"},
           Refusal{"start=yesterday", 400, "invalid start"},
           Refusal{"q={", 400, "invalid TraceQL query: parse error at line 1, col "},
           Refusal{"q={1}", 400, "invalid TraceQL query: "},
           Refusal{"q={}|rate()", 400, "a metrics query is not a search"},
           Refusal{"q={parent.x=1}", 400, "invalid TraceQL query: "},
           Refusal{"q={}&tags=a%3Db", 400, "q and tags"},
           Refusal{"q={}&minDuration=1s", 400, "belong to tags"},
           Refusal{"tags=a%3D%22b", 400, "the quotes are not closed at position 3"},
           Refusal{"tags=a%3Db&minDuration=soon", 400, "'soon' is not a duration"},
       }) {
    net::Response response = get("/api/search", c.query);
    EXPECT_EQ(response.status, c.status) << c.query;
    EXPECT_THAT(response.body, HasSubstr(c.says)) << c.query;
    EXPECT_THAT(std::string(response.headers.get("content-type")), StartsWith("text/plain")) << c.query;
  }
}

TEST_F(ApiTest, Searches) {
  for (auto query :
       {"q={status=error}", "tags=http.status_code%3D500%20error", "", "q=&start=1700000000&end=1700000009",
        "tags=service.name%3Dshop&minDuration=4s&maxDuration=6s&limit=1&spss=1"}) {
    net::Response response = get("/api/search", query);
    ASSERT_EQ(response.status, 200) << query << response.body;
    EXPECT_THAT(response.body, StartsWith("{\"traces\":[{\"traceID\":\"" + std::string(kTraceHex) + "\"")) << query;
    EXPECT_THAT(response.body, HasSubstr("\"rootServiceName\":\"shop\",\"rootTraceName\":\"GET /cart\"")) << query;
    EXPECT_THAT(response.body, HasSubstr("\"spanSet\":{\"spans\":[{\"spanID\":\"0000000000000001\"")) << query;
  }
  net::Response none = get("/api/search", "q={status=ok}");
  EXPECT_THAT(none.body, StartsWith("{\"traces\":[],\"metrics\":{"));
  EXPECT_THAT(get("/api/search", "end=1699999999").body, StartsWith("{\"traces\":[],"));
}

TEST_F(ApiTest, NamesTags) {
  EXPECT_THAT(get("/api/search/tags").body,
              StartsWith(R"({"tagNames":["cached","exception.type","http.route","http.status_code","ratio",)"
                         R"("service.name"],"metrics":{)"));
  EXPECT_THAT(get("/api/search/tags", "scope=resource").body, StartsWith(R"({"tagNames":["service.name"],)"));
  EXPECT_THAT(get("/api/search/tags", "scope=intrinsic").body, StartsWith(R"({"tagNames":["duration","event:name",)"));
  std::string v2 = get("/api/v2/search/tags").body;
  EXPECT_THAT(v2,
              StartsWith(R"({"scopes":[{"name":"resource","tags":["service.name"]},{"name":"span","tags":["cached",)"
                         R"("http.route","http.status_code","ratio"]},{"name":"event","tags":["exception.type"]},)"
                         R"({"name":"intrinsic","tags":["duration","name","status",)"));
  EXPECT_THAT(v2, testing::Not(HasSubstr("\"link\"")));
  EXPECT_EQ(get("/api/v2/search/tags", "scope=span&limit=1&start=1&end=2").body, R"({"scopes":[],"metrics":{}})");
  EXPECT_THAT(get("/api/v2/search/tags", "scope=event").body,
              StartsWith(R"({"scopes":[{"name":"event","tags":["exception.type"]}],)"));
  EXPECT_EQ(get("/api/v2/search/tags", "scope=spam").status, 400);
  EXPECT_EQ(get("/api/v2/search/tags", "limit=0").status, 400);
}

TEST_F(ApiTest, ListsTagValues) {
  struct Case {
    const char* tag;
    const char* values;
  };
  for (const Case& c : {
           Case{".http.status_code", R"({"type":"int","value":"500"})"},
           Case{"span.http.route", R"({"type":"string","value":"/cart"})"},
           Case{"span.ratio", R"({"type":"float","value":"0.5"})"},
           Case{"span.cached", R"({"type":"bool","value":"true"})"},
           Case{"resource.service.name", R"({"type":"string","value":"shop"})"},
           Case{".service.name", R"({"type":"string","value":"shop"})"},
           Case{"span.service.name", ""},
           Case{"resource.nothing", ""},
           Case{"name", R"({"type":"string","value":"GET /cart"},{"type":"string","value":"SELECT"})"},
           Case{"span:name", R"({"type":"string","value":"GET /cart"},{"type":"string","value":"SELECT"})"},
           Case{"rootName", R"({"type":"string","value":"GET /cart"})"},
           Case{"trace:rootService", R"({"type":"string","value":"shop"})"},
           Case{"statusMessage", R"({"type":"string","value":""},{"type":"string","value":"it broke"})"},
           Case{"event:name", R"({"type":"string","value":"exception"})"},
           Case{"event.exception.type", R"({"type":"string","value":"Timeout"})"},
           Case{"instrumentation:version", R"({"type":"string","value":"1.2"})"},
           Case{"status", R"({"type":"keyword","value":"error"},{"type":"keyword","value":"ok"},)"
                          R"({"type":"keyword","value":"unset"})"},
           Case{"duration", ""},
           Case{"traceDuration", ""},
           Case{"span:id", ""},
       }) {
    net::Response response = get("/api/v2/search/tag/" + std::string(c.tag) + "/values");
    EXPECT_EQ(response.status, 200) << c.tag;
    EXPECT_THAT(response.body, StartsWith("{\"tagValues\":[" + std::string(c.values) + "],\"metrics\":{")) << c.tag;
  }
  EXPECT_THAT(get("/api/v2/search/tag/kind/values").body, HasSubstr(R"({"type":"keyword","value":"consumer"})"));
  for (auto bad : {"nonsense", "{}", ".a = 1", "parent.x", "} | rate() | {"}) {
    EXPECT_EQ(get("/api/v2/search/tag/" + std::string(bad) + "/values").status, 400) << bad;
  }
}

TEST_F(ApiTest, NarrowsTagValuesByOneFilter) {
  struct Case {
    const char* tag;
    const char* query;
    const char* values;
  };
  constexpr const char* kBothNames = R"({"type":"string","value":"GET /cart"},{"type":"string","value":"SELECT"})";
  for (const Case& c : {
           Case{"name", R"({ span.http.route = "/cart" })", R"({"type":"string","value":"GET /cart"})"},
           Case{"name", R"({ status = error || kind = client })", R"({"type":"string","value":"GET /cart"})"},
           Case{"status", R"({ name = "SELECT" })", R"({"type":"keyword","value":"unset"})"},
           Case{"resource.service.name", "{ .http.status_code >= 500 }", R"({"type":"string","value":"shop"})"},
           Case{"resource.service.name", "{ .http.status_code < 500 }", ""},
           Case{"duration", R"({ name = "SELECT" })", ""},
           // Not one filter, or not yet: everything.
           Case{"name", "{}", kBothNames},
           Case{"name", "{ span.http.route = }", kBothNames},
           Case{"name", R"({ name = "SELECT" } | count() > 1)", kBothNames},
           Case{"name", "{ true } %26%26 { false }", kBothNames},
       }) {
    net::Response response = get("/api/v2/search/tag/" + std::string(c.tag) + "/values", "q=" + std::string(c.query));
    EXPECT_EQ(response.status, 200) << c.query;
    EXPECT_THAT(response.body, StartsWith("{\"tagValues\":[" + std::string(c.values) + "],\"metrics\":{"))
        << c.tag << " " << c.query;
  }
}

TEST_F(ApiTest, ListsTagValuesInV1) {
  EXPECT_THAT(get("/api/search/tag/service.name/values").body, StartsWith(R"({"tagValues":["shop"],"metrics":{)"));
  EXPECT_THAT(get("/api/search/tag/http.status_code/values").body, StartsWith(R"({"tagValues":["500"],)"));
  EXPECT_THAT(get("/api/search/tag/status.code/values").body, StartsWith(R"({"tagValues":["error","ok","unset"],)"));
  EXPECT_THAT(get("/api/search/tag/error/values").body, StartsWith(R"({"tagValues":["true"],)"));
  EXPECT_THAT(get("/api/search/tag/name/values").body, StartsWith(R"({"tagValues":["GET /cart","SELECT"],)"));
  EXPECT_THAT(get("/api/search/tag/nothing/values").body, StartsWith(R"({"tagValues":[],)"));
}

TEST_F(ApiTest, BoundsTagValues) {
  options_.tag_values_bytes = 1000;
  source_.add_unit(std::string(kSingleTenant), [](SpanBuilder& span, Vocabulary& vocabulary) {
    uint32_t resource = add_resource(vocabulary, {});
    uint32_t scope = add_scope(vocabulary, "", "");
    for (uint64_t id = 1; id <= 500; ++id) {
      add_span(span, resource, {9, id}, id, 0, "many");
      span.row().scope = scope;
      span.attribute("uuid", ValueView::of_string(std::to_string(1'000'000'000 + id)));
      span.finish();
    }
  });
  net::Response response = get("/api/v2/search/tag/span.uuid/values");
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(response.body)["tagValues"].get_array().value_unsafe().size(), 100U);
  response = get("/api/v2/search/tag/span.uuid/values", "limit=7");
  EXPECT_EQ(parser.parse(response.body)["tagValues"].get_array().value_unsafe().size(), 7U);
}

class AdminFake final : public StoreAdmin {
 public:
  std::vector<UnitStatus> list(std::string_view tenant) override {
    std::vector<UnitStatus> units;
    if (tenant != kSingleTenant) return units;
    auto add = [&](std::string name, std::string state, uint64_t rows, uint64_t time_ns) -> UnitStatus& {
      UnitStatus& unit = units.emplace_back();
      unit.name = std::move(name);
      unit.state = std::move(state);
      unit.rows = rows;
      unit.min_start_ns = time_ns;
      unit.max_end_ns = time_ns + 1;
      return unit;
    };
    add("old \"block\"", "block", 2, 5).max_receive_ns = 9;
    add("new", "live", 3, 6).bytes = 1000;
    add("empty", "live", 0, 0);
    add("broken", "damaged", 0, 1).damage = "no footer";
    return units;
  }
  std::vector<std::string> complaints() override { return {"block broken is damaged", "disk full"}; }
};

TEST_F(ApiTest, ListsUnitsNewestFirstAndWhatIsWrong) {
  EXPECT_EQ(get("/api/clew/units").status, 400);
  AdminFake admin;
  options_.admin = &admin;
  api_.reset();
  EXPECT_EQ(
      get("/api/clew/units").body,
      R"({"units":[{"name":"new","state":"live","rows":3,"traces":0,"bytes":"1000","minStartUnixNano":"6",)"
      R"("maxEndUnixNano":"7","minReceiveUnixNano":"0","maxReceiveUnixNano":"0"},{"name":"old \"block\"",)"
      R"("state":"block","rows":2,"traces":0,"bytes":"0","minStartUnixNano":"5","maxEndUnixNano":"6",)"
      R"("minReceiveUnixNano":"0","maxReceiveUnixNano":"9"},{"name":"broken","state":"damaged","damage":"no footer",)"
      R"("rows":0,"traces":0,"bytes":"0","minStartUnixNano":"1","maxEndUnixNano":"2","minReceiveUnixNano":"0",)"
      R"("maxReceiveUnixNano":"0"}],"complaints":["block broken is damaged","disk full"]})");
  EXPECT_EQ(get("/ready").body, "ready\nblock broken is damaged\ndisk full\n");
  api_.reset();  // before the store that it asks
}

TEST_F(ApiTest, KeepsTenantsApart) {
  options_.tenancy = true;
  EXPECT_EQ(get("/api/search/tags").status, 401);
  EXPECT_EQ(get("/api/search/tags").body, "no org id");
  EXPECT_EQ(get("/api/echo").status, 200);
  net::Headers headers;
  headers.add("X-Scope-OrgID", "..");
  EXPECT_EQ(get("/api/search/tags", "", headers).status, 400);
  headers = {};
  headers.add("X-Scope-OrgID", "other");
  EXPECT_EQ(get("/api/search/tags", "", headers).body, R"({"tagNames":[],"metrics":{}})");
  EXPECT_EQ(get("/api/traces/" + std::string(kTraceHex), "", headers).status, 404);
}

TEST_F(ApiTest, EndsQueriesAtTheirTimeLimit) {
  options_.time_limit_ns = kSecond;
  source_.on_snapshot = [&](ReadBudget&) { clock_.advance_ns(2 * kSecond); };
  net::Response response = get("/api/search/tags");
  EXPECT_EQ(response.status, 504);
  EXPECT_THAT(response.body, HasSubstr("time limit"));
}

class ApiDamageTest : public ApiTest {
 protected:
  void add_damaged(int units) {
    for (int i = 0; i < units; ++i) {
      source_.add_unit<DamagedUnit>(std::string(kSingleTenant), [](SpanBuilder& span, Vocabulary& vocabulary) {
        uint32_t resource = add_resource(vocabulary, {});
        add_span(span, resource, TraceId{0x0c, 0x0d}, 7, 0, "lost");
        span.row().scope = add_scope(vocabulary, "tracer", "1.2");
        span.finish();
      });
    }
  }
  Counter& retries_ =
      counter("clew_api_damage_retries_total", "Queries done again without data that they found damaged");
  Counter& limit_ =
      counter("clew_api_limit_total", "Times a limit of the query API was reached", {{"limit", "damage_retries"}});
};

TEST_F(ApiDamageTest, AQueryThatMeetsDamageAnswersWithoutIt) {
  struct Case {
    std::string path, query, has;
  };
  const Case cases[] = {
      {"/api/v2/traces/" + std::string(kTraceHex), "", "GET /cart"},
      {"/api/traces/" + std::string(kTraceHex), "", "GET /cart"},
      {"/api/search", "q=%7B%20name%20%3D%20%22SELECT%22%20%7D", "\"traceID\""},
      {"/api/search", "q=%7B%7D", "\"traceID\""},
      {"/api/search/tags", "", "http.route"},
      {"/api/v2/search/tags", "", "http.route"},
      {"/api/search/tag/http.route/values", "", "/cart"},
      {"/api/v2/search/tag/span.http.route/values", "", "/cart"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.path + "?" + test.query);
    for (int units : {1, 3}) {
      add_damaged(units);
      const int64_t before = retries_.value();
      net::Response response = get(test.path, test.query);
      EXPECT_EQ(response.status, 200) << response.body;
      EXPECT_THAT(response.body, HasSubstr(test.has));
      EXPECT_EQ(retries_.value() - before, units);
    }
  }
}

TEST_F(ApiDamageTest, ItGivesUpAfterSomeRetries) {
  add_damaged(4);
  const int64_t retries = retries_.value();
  const int64_t limit = limit_.value();
  net::Response response = get("/api/v2/traces/" + std::string(kTraceHex));
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("a page is damaged"));
  EXPECT_EQ(retries_.value() - retries, 3);
  EXPECT_EQ(limit_.value() - limit, 1);
  // All four are known now.
  EXPECT_EQ(get("/api/v2/traces/" + std::string(kTraceHex)).status, 200);
}

TEST_F(ApiDamageTest, WhatIsNotLeftOutIsNotReadForEver) {
  source_.keeps_damaged = true;
  add_damaged(1);
  const int64_t retries = retries_.value();
  EXPECT_EQ(get("/api/search/tags").status, 500);
  EXPECT_EQ(retries_.value() - retries, 3);
}

TEST_F(ApiDamageTest, ARetryHasTheTimeThatIsLeft) {
  options_.time_limit_ns = 3 * kSecond;
  add_damaged(1);
  source_.on_snapshot = [&](ReadBudget&) { clock_.advance_ns(4 * kSecond); };
  EXPECT_EQ(get("/api/v2/traces/" + std::string(kTraceHex)).status, 504);
}

// Through a real server: the pool, its queue, clients that go.
class ApiServerTest : public ApiTest {
 protected:
  void TearDown() override {
    if (server_) server_->stop(std::chrono::milliseconds(2000));
    if (api_) api_->stop();
  }
  std::unique_ptr<net::Client> connect() {
    if (!server_) {
      server_ = net::Server::start(1, {});
      net::ListenerOptions listener{"tempo", "127.0.0.1", 0, [this](net::Request request, net::Responder responder) {
                                      api().handle(std::move(request), std::move(responder));
                                    }};
      auto port = server_->listen(std::move(listener));
      EXPECT_TRUE(port);
      port_ = *port;
    }
    auto url = net::Url::parse("http://127.0.0.1:" + std::to_string(port_));
    return net::Client::make(*url, std::chrono::milliseconds(5000));
  }

  std::unique_ptr<net::Server> server_;
  uint16_t port_ = 0;
};

TEST_F(ApiServerTest, AnswersOverASocket) {
  auto client = connect();
  auto echo = client->call("GET", "/api/echo", {}, "");
  ASSERT_TRUE(echo) << echo.error().message;
  EXPECT_EQ(echo->body, "echo");
  auto values = client->call("GET", "/api/v2/search/tag/resource%2Eservice.name/values", {}, "");
  ASSERT_TRUE(values);
  EXPECT_THAT(values->body, HasSubstr("shop"));
  EXPECT_EQ(client->call("GET", "/api/search?q=%7B", {}, "")->status, 400);
  EXPECT_EQ(client->call("GET", "/nothing", {}, "")->status, 404);
}

TEST_F(ApiServerTest, RefusesWhatDoesNotFitIntoTheQueue) {
  options_.threads = 1;
  options_.queue = 1;
  std::promise<void> release;
  auto released = release.get_future().share();
  std::promise<void> begun;
  std::atomic<bool> first{true};
  source_.on_snapshot = [&](ReadBudget&) {
    if (first.exchange(false)) begun.set_value();
    released.wait();
  };
  auto ask = [&] { return connect()->call("GET", "/api/search/tags", {}, ""); };
  connect();
  auto running = std::async(std::launch::async, ask);
  begun.get_future().wait();
  // One waits; which of the next two is refused is not known.
  auto a = std::async(std::launch::async, ask);
  auto b = std::async(std::launch::async, ask);
  while (a.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready &&
         b.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
  }
  // Health is answered without the pool.
  EXPECT_EQ(connect()->call("GET", "/ready", {}, "")->status, 200);
  release.set_value();
  EXPECT_EQ(running.get()->status, 200);
  auto first_answer = a.get();
  auto second_answer = b.get();
  EXPECT_EQ(first_answer->status + second_answer->status, 200 + 429);
  EXPECT_EQ(first_answer->status == 429 ? first_answer->body : second_answer->body, "job queue full");
}

// Over HTTP/1.1 and over HTTP/2.
TEST_F(ApiServerTest, CancelsTheQueryOfAClientThatGoes) {
  for (const char* scheme : {"http", "grpc"}) {
    std::promise<Error> ended;
    source_.on_snapshot = [&](ReadBudget& budget) {
      while (budget.check_time()) std::this_thread::yield();
      ended.set_value(budget.check_time().error());
    };
    connect();
    auto url = net::Url::parse(scheme + ("://127.0.0.1:" + std::to_string(port_)));
    auto client = net::Client::make(*url, std::chrono::milliseconds(50));
    auto answer = client->call("GET", "/api/search/tags", {}, "");
    ASSERT_FALSE(answer) << scheme;
    client.reset();
    EXPECT_EQ(ended.get_future().get().code, ErrorCode::cancelled) << scheme;
  }
}

TEST_F(ApiServerTest, StopsWithQueriesInItsQueue) {
  options_.threads = 1;
  std::promise<void> begun;
  std::atomic<bool> first{true};
  source_.on_snapshot = [&](ReadBudget& budget) {
    if (first.exchange(false)) begun.set_value();
    while (budget.charge(0)) std::this_thread::yield();
  };
  auto ask = [&] { return connect()->call("GET", "/api/search/tags", {}, ""); };
  connect();
  auto running = std::async(std::launch::async, ask);
  begun.get_future().wait();
  api().stop();
  EXPECT_EQ(running.get()->status, 499);
  EXPECT_EQ(ask()->status, 429);
}

}  // namespace
}  // namespace clew::api
