#include "cli/tempo_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "cli/fetched_trace.h"
#include "cli/found_traces.h"
#include "column/span_builder.h"
#include "env/clock.h"
#include "env/files.h"
#include "net/server.h"
#include "store/store.h"

namespace clew::cli {
namespace {

using testing::HasSubstr;

class TempoSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = testing::TempDir() + "clew-cli-XXXXXX";
    folder_ = ::mkdtemp(path.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write_endpoints(std::string_view text) { std::ofstream(folder_ + "/endpoints.json") << text; }

  // Two traces with one span each.
  void fill_store() {
    store::StoreOptions options;
    options.folder = folder_ + "/data";
    options.disk_reserve_bytes = 0;
    auto store = store::Store::open(options, env::system_files(), env::system_clock());
    ASSERT_TRUE(store) << store.error().message;
    Vocabulary vocabulary;
    SpanBatch batch;
    batch.vocabulary = &vocabulary;
    for (uint64_t i = 1; i <= 2; ++i) {
      SpanBuilder span(batch);
      span.row().trace = {7, i};
      span.row().span = i;
      span.row().start_ns = kStart + i * 1'000'000;
      span.row().end_ns = kStart + i * 1'000'000 + 500;
      AttributeView service[] = {{"service.name", ValueView::of_string("shop")}};
      span.row().resource = add_resource(vocabulary, service);
      span.row().scope = add_scope(vocabulary, "lib", "1");
      span.name(i == 1 ? "first" : "second");
      span.finish();
    }
    std::promise<Result<Accepted>> promise;
    (*store)->sink().append("single-tenant", batch, [&](Result<Accepted> done) { promise.set_value(std::move(done)); });
    auto accepted = promise.get_future().get();
    ASSERT_TRUE(accepted) << accepted.error().message;
    (*store)->sink().forget(vocabulary);
    ASSERT_TRUE((*store)->close());
  }

  static constexpr uint64_t kStart = 1'700'000'000'000'000'000;
  std::string folder_;
};

TEST_F(TempoSourceTest, ReadsEndpoints) {
  EXPECT_EQ(named_endpoint(folder_, "tempo").error().code, ErrorCode::not_found);
  write_endpoints(R"({"otlp_http":"127.0.0.1:4318","tempo":"[::1]:3200"})");
  EXPECT_EQ(*named_endpoint(folder_, "tempo"), "http://[::1]:3200");
  EXPECT_EQ(*named_endpoint(folder_, "otlp_http"), "http://127.0.0.1:4318");
  EXPECT_FALSE(named_endpoint(folder_, "ui"));
  for (const char* text : {"", "{", "[]", R"({"tempo":1})"}) {
    write_endpoints(text);
    EXPECT_FALSE(named_endpoint(folder_, "tempo")) << text;
  }
}

TEST_F(TempoSourceTest, PrefersTheServerThatRunsOnAFolder) {
  fill_store();
  std::string data = folder_ + "/data";
  auto where = [&] { return open_store_source({"", data}).value()->where(); };
  EXPECT_EQ(where(), "the data directory " + data);
  auto server = net::Server::start(1, {});
  auto port = server->listen({"tempo", "127.0.0.1", 0, [](const net::Request& request, net::Responder responder) {
                                responder.send(net::Response::text(request.path == "/ready" ? 200 : 404, ""));
                              }});
  ASSERT_TRUE(port) << port.error().message;
  std::string url = fmt::format("http://127.0.0.1:{}", *port);
  std::ofstream(data + "/endpoints.json") << fmt::format(R"({{"tempo":"127.0.0.1:{}"}})", *port);
  EXPECT_EQ(where(), url);
  EXPECT_EQ(*running_endpoint(data, "tempo"), url);
  server->stop(std::chrono::milliseconds(0));
  server.reset();
  // As after kill -9.
  EXPECT_EQ(running_endpoint(data, "tempo").error().code, ErrorCode::unavailable);
  EXPECT_EQ(where(), "the data directory " + data);
}

TEST_F(TempoSourceTest, RefusesAFolderThatIsNoDataDirectory) {
  write_endpoints("{}");
  auto source = open_source({"", folder_});
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, HasSubstr("is not a data directory"));
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_FALSE(open_source({"", folder_ + "/file"}));
}

TEST_F(TempoSourceTest, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(open_source({"http://127.0.0.1:1", folder_}).error().code, ErrorCode::invalid_argument);
  auto missing = open_source({"", folder_ + "/nothing"});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr(folder_ + "/nothing"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/nothing"));
}

TEST_F(TempoSourceTest, ReadsAFolder) {
  fill_store();
  auto source = open_source({"", folder_ + "/data"});
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_THAT(stored_times(**source), HasSubstr("from 2023-11-14 22:13:20.001 to 2023-11-14 22:13:20.002"));

  auto body = (*source)->get("/api/search", {{"q", R"({ name = "second" })"}}, "");
  ASSERT_TRUE(body) << body.error().message;
  auto rows = parse_found_traces(*body);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().trace_id, (TraceId{7, 2}).hex());
  EXPECT_EQ(rows->front().matched, 1u);
  EXPECT_EQ(rows->front().root_service, "shop");

  auto trace = fetch_trace(**source, {7, 1});
  ASSERT_TRUE(trace) << trace.error().message;
  ASSERT_EQ((*trace)->rows(), 1u);
  EXPECT_EQ((*trace)->vocabulary.names.at((*trace)->name(0)).text, "first");
  EXPECT_THAT(otlp_json_line(**trace), HasSubstr("\"traceId\":\"00000000000000070000000000000001\""));
  EXPECT_EQ(fetch_trace(**source, {7, 3}).error().code, ErrorCode::not_found);
  EXPECT_EQ((*source)->get("/api/search", {{"q", "{ name = }"}}, "").error().code, ErrorCode::invalid_argument);
}

TEST(FormText, EncodesWhatIsNotPlain) {
  EXPECT_EQ(form_text({}), "");
  EXPECT_EQ(form_text({{"q", "{ .a = \"b+c&d\" }"}, {"limit", "5"}}),
            "q=%7B%20.a%20%3D%20%22b%2Bc%26d%22%20%7D&limit=5");
  EXPECT_EQ(form_encode("ü"), "%C3%BC");
}

TEST(BodyOf, TurnsAStatusIntoAnError) {
  EXPECT_EQ(*body_of({200, "ok\n"}, "there"), "ok\n");
  EXPECT_EQ(body_of({400, "limit: no\n"}, "there").error().message, "limit: no");
  EXPECT_EQ(body_of({400, ""}, "there").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(body_of({404, ""}, "there").error().code, ErrorCode::not_found);
  auto busy = body_of({503, "later"}, "there");
  EXPECT_EQ(busy.error().code, ErrorCode::unavailable);
  EXPECT_EQ(busy.error().message, "there answers 503: later");
}

}  // namespace
}  // namespace clew::cli
