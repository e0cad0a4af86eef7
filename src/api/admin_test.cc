#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "api/api.h"
#include "api/span_source_fake.h"
#include "model/tenant.h"
#include "net/client.h"
#include "net/server.h"

namespace clew::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TraceId kFirstTrace{0, 1};
constexpr TraceId kSecondTrace{0, 2};

class StoreAdminFake : public StoreAdmin {
 public:
  std::vector<UnitStatus> list(std::string_view) override { return {}; }
  Result<Erased> erase(std::string_view tenant, std::span<const TraceId> ids) override {
    tenants.emplace_back(tenant);
    erased.assign(ids.begin(), ids.end());
    return Erased{7, ids.size()};
  }
  std::vector<ErasureStatus> erasures(std::string_view) override { return {{7, 1'700'000'000'000'000'000, 2, 1, 3}}; }
  Result<VerifyReport> verify(std::string_view tenant) override {
    tenants.emplace_back(tenant);
    if (on_verify) on_verify();
    return VerifyReport{2, 1, 100, 9000, {"block \"b\": bad"}};
  }
  Result<RepairReport> repair(std::string_view) override {
    if (busy) return fail(ErrorCode::failed_precondition, "one at a time");
    return RepairReport{{"done"}, {"not done"}, 5, 1};
  }
  Status compact(std::string_view) override {
    ++compactions;
    return {};
  }
  void end_work() override { ended = true; }

  std::vector<std::string> tenants;
  std::vector<TraceId> erased;
  std::function<void()> on_verify;
  bool busy = false;
  int compactions = 0;
  std::atomic<bool> ended{false};
};

class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    options_.admin = &admin_;
    source_.add_unit(std::string(kSingleTenant), [](SpanBuilder& span, Vocabulary& vocabulary) {
      const uint32_t resource = add_resource(vocabulary, {}), scope = add_scope(vocabulary, "", "");
      for (TraceId trace : {kSecondTrace, kFirstTrace}) {
        span.row().resource = resource;
        span.row().scope = scope;
        span.row().trace = trace;
        span.row().span = trace.lo;
        span.row().start_ns = 1'700'000'000'000'000'000 + trace.lo * 10'000'000'000;
        span.row().end_ns = span.row().start_ns + 5;
        span.name(trace == kFirstTrace ? "one" : "two");
        span.finish();
      }
    });
  }
  ~AdminTest() override {
    if (server_) server_->stop(std::chrono::milliseconds(2000));
  }

  Api& api() {
    if (!api_) api_ = std::make_unique<Api>(source_, options_, clock_);
    return *api_;
  }
  net::Response post(std::string path, std::string body = {}) {
    net::Request request;
    request.method = "POST";
    request.path = "/api/clew/admin/" + path;
    request.body = std::move(body);
    return api().answer(request);
  }
  std::unique_ptr<net::Client> connect() {
    if (!server_) {
      server_ = net::Server::start(1, {});
      auto port = server_->listen({"tempo", "127.0.0.1", 0, [this](net::Request request, net::Responder responder) {
                                     api().handle(std::move(request), std::move(responder));
                                   }});
      EXPECT_TRUE(port);
      port_ = *port;
    }
    auto url = net::Url::parse("http://127.0.0.1:" + std::to_string(port_));
    return net::Client::make(*url, std::chrono::milliseconds(5000));
  }

  StoreAdminFake admin_;
  SpanSourceFake source_;
  ApiOptions options_;
  env::ManualClock clock_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::Server> server_;
  uint16_t port_ = 0;
};

TEST_F(AdminTest, AnswersWhatTheStoreSays) {
  EXPECT_EQ(post("verify").body,
            R"({"blocks":2,"logFiles":1,"rows":100,"bytes":"9000","problems":["block \"b\": bad"]})");
  EXPECT_EQ(post("repair").body, R"({"actions":["done"],"failures":["not done"],"rowsSaved":5,"rowsLost":1})");
  EXPECT_EQ(post("compact").body, "{}");
  EXPECT_EQ(admin_.compactions, 1);
  admin_.busy = true;
  EXPECT_EQ(post("repair").status, 409);
  EXPECT_EQ(post("repair").body, "one at a time");
  net::Request request;
  request.method = "GET";
  request.path = "/api/clew/erasures";
  EXPECT_EQ(
      api().answer(request).body,
      R"({"erasures":[{"number":7,"receivedUnixNano":"1700000000000000000","traces":2,"blocks":1,"logFiles":3}]})");
}

TEST_F(AdminTest, TakesPostOnly) {
  net::Request request;
  request.method = "GET";
  for (const char* path : {"verify", "repair", "compact", "delete"}) {
    request.path = std::string("/api/clew/admin/") + path;
    EXPECT_EQ(api().answer(request).status, 405) << path;
    EXPECT_EQ(api().answer(request).headers.get("allow"), "POST");
  }
  request.method = "POST";
  request.path = "/api/clew/erasures";
  EXPECT_EQ(api().answer(request).status, 405);
}

TEST_F(AdminTest, ErasesByIds) {
  const std::string id(31, '0');
  EXPECT_EQ(post("delete", R"({"ids":[")" + id + R"(2",")" + id + R"(1",")" + id + R"(2"]})").body,
            R"({"number":7,"traces":2})");
  EXPECT_THAT(admin_.erased, ElementsAre(kFirstTrace, kSecondTrace));
  admin_.erased.clear();
  EXPECT_EQ(post("delete", R"({"ids":[]})").body, R"({"number":0,"traces":0})");
  EXPECT_THAT(admin_.erased, IsEmpty());
}

TEST_F(AdminTest, ErasesWhatAQueryFinds) {
  EXPECT_EQ(post("delete", R"({"q":"{ name = \"two\" }"})").body, R"({"number":7,"traces":1})");
  EXPECT_THAT(admin_.erased, ElementsAre(kSecondTrace));
  EXPECT_EQ(post("delete", R"({"q":"{}","start":1700000000,"end":1700000015})").body, R"({"number":7,"traces":1})");
  EXPECT_THAT(admin_.erased, ElementsAre(kFirstTrace));
  admin_.erased.clear();
  EXPECT_EQ(post("delete", R"({"q":"{ name = \"three\" }"})").body, R"({"number":0,"traces":0})");
  EXPECT_EQ(post("delete", R"({"q":"{}","dryRun":true})").body,
            R"({"number":0,"traces":2,"ids":["00000000000000000000000000000001","00000000000000000000000000000002"]})");
  EXPECT_THAT(admin_.erased, IsEmpty());
}

TEST_F(AdminTest, RefusesMoreTracesThanTheLimitAndErasesNone) {
  options_.delete_limit = 1;
  for (const char* body : {R"({"q":"{}"})", R"({"q":"{}","dryRun":true})", R"({"ids":["1","2"]})"}) {
    net::Response response = post("delete", body);
    EXPECT_EQ(response.status, 422) << body;
    EXPECT_THAT(response.body, HasSubstr("admin.delete_limit"));
  }
  EXPECT_THAT(admin_.erased, IsEmpty());
  EXPECT_EQ(post("delete", R"({"q":"{ name = \"two\" }"})").status, 200);
}

TEST_F(AdminTest, RefusesWhatItDoesNotUnderstandAndErasesNone) {
  for (const char* body :
       {"", "{}", "[]", R"({"ids":"1"})", R"({"ids":[1]})", R"({"ids":["xyz"]})", R"({"ids":["1"],"q":"{}"})",
        R"({"q":""})", R"({"q":"{"})", R"x({"q":"{} | rate()"})x", R"({"q":"{}","limit":5})",
        R"({"q":"{}","start":-1})", R"({"q":"{}","start":1.5})", R"({"q":"{}","start":9,"end":8})",
        R"({"ids":["1"],"start":5})", R"({"q":"{}","dryRun":"yes"})", R"({"q":"{}","start":99999999999999})"}) {
    net::Response response = post("delete", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(response.body, Not(IsEmpty()));
  }
  EXPECT_THAT(admin_.erased, IsEmpty());
}

TEST_F(AdminTest, AsksForTheTenantWhereThereAreSeveral) {
  options_.tenancy = true;
  EXPECT_EQ(post("verify").status, 401);
  net::Request request;
  request.method = "POST";
  request.path = "/api/clew/admin/verify";
  request.headers.add("X-Scope-OrgID", "blue");
  EXPECT_EQ(api().answer(request).status, 200);
  EXPECT_THAT(admin_.tenants, ElementsAre("blue"));
}

TEST_F(AdminTest, OverASocketNeedsTheHeaderAndALoopbackHost) {
  auto client = connect();
  auto call = [&](net::Headers headers) {
    auto response = client->call("POST", "/api/clew/admin/verify", std::move(headers), "");
    EXPECT_TRUE(response);
    return response ? response->status : 0;
  };
  EXPECT_EQ(call({}), 403);
  EXPECT_THAT(admin_.tenants, IsEmpty());
  net::Headers allowed;
  allowed.add("X-Clew-Admin", "1");
  EXPECT_EQ(call(allowed), 200);
  EXPECT_THAT(admin_.tenants, ElementsAre(std::string(kSingleTenant)));
}

// Neither searches nor erasure wait for it; a second verify waits, a third is told so.
TEST_F(AdminTest, LongWorkHoldsUpNothingElse) {
  options_.threads = 1;
  std::promise<void> begun, release;
  auto released = release.get_future().share();
  std::atomic<bool> first{true};
  admin_.on_verify = [&] {
    if (first.exchange(false)) begun.set_value();
    released.wait();
  };
  net::Headers headers;
  headers.add("X-Clew-Admin", "1");
  auto verify = [&] {
    return std::async(std::launch::async, [&] {
      auto response = connect()->call("POST", "/api/clew/admin/verify", headers, "");
      return response ? response->status : 0;
    });
  };
  auto client = connect();
  auto running = verify();
  begun.get_future().wait();
  EXPECT_EQ(client->call("GET", "/api/search?q=%7B%7D", {}, "")->status, 200);
  EXPECT_EQ(client->call("POST", "/api/clew/admin/delete", headers, R"({"ids":["1"]})")->status, 200);
  // Of two more, one has the place to wait.
  auto second = verify(), third = verify();
  for (;;) {
    if (second.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready) break;
    if (third.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready) break;
  }
  release.set_value();
  EXPECT_EQ(running.get(), 200);
  EXPECT_EQ(second.get() + third.get(), 200 + 429);
}

TEST_F(AdminTest, StoppingEndsTheWork) {
  std::promise<void> begun;
  admin_.on_verify = [&] {
    begun.set_value();
    while (!admin_.ended) std::this_thread::yield();
  };
  auto client = connect();
  net::Headers headers;
  headers.add("X-Clew-Admin", "1");
  auto answer = std::async(std::launch::async,
                           [&] { return client->call("POST", "/api/clew/admin/verify", headers, "").has_value(); });
  begun.get_future().wait();
  api().stop();
  EXPECT_TRUE(answer.get());
  EXPECT_TRUE(admin_.ended);
}

struct AccessCase {
  const char* name;
  AdminListen listen;
  bool loopback;
  const char* header;
  const char* host;
  const char* refusal;  // null: allowed
};

class AdminAccess : public testing::TestWithParam<AccessCase> {};

TEST_P(AdminAccess, IsGivenOrSaysWhatToDo) {
  const AccessCase& test = GetParam();
  net::Request request;
  request.connection = std::make_shared<net::Connection>();
  request.connection->loopback = test.loopback;
  if (*test.header != 0) request.headers.add("x-clew-admin", test.header);
  request.headers.add("Host", test.host);
  Status allowed = check_admin_access(request, test.listen);
  EXPECT_EQ(allowed.has_value(), test.refusal == nullptr);
  if (allowed || test.refusal == nullptr) return;
  EXPECT_EQ(allowed.error().code, ErrorCode::permission_denied);
  EXPECT_THAT(allowed.error().message, HasSubstr(test.refusal));
}

constexpr auto kLoopback = AdminListen::loopback;
INSTANTIATE_TEST_SUITE_P(
    Cases, AdminAccess,
    testing::Values(AccessCase{"local", kLoopback, true, "1", "127.0.0.1:3200", nullptr},
                    AccessCase{"another_loopback", kLoopback, true, "1", "127.5.4.3", nullptr},
                    AccessCase{"by_name", kLoopback, true, "1", "localhost:3200", nullptr},
                    AccessCase{"v6", kLoopback, true, "1", "[::1]:3200", nullptr},
                    AccessCase{"v6_without_port", kLoopback, true, "1", "[::1]", nullptr},
                    AccessCase{"remote", kLoopback, false, "1", "127.0.0.1:3200", "admin.listen"},
                    AccessCase{"no_header", kLoopback, true, "", "127.0.0.1:3200", "X-Clew-Admin"},
                    AccessCase{"rebound_name", kLoopback, true, "1", "evil.example:3200", "127.0.0.1 or localhost"},
                    AccessCase{"name_like_an_address", kLoopback, true, "1", "127.0.0.1.evil.example", "Host"},
                    AccessCase{"name_with_digits", kLoopback, true, "1", "127.0.0.x", "Host"},
                    AccessCase{"v6_like", kLoopback, true, "1", "[::1].evil.example", "Host"},
                    AccessCase{"no_host", kLoopback, true, "1", "", "Host"},
                    AccessCase{"all_remote", AdminListen::all, false, "1", "tempo.example", nullptr},
                    AccessCase{"all_without_header", AdminListen::all, false, "", "tempo.example", "X-Clew-Admin"},
                    AccessCase{"off", AdminListen::off, true, "1", "127.0.0.1", "admin.listen"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace clew::api
