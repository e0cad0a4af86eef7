#include <spdlog/async.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "clew/log/spdlog.h"
#include "header_only/spans_for_test.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class LogTest : public SpansTest {
 protected:
  std::string take() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }
  std::ostringstream out_;
  std::shared_ptr<spdlog::sinks::ostream_sink_st> lines_ = std::make_shared<spdlog::sinks::ostream_sink_st>(out_);
};

std::string hex(const TraceId& id) {
  return fmt::format("{}", id);
}

TEST_F(LogTest, IdsAreTheCurrentSpansOrADash) {
  EXPECT_EQ(std::string(log_ids().trace_id), "-");
  EXPECT_EQ(std::string(log_ids().span_id), "-");
  EXPECT_FALSE(log_ids());
  auto span = tracer_.start("a");
  const IdText ids = log_ids();
  EXPECT_TRUE(ids);
  EXPECT_EQ(TraceId::from_hex(ids.trace_id), span.span_context().trace_id);
  EXPECT_EQ(SpanId::from_hex(ids.span_id), span.span_context().span_id);
  EXPECT_EQ(std::string(ids.trace_id).size(), 32u);
  EXPECT_EQ(std::string(ids.span_id).size(), 16u);
  span.end();
  EXPECT_FALSE(log_ids());
}

TEST_F(LogTest, IdsOfARemoteContextAndOfASpanThatIsNotSampled) {
  SpanContext remote;
  remote.trace_id = TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
  remote.span_id = SpanId::from_hex("b7ad6b7169203331");
  Scope scope{Context(remote)};
  EXPECT_EQ(fmt::format("{}", log_ids()), "trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331");
  auto span = tracer_.start("not sampled");
  EXPECT_FALSE(span.is_recording());
  EXPECT_EQ(std::string(log_ids().trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_NE(std::string(log_ids().span_id), "b7ad6b7169203331");
}

TEST_F(LogTest, Fmt) {
  EXPECT_EQ(fmt::format("{}", log_ids()), "trace_id=- span_id=-");
  EXPECT_EQ(fmt::format("[{:>20}]", SpanId::from_hex("b7ad6b7169203331")), "[    b7ad6b7169203331]");
}

TEST_F(LogTest, FlagsOfSpdlog) {
  spdlog::logger logger("shop", lines_);
  logger.set_formatter(spdlog_formatter("%l %q/%Q %v"));
  logger.info("outside");
  EXPECT_EQ(take(), "info -/- outside\n");
  auto span = tracer_.start("a");
  logger.warn("inside {}", 1);
  const IdText ids = log_ids();
  EXPECT_EQ(take(), fmt::format("warning {}/{} inside 1\n", ids.trace_id, ids.span_id));
  EXPECT_EQ(TraceId::from_hex(ids.trace_id), span.span_context().trace_id);
}

TEST_F(LogTest, ASinkPutsIdsBeforeTheMessage) {
  lines_->set_level(spdlog::level::info);
  spdlog::logger logger("shop", std::make_shared<IdSink>(lines_));
  logger.set_level(spdlog::level::trace);
  logger.set_pattern("%n: %v");
  logger.info("outside");
  logger.debug("too low for the sink beneath");
  auto span = tracer_.start("a");
  logger.info("inside");
  EXPECT_EQ(take(), fmt::format("shop: trace_id=- span_id=- outside\nshop: {} inside\n", log_ids()));
}

TEST_F(LogTest, ASinkWritesIntoTheCurrentSpan) {
  auto events = std::make_shared<SpanEventSink>();
  events->set_level(spdlog::level::warn);
  spdlog::logger logger("shop", {lines_, events});
  logger.error("outside");
  {
    auto span = tracer_.start("a");
    logger.info("too low");
    logger.error("no {} left", "seats");
  }
  const FinishedSpan a = span_called("a");
  ASSERT_THAT(a.events, SizeIs(1));
  EXPECT_EQ(a.events[0].name, "log");
  EXPECT_THAT(a.events[0].attributes, ElementsAre(Pair("log.severity", "error"), Pair("log.message", "no seats left"),
                                                  Pair("log.logger", "shop")));
  EXPECT_GE(a.events[0].time_unix_ns + 1000000000, a.start_unix_ns);
}

TEST_F(LogTest, AnAsynchronousLoggerGetsIdsWithTheMessage) {
  auto pool = std::make_shared<spdlog::details::thread_pool>(16, 1);
  auto logger = std::make_shared<spdlog::async_logger>("shop", lines_, pool);
  logger->set_formatter(spdlog_formatter("%q %v"));
  std::string ids;
  {
    auto span = tracer_.start("a");
    ids = fmt::format("{}", log_ids());
    logger->info("{} paid", log_ids());
  }
  logger.reset();
  pool.reset();  // joins its thread
  EXPECT_EQ(take(), "- " + ids + " paid\n");
}

class Nothing : public Sampler {
 public:
  explicit Nothing(Decision decision) : decision_(decision) {}
  void decide(const SamplingInput&, SamplingOutput& output) noexcept override { output.decision = decision_; }
  std::string_view description() const noexcept override { return "Nothing"; }

 private:
  Decision decision_;
};

TEST_F(LogTest, AnExemplarAsksForItsTrace) {
  {
    auto span = tracer_.start("a");
    const IdText ids = span.exemplar();
    EXPECT_EQ(TraceId::from_hex(ids.trace_id), span.span_context().trace_id);
    EXPECT_EQ(SpanId::from_hex(ids.span_id), span.span_context().span_id);
  }
  EXPECT_EQ(value("a", "clew.keep"), "exemplar");
  EXPECT_FALSE(Span().exemplar());
  for (Decision decision : {Decision::kDrop, Decision::kRecordOnly}) {
    configure(std::make_shared<Nothing>(decision));
    auto span = tracer_.start("b");
    EXPECT_FALSE(span.exemplar()) << "it will not be exported";
    EXPECT_FALSE(current_span().exemplar());
  }
}

TEST_F(LogTest, TheSpanOfAnIdIsFound) {
  auto span = tracer_.start("a");
  EXPECT_EQ(std::string(log_ids().trace_id), hex(span.span_context().trace_id));
}

}  // namespace
}  // namespace clew
