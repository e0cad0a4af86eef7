// Spans over OTLP/HTTP to a collector that behaves in all the ways collectors do.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

#include "clew/exporters.h"
#include "clew/init.h"
#include "clew/trace.h"
#include "collector_for_test.h"
#include "gzip.h"
#include "http_client.h"
#include "otlp_tree_for_test.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::string status(int code, const std::string& headers = "", const std::string& body = "") {
  return "HTTP/1.1 " + std::to_string(code) + " Some Words\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

uint64_t dropped(Drop reason) {
  return stats().dropped[unsigned(reason)];
}

class OtlpHttpTest : public testing::Test {
 protected:
  // Sends to the URL, without waiting long for anything.
  void configure(const std::string& url, OtlpHttpOptions options = {}, Config config = {}) {
    options.url = url;
    options.first_backoff_ms = 1;
    config.exporters.push_back(otlp_http_exporter(std::move(options)));
    config.service_name = "shop";
    config.on_problem = [](std::string_view) {};
    config.exit_flush_ms = 0;
    ASSERT_TRUE(init(std::move(config)));
    before = stats();
  }
  void TearDown() override { init(Config()); }

  void make_spans(int count) {
    for (int i = 0; i < count; ++i) tracer_.start("span").set("number", i);
  }
  static size_t spans_in(const std::vector<Collector::Request>& requests) {
    size_t spans = 0;
    for (const auto& request : requests) spans += spans_of(request.body).size();
    return spans;
  }
  uint64_t exported() const { return stats().exported - before.exported; }
  uint64_t lost(Drop reason) const { return dropped(reason) - before.dropped[unsigned(reason)]; }

  Stats before;
  Tracer tracer_ = tracer("http test", "3");
};

TEST_F(OtlpHttpTest, ARequestSaysAllThatASpanIs) {
  Collector collector;
  configure(collector.url());
  SpanContext context;
  {
    auto span = tracer_.start("all", kServer);
    context = span.span_context();
    span.set("s", "text").set("n", -1).set("d", 1.5).set("b", true).set("list", {1, 2}).set("raw", Bytes{"\0x", 2});
    span.event("happened", {{"e", 1}}).link(context, {{"l", "x"}});
    span.status(Status::kError, "broken");
  }
  ASSERT_TRUE(flush());
  const auto requests = collector.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_THAT(requests[0].head, HasSubstr("POST /v1/traces HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0].head, HasSubstr("Content-Type: application/x-protobuf\r\n"));
  EXPECT_THAT(requests[0].head, HasSubstr("User-Agent: OTel-OTLP-Exporter-Clew/"));
  const ProtoTree resource = ProtoTree(requests[0].body).message(1);
  bool service = false;
  for (const ProtoTree& pair : resource.message(1).messages(1)) {
    service = service || (pair.one(1) == "service.name" && pair.message(2).one(1) == "shop");
  }
  EXPECT_TRUE(service);
  EXPECT_EQ(resource.message(2).message(1).one(1), "http test");
  EXPECT_EQ(resource.message(2).message(1).one(2), "3");
  const auto spans = spans_of(requests[0].body);
  ASSERT_THAT(spans, SizeIs(1));
  const ProtoTree& span = spans[0];
  EXPECT_TRUE(span.ok());
  EXPECT_EQ(span.one(1), std::string(reinterpret_cast<const char*>(context.trace_id.bytes), 16));
  EXPECT_EQ(span.one(2), std::string(reinterpret_cast<const char*>(context.span_id.bytes), 8));
  EXPECT_THAT(span.all(4), SizeIs(0));
  EXPECT_EQ(span.one(5), "all");
  EXPECT_EQ(span.one(6), "2");
  EXPECT_GT(std::stoull(span.one(7)), 1'700'000'000'000'000'000u);
  EXPECT_GE(std::stoull(span.one(8)), std::stoull(span.one(7)));
  const auto pairs = span.messages(9);
  ASSERT_THAT(pairs, SizeIs(6));
  EXPECT_EQ(pairs[0].one(1), "s");
  EXPECT_EQ(pairs[0].message(2).one(1), "text");
  EXPECT_EQ(pairs[1].message(2).one(3), "18446744073709551615");
  double number = 1.5;
  uint64_t word;
  std::memcpy(&word, &number, sizeof word);
  EXPECT_EQ(pairs[2].message(2).one(4), std::to_string(word));
  EXPECT_EQ(pairs[3].message(2).one(2), "1");
  EXPECT_THAT(pairs[4].message(2).message(5).messages(1), SizeIs(2));
  EXPECT_EQ(pairs[5].message(2).one(7), std::string("\0x", 2));
  EXPECT_EQ(span.message(11).one(2), "happened");
  EXPECT_EQ(span.message(11).message(3).one(1), "e");
  EXPECT_EQ(span.message(13).one(1), span.one(1));
  EXPECT_EQ(span.message(13).one(6), std::to_string(0x103));
  EXPECT_EQ(span.message(15).one(2), "broken");
  EXPECT_EQ(span.message(15).one(3), "2");
  EXPECT_EQ(span.one(16), std::to_string(0x103));
  EXPECT_EQ(exported(), 1u);
}

TEST_F(OtlpHttpTest, OneConnectionCarriesManyRequests) {
  Collector collector;
  configure(collector.url());
  for (int i = 0; i < 5; ++i) {
    make_spans(3);
    ASSERT_TRUE(flush());
  }
  EXPECT_THAT(collector.requests(), SizeIs(5));
  EXPECT_EQ(collector.requests().back().connection, 0);
  EXPECT_EQ(exported(), 15u);
}

TEST_F(OtlpHttpTest, AKeptConnectionThatIsGoneIsMadeAnewWithoutWaiting) {
  Collector collector([](const Collector::Request&, int number) {
    return number == 1 ? std::string() : Collector::ok();  // hangs up on the second request
  });
  OtlpHttpOptions options;
  options.first_backoff_ms = 1000000;  // would be noticed
  configure(collector.url(), options);
  make_spans(1);
  ASSERT_TRUE(flush());
  make_spans(1);
  ASSERT_TRUE(flush());
  EXPECT_EQ(exported(), 2u);
  EXPECT_EQ(collector.requests().back().connection, 1);
}

TEST_F(OtlpHttpTest, BatchesAreNoLargerThanAsked) {
  Collector collector;
  OtlpHttpOptions options;
  options.batch_spans = 10;
  configure(collector.url(), options);
  make_spans(35);
  ASSERT_TRUE(flush());
  const auto requests = collector.requests();
  EXPECT_EQ(spans_in(requests), 35u);
  for (const auto& request : requests) EXPECT_LE(spans_of(request.body).size(), 10u);
  EXPECT_EQ(exported(), 35u);
}

TEST_F(OtlpHttpTest, AFullBatchGoesWithoutFlush) {
  Collector collector;
  Config config;
  config.batch_spans = 20;
  config.schedule_delay_ms = 1 << 30;
  configure(collector.url(), {}, std::move(config));
  make_spans(20);
  collector.wait_for_requests(1);
}

TEST_F(OtlpHttpTest, ASpanWaitsNoLongerThanTheDelay) {
  Collector collector;
  Config config;
  config.schedule_delay_ms = 1;
  configure(collector.url(), {}, std::move(config));
  make_spans(1);
  collector.wait_for_requests(1);
}

TEST_F(OtlpHttpTest, RetriesWhatMayBeRetriedAndNothingElse) {
  struct Case {
    std::string first;
    bool retried;
  };
  const Case cases[] = {
      {status(429), true},
      {status(502), true},
      {status(503, "Retry-After: 0\r\n"), true},
      {status(504), true},
      {"", true},
      {"no HTTP at all\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", false},  // taken, as far as the status says
      {status(400, "", "bad"), false},
      {status(401), false},
      {status(404), false},
      {status(413), false},
      {status(500), false},
      {status(301, "Location: /elsewhere\r\n"), false},
  };
  for (const Case& c : cases) {
    const bool taken = c.retried || c.first.find(" 200 ") != std::string::npos;
    Collector collector([&](const Collector::Request&, int number) { return number == 0 ? c.first : Collector::ok(); });
    OtlpHttpOptions options;
    options.timeout_ms = c.first.find("short") == std::string::npos ? 10000 : 400;  // which that one waits for
    configure(collector.url(), options);
    make_spans(2);
    ASSERT_TRUE(flush());
    EXPECT_THAT(collector.requests(), SizeIs(c.retried ? 2 : 1)) << c.first;
    EXPECT_EQ(exported(), taken ? 2u : 0u) << c.first;
    EXPECT_EQ(lost(Drop::kExportFailed), taken ? 0u : 2u) << c.first;
    if (c.retried) {
      EXPECT_EQ(collector.requests()[0].body, collector.requests()[1].body);
    }
  }
}

TEST_F(OtlpHttpTest, RetryAfterBeyondTheTimeoutIsALoss) {
  Collector collector([](const Collector::Request&, int) { return status(503, "Retry-After: 3600\r\n"); });
  configure(collector.url());
  make_spans(1);
  ASSERT_TRUE(flush());
  EXPECT_THAT(collector.requests(), SizeIs(1));
  EXPECT_EQ(lost(Drop::kExportFailed), 1u);
}

TEST_F(OtlpHttpTest, GivesUpAfterItsTimeout) {
  Collector collector([](const Collector::Request&, int) { return status(503); });
  OtlpHttpOptions options;
  options.timeout_ms = 50;
  configure(collector.url(), options);
  make_spans(3);
  ASSERT_TRUE(flush());
  EXPECT_EQ(lost(Drop::kExportFailed), 3u);
}

TEST_F(OtlpHttpTest, PartialSuccessIsCounted) {
  // partial_success { rejected_spans: 2, error_message: "too old" }
  const std::string body = std::string("\x0a\x0b\x08\x02\x12\x07", 6) + "too old";
  Collector collector([&](const Collector::Request&, int) { return Collector::ok(body); });
  configure(collector.url());
  make_spans(5);
  ASSERT_TRUE(flush());
  EXPECT_EQ(exported(), 3u);
  EXPECT_EQ(lost(Drop::kRejected), 2u);
}

TEST_F(OtlpHttpTest, AnswersComeInEveryShape) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\n\x0a\x0b\x08\r\na\r\n" +
                              std::string("\x02\x12\x07too old", 10) + "\r\n0\r\nTrailer: x\r\n\r\n";
  const std::string answers[] = {
      chunked,
      "HTTP/1.1 100 Continue\r\n\r\n" + chunked,
      "HTTP/1.0 200 OK\r\nContent-Length:  0 \r\n\r\n",
      "HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
  };
  Collector collector([&](const Collector::Request&, int number) { return answers[number]; });
  configure(collector.url());
  for (size_t i = 0; i < std::size(answers); ++i) {
    make_spans(3);
    ASSERT_TRUE(flush()) << i;
  }
  EXPECT_THAT(collector.requests(), SizeIs(std::size(answers)));
  EXPECT_EQ(collector.requests()[1].connection, 0);
  EXPECT_EQ(collector.requests()[3].connection, 1);  // after HTTP/1.0
  EXPECT_EQ(collector.requests()[4].connection, 2);  // after Connection: close
  EXPECT_EQ(lost(Drop::kRejected), 4u);
  EXPECT_EQ(exported(), 11u);
}

TEST_F(OtlpHttpTest, HeadersAndGzip) {
  Collector collector;
  OtlpHttpOptions options;
  options.gzip = true;
  options.headers = {{"X-Scope-OrgID", "me"}, {"Authorization", "Basic x"}};
  configure(collector.url(), options);
  make_spans(200);
  ASSERT_TRUE(flush());
  const auto requests = collector.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_THAT(requests[0].head, HasSubstr("X-Scope-OrgID: me\r\nAuthorization: Basic x\r\n"));
  if (dlopen("libz.so.1", RTLD_NOW | RTLD_NOLOAD) == nullptr) GTEST_SKIP() << "no zlib here";
  EXPECT_THAT(requests[0].head, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_EQ(requests[0].body.substr(0, 3), "\x1f\x8b\x08");
  EXPECT_LT(requests[0].body.size(), 200u * 60);  // from about 200 * 110, of which 24 are random
}

TEST_F(OtlpHttpTest, AFullQueueIsCountedAndTheRestArrives) {
  std::promise<void> go;
  std::shared_future<void> gate = go.get_future().share();
  Collector collector([&](const Collector::Request&, int) {
    gate.wait();
    return Collector::ok();
  });
  OtlpHttpOptions options;
  options.queue_spans = 10;
  Config config;
  config.batch_spans = 1;
  configure(collector.url(), options, std::move(config));
  make_spans(1);
  collector.wait_for_requests(1);  // hangs in the collector from now on
  make_spans(50);
  while (lost(Drop::kQueueFull) < 40) std::this_thread::yield();
  go.set_value();
  ASSERT_TRUE(flush());
  EXPECT_EQ(exported(), 11u);
  EXPECT_EQ(lost(Drop::kQueueFull), 40u);
}

TEST_F(OtlpHttpTest, FlushAndShutdownKeepTheirTimeWhenTheCollectorHangs) {
  std::promise<void> go;
  std::shared_future<void> gate = go.get_future().share();
  Collector collector([&](const Collector::Request&, int) {
    gate.wait();
    return Collector::ok();
  });
  configure(collector.url());
  make_spans(1);
  EXPECT_FALSE(flush(20));
  collector.wait_for_requests(1);
  EXPECT_FALSE(shutdown(20));
  while (lost(Drop::kExportFailed) == 0) std::this_thread::yield();  // on a busy machine it says so a moment later
  EXPECT_EQ(lost(Drop::kExportFailed), 1u);
  make_spans(3);
  EXPECT_EQ(stats().ended - before.ended, 1u);
  go.set_value();
}

TEST_F(OtlpHttpTest, NobodyListensOrTheNameDoesNotResolve) {
  int port;
  {
    const Collector gone;
    port = std::stoi(gone.url().substr(17));
  }
  OtlpHttpOptions options;
  options.timeout_ms = 20;
  for (const std::string& url : {"http://127.0.0.1:" + std::to_string(port), std::string("http://no-such-name.invalid"),
                                 std::string("http://[::1]:1/")}) {
    configure(url, options);
    make_spans(2);
    ASSERT_TRUE(flush()) << url;
    EXPECT_EQ(lost(Drop::kExportFailed), 2u) << url;
  }
}

// A program that becomes a daemon closes all descriptors, ours too, and opens others under the same numbers.
TEST_F(OtlpHttpTest, ADescriptorThatIsSomebodyElsesNowIsNotWrittenTo) {
  Collector collector;
  configure(collector.url());
  make_spans(1);
  ASSERT_TRUE(flush());
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  int taken = -1;
  for (int fd = 3; fd < 256 && taken < 0; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && peer.sin_family == AF_INET &&
        ntohs(peer.sin_port) == std::stoi(collector.url().substr(17))) {
      taken = fd;
    }
  }
  ASSERT_GE(taken, 0);
  dup2(pipe_ends[1], taken);
  make_spans(1);
  ASSERT_TRUE(flush());
  EXPECT_EQ(exported(), 2u);
  EXPECT_EQ(collector.requests().back().connection, 1);
  struct stat now{};
  EXPECT_EQ(fstat(taken, &now), 0);  // and it was not closed either
  EXPECT_TRUE(S_ISFIFO(now.st_mode));
  close(taken);
  close(pipe_ends[1]);
  char byte;
  EXPECT_EQ(read(pipe_ends[0], &byte, 1), 0);
  close(pipe_ends[0]);
}

TEST(Url, IsTakenApart) {
  struct Case {
    const char *text, *host, *path, *authority;
    int port;
  };
  const Case cases[] = {
      {"http://a", "a", "/", "a", 80},
      {"HTTP://a:4318", "a", "/", "a:4318", 4318},
      {"http://a.b.c:1/x/y?z=1#f", "a.b.c", "/x/y?z=1", "a.b.c:1", 1},
      {"http://user:pass@h:2?q", "h", "/?q", "h:2", 2},
      {"http://[::1]:4318/v1/traces", "::1", "/v1/traces", "[::1]:4318", 4318},
      {"http://[fe80::1]", "fe80::1", "/", "[fe80::1]", 80},
  };
  for (const Case& c : cases) {
    detail::Url url;
    std::string problem;
    ASSERT_TRUE(detail::Url::parse(c.text, url, problem)) << c.text << ": " << problem;
    EXPECT_EQ(url.host, c.host);
    EXPECT_EQ(url.path, c.path);
    EXPECT_EQ(url.authority, c.authority);
    EXPECT_EQ(url.port, c.port);
  }
  for (const char* bad : {"", "a:4318", "https://a", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536",
                          "http://a:x", "http://[::1", "http://a b", "http://a/\r\nX: y"}) {
    detail::Url url;
    std::string problem;
    EXPECT_FALSE(detail::Url::parse(bad, url, problem)) << bad;
    EXPECT_FALSE(problem.empty()) << bad;
    OtlpHttpOptions options;
    options.url = bad;
    EXPECT_EQ(otlp_http_exporter(options), nullptr);
  }
  OtlpHttpOptions options;
  options.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(otlp_http_exporter(options), nullptr);
}

TEST(RetryAfter, SecondsOrADate) {
  using detail::retry_after_ms;
  constexpr uint64_t kNow = 1'445'412'480;  // Wed, 21 Oct 2015 07:28:00 GMT
  EXPECT_EQ(retry_after_ms("3", kNow), 3000u);
  EXPECT_EQ(retry_after_ms("0", kNow), 0u);
  EXPECT_EQ(retry_after_ms("Wed, 21 Oct 2015 07:28:05 GMT", kNow), 5000u);
  EXPECT_EQ(retry_after_ms("Wed, 21 Oct 2015 07:27:05 GMT", kNow), 0u);
  EXPECT_EQ(retry_after_ms("99999999999999", kNow), uint64_t(UINT32_MAX) * 1000);
  for (const char* bad : {"", "soon", "-1", "1.5"}) EXPECT_EQ(retry_after_ms(bad, kNow), 0u) << bad;
}

}  // namespace
}  // namespace clew
