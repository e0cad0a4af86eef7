#include <gmock/gmock.h>

#include <thread>

#include "sampling/asked_for_test.h"
#include "sampling/json_reader.h"

namespace clew {
namespace {

using testing::HasSubstr;

constexpr uint64_t kAll = uint64_t(1) << 56;

uint64_t now_ns = 0;
uint64_t held_clock() noexcept {
  return now_ns;
}

JaegerRemoteOptions starting_with(double ratio) {
  JaegerRemoteOptions options;
  options.initial_ratio = ratio;
  options.clock = held_clock;
  return options;
}

std::string asked(Sampler& sampler, const char* name, uint64_t random) {
  return text_of(ask(sampler, {{}, trace_with(random), name, kServer, {}}));
}

TEST(JaegerRemoteTest, SamplesTheInitialShareUntilItKnows) {
  JaegerRemoteSampler sampler(starting_with(0.5));
  EXPECT_EQ(asked(sampler, "a", kAll / 2), "sampled ot=th:8");
  EXPECT_EQ(asked(sampler, "a", 0), "dropped");
}

TEST(JaegerRemoteTest, AProbability) {
  JaegerRemoteSampler sampler;
  for (const char* answer : {R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}})",
                             R"({"strategyType":0,"probabilisticSampling":{"samplingRate":2.5e-1},"new":[{"a":null}]})",
                             R"({"probabilisticSampling":{"samplingRate":0.25},"rateLimitingSampling":null,
                                 "operationSampling":null})"}) {
    std::string problem;
    ASSERT_TRUE(sampler.update(answer, &problem)) << problem;
    EXPECT_EQ(asked(sampler, "a", kAll / 4 * 3), "sampled ot=th:c");
    EXPECT_EQ(asked(sampler, "a", kAll / 2), "dropped");
  }
}

TEST(JaegerRemoteTest, ARate) {
  now_ns = 0;
  JaegerRemoteSampler sampler(starting_with(1));
  ASSERT_TRUE(sampler.update(R"({"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":2}})"));
  EXPECT_EQ(asked(sampler, "a", 0), "sampled");
  EXPECT_EQ(asked(sampler, "a", 0), "sampled");
  EXPECT_EQ(asked(sampler, "a", 0), "dropped");
  now_ns += 500'000'000;
  EXPECT_EQ(asked(sampler, "a", 0), "sampled");
  ASSERT_TRUE(sampler.update(R"({"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":2}})"));
  EXPECT_EQ(asked(sampler, "a", 0), "dropped") << "the same answer again is not a new second";
}

TEST(JaegerRemoteTest, ByOperation) {
  now_ns = 0;
  JaegerRemoteSampler sampler(starting_with(1));
  ASSERT_TRUE(sampler.update(R"({"strategyType":"PROBABILISTIC","operationSampling":{
    "defaultSamplingProbability":0.5,"defaultLowerBoundTracesPerSecond":1,
    "perOperationStrategies":[{"operation":"GET \u002fb","probabilisticSampling":{"samplingRate":1}},
                              {"operation":"GET /a","probabilisticSampling":{"samplingRate":0}}]}})"));
  EXPECT_EQ(asked(sampler, "GET /a", kAll - 1), "sampled") << "the lower bound of a";
  EXPECT_EQ(asked(sampler, "GET /a", kAll - 1), "dropped");
  EXPECT_EQ(asked(sampler, "other", 0), "sampled") << "the lower bound of the others";
  EXPECT_EQ(asked(sampler, "other", 0), "dropped");
  EXPECT_EQ(asked(sampler, "other", kAll / 2), "sampled");
  EXPECT_EQ(asked(sampler, "GET /b", 0), "sampled") << "with two reasons, so nobody can say what share that is";
  EXPECT_EQ(asked(sampler, "GET /b", 0), "sampled") << "all of b";
}

TEST(JaegerRemoteTest, RefusesWhatIsNone) {
  JaegerRemoteSampler sampler(starting_with(1));
  const std::string deep = R"({"a":)" + std::string(100, '[');
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{"), std::string("{}"), std::string("nonsense"),
        std::string(R"({"probabilisticSampling":{"samplingRate":"0.5"}})"),
        std::string(R"({"probabilisticSampling":{"samplingRate":0.5}} x)"),
        std::string(R"({"probabilisticSampling":{"samplingRate":0.5},})"), std::string("{\"a\":\"\x01\"}"),
        std::string(R"({"a":"\ud800)"), std::string(R"({"a":"\x"})"), std::string(R"({"probabilisticSampling":null})"),
        deep, std::string(JaegerRemoteSampler::kMaxAnswerBytes + 1, ' ')}) {
    std::string problem;
    EXPECT_FALSE(sampler.update(bad, &problem)) << bad.substr(0, 100);
    EXPECT_THAT(problem, HasSubstr("sampling strateg"));
    EXPECT_EQ(asked(sampler, "a", 0), "sampled ot=th:0") << "the strategies stay";
  }
}

TEST(JaegerRemoteTest, OperationsBeyondTheLimitAreLeftOut) {
  std::string answer = R"({"operationSampling":{"defaultSamplingProbability":0,"perOperationStrategies":[)";
  for (unsigned i = 0; i < JaegerRemoteSampler::kMaxOperations + 3; ++i) {
    answer += (i ? "," : "") + (R"({"operation":"op)" + std::to_string(i));
    answer += R"(","probabilisticSampling":{"samplingRate":1}})";
  }
  JaegerRemoteSampler sampler;
  std::string problem;
  ASSERT_TRUE(sampler.update(answer + "]}}", &problem));
  EXPECT_THAT(problem, HasSubstr("3 operations"));
  EXPECT_EQ(asked(sampler, "op1999", 0), "sampled ot=th:0");
  EXPECT_EQ(asked(sampler, "op2000", 0), "dropped");
}

class FakeSource : public StrategySource {
 public:
  bool fetch(std::string& text, std::string& problem) noexcept override {
    ++fetched;
    text = answer;
    if (answer.empty()) problem = "cannot connect";
    return !answer.empty();
  }
  std::string answer;
  int fetched = 0;
};

TEST(JaegerRemoteTest, PollsWhenItIsDue) {
  now_ns = 7;
  JaegerRemoteOptions options = starting_with(0);
  options.polling_interval_ms = 1000;
  JaegerRemoteSampler sampler(options);
  FakeSource source;
  std::string problem;
  EXPECT_FALSE(sampler.poll_when_due(source, &problem));
  EXPECT_EQ(problem, "cannot connect");
  EXPECT_TRUE(sampler.poll_when_due(source, &problem)) << "not due";
  EXPECT_EQ(source.fetched, 1);
  source.answer = R"({"probabilisticSampling":{"samplingRate":1}})";
  now_ns += 999'999'999;
  EXPECT_TRUE(sampler.poll_when_due(source));
  EXPECT_EQ(asked(sampler, "a", 0), "dropped");
  now_ns += 1;
  EXPECT_TRUE(sampler.poll_when_due(source));
  EXPECT_EQ(asked(sampler, "a", 0), "sampled ot=th:0");
  source.answer = "nonsense";
  now_ns += 1'000'000'000;
  EXPECT_FALSE(sampler.poll_when_due(source, &problem));
  EXPECT_THAT(problem, HasSubstr("no JSON"));
  EXPECT_EQ(asked(sampler, "a", 0), "sampled ot=th:0");
}

TEST(JaegerRemoteTest, Options) {
  const struct {
    const char *argument, *read, *problem;
  } cases[] = {
      {"", "http://localhost:5778/sampling 60000 0.001", ""},
      {"endpoint=http://a:1/s, pollingIntervalMs=5000 ,initialSamplingRate=0.25", "http://a:1/s 5000 0.25", ""},
      {"endpoint=,pollingIntervalMs=10", "http://localhost:5778/sampling 10 0.001", "endpoint="},
      {"pollingIntervalMs=1s", "http://localhost:5778/sampling 60000 0.001", "pollingIntervalMs=1s"},
      {"initialSamplingRate=2", "http://localhost:5778/sampling 60000 0.001", "initialSamplingRate=2"},
      {"0.5", "http://localhost:5778/sampling 60000 0.001", "0.5"},
  };
  for (const auto& c : cases) {
    JaegerRemoteOptions options;
    std::string problem;
    EXPECT_EQ(read_jaeger_remote_options(c.argument, options, &problem), *c.problem == 0);
    char text[200];
    std::snprintf(text, sizeof text, "%s %u %g", options.endpoint.c_str(), options.polling_interval_ms,
                  options.initial_ratio);
    EXPECT_STREQ(text, c.read);
    EXPECT_THAT(problem, HasSubstr(c.problem));
  }
}

// For AddressSanitizer and ThreadSanitizer: strategies that go while others use them.
TEST(JaegerRemoteTest, UpdatesWhileOthersDecide) {
  JaegerRemoteSampler sampler(starting_with(1));
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stop.load()) ask(sampler, {{}, trace_with(0), "a", kServer, {}});
    });
  }
  int updated = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string rate = std::to_string(i % 7 / 7.0);
    std::string problem;
    if (sampler.update(R"({"probabilisticSampling":{"samplingRate":)" + rate + "}}", &problem)) {
      ++updated;
    } else {
      EXPECT_THAT(problem, HasSubstr("try again"));
    }
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(updated, int(JaegerRemoteSampler::kMaxHeld) - 1);
  EXPECT_TRUE(sampler.update(R"({"probabilisticSampling":{"samplingRate":1}})"));
}

TEST(JsonReaderTest, Texts) {
  const struct {
    const char *json, *text;
  } cases[] = {
      {R"("")", ""},
      {R"( "a b" )", "a b"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("\u0041\u00e9\u20AC")", "A\xc3\xa9\xe2\x82\xac"},
      {R"("\ud83d\ude00")", "\xf0\x9f\x98\x80"},
      {R"("\ud83dx")", "\xef\xbf\xbdx"},
      {R"("\ude00")", "\xef\xbf\xbd"},
  };
  for (const auto& c : cases) {
    detail::JsonReader json(c.json);
    std::string text;
    EXPECT_TRUE(json.string(text) && json.at_end()) << c.json;
    EXPECT_EQ(text, c.text);
  }
  for (const char* bad : {"\"a", "\"\\", "\"\\u12\"", "\"\\u-123\"", "\"\\u+123\"", "a", "\"\n\""}) {
    detail::JsonReader json(bad);
    std::string text;
    EXPECT_FALSE(json.string(text)) << bad;
  }
}

}  // namespace
}  // namespace clew
