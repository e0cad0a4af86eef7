#include <gmock/gmock.h>

#include <cmath>

#include "pattern.h"
#include "sampling/asked_for_test.h"
#include "sampling/ot_state.h"

namespace clew {
namespace {

using testing::HasSubstr;

constexpr uint64_t kAll = uint64_t(1) << 56;

uint64_t now_ns = 0;
uint64_t held_clock() noexcept {
  return now_ns;
}

std::string threshold_text(double probability) {
  return std::string(detail::with_threshold(TraceState(), detail::threshold_of(probability)).header());
}

TEST(OtStateTest, ThresholdsOfProbabilities) {
  const struct {
    double probability;
    const char* text;
  } cases[] = {
      {1, "ot=th:0"},
      {0.5, "ot=th:8"},
      {0.25, "ot=th:c"},
      {0.75, "ot=th:4"},
      {0.1, "ot=th:e666"},
      {1.0 / 3, "ot=th:aaab"},
      {2.0 / 3, "ot=th:5555"},
      {0.01, "ot=th:fd70a"},
      {0.001, "ot=th:ffbe77"},
      {std::ldexp(1, -56), "ot=th:ffffffffffffff"},
      {std::ldexp(1, -60), "ot=th:ffffffffffffff"},
  };
  for (const auto& c : cases) EXPECT_EQ(threshold_text(c.probability), c.text) << c.probability;
  EXPECT_EQ(detail::threshold_of(0), kAll);
  EXPECT_EQ(detail::threshold_of(-1), kAll);
  EXPECT_EQ(detail::threshold_of(std::nan("")), kAll);
  EXPECT_EQ(detail::threshold_of(7), 0u);
}

TEST(OtStateTest, RoundingKeepsTheProbability) {
  for (double p = 0.9999; p > 1e-12; p *= 0.83) {
    const double kept = double(kAll - detail::threshold_of(p)) / double(kAll);
    EXPECT_NEAR(kept / p, 1, 1.0 / 4096) << p;
  }
}

TEST(OtStateTest, ReadsAndChangesOnlyItsPart) {
  const struct {
    const char* state;
    uint64_t threshold;
    const char *with_half, *without;
  } cases[] = {
      {"", detail::kNoThreshold, "ot=th:8", ""},
      {"ot=th:c", kAll / 4 * 3, "ot=th:8", ""},
      {"ot=rv:00000000000001;th:0", 0, "ot=th:8;rv:00000000000001", "ot=rv:00000000000001"},
      {"a=1,ot=x:y;th:4", kAll / 4, "ot=th:8;x:y,a=1", "ot=x:y,a=1"},
      {"a=1", detail::kNoThreshold, "ot=th:8,a=1", "a=1"},
      {"ot=th:", detail::kNoThreshold, "ot=th:8", ""},
      {"ot=th:C", detail::kNoThreshold, "ot=th:8", ""},
      {"ot=th:000000000000000", detail::kNoThreshold, "ot=th:8", ""},
  };
  for (const auto& c : cases) {
    const TraceState state = TraceState::parse(c.state);
    EXPECT_EQ(detail::threshold_in(state), c.threshold) << c.state;
    EXPECT_EQ(detail::with_threshold(state, kAll / 2).header(), c.with_half) << c.state;
    EXPECT_EQ(detail::with_threshold(state, detail::kNoThreshold).header(), c.without) << c.state;
  }
}

TEST(OtStateTest, WhatDoesNotFitGoes) {
  const std::string full = "ot=rv:00000000000001;x:" + std::string(235, 'y');
  const TraceState state = TraceState::parse(full);
  ASSERT_EQ(state.header(), full);
  EXPECT_EQ(detail::with_threshold(state, kAll / 2).header(), "ot=th:8;rv:00000000000001");
}

TEST(OtStateTest, RandomnessOfTraces) {
  const TraceId id = trace_with(0x123456789abcde);
  EXPECT_EQ(detail::randomness(id, TraceState()), 0x123456789abcdeu);
  EXPECT_EQ(detail::randomness(id, TraceState::parse("a=1,ot=rv:0fedcba9876543")), 0x0fedcba9876543u);
  for (const char* bad : {"ot=rv:fedcba9876543", "ot=rv:FEDCBA98765432", "ot=rv:", "ot=th:1", "x=rv:fedcba98765432"}) {
    EXPECT_EQ(detail::randomness(id, TraceState::parse(bad)), 0x123456789abcdeu) << bad;
  }
}

TEST(RatioTest, KeepsWhatIsNotBelowTheThreshold) {
  const auto half = ratio_sampler(0.5);
  EXPECT_EQ(text_of(ask(*half, {{}, trace_with(kAll / 2)})), "sampled ot=th:8");
  EXPECT_EQ(text_of(ask(*half, {{}, trace_with(kAll / 2 - 1)})), "dropped");
  EXPECT_EQ(text_of(ask(*ratio_sampler(1), {{}, trace_with(0)})), "sampled ot=th:0");
  EXPECT_EQ(text_of(ask(*ratio_sampler(0), {{}, trace_with(kAll - 1)})), "dropped");
  // rv counts, not the trace id; th is the new one, or none.
  const auto at = [&](const char* state, uint64_t random) {
    return text_of(ask(*half, {parent_of(true, true, state), trace_with(random)}));
  };
  EXPECT_EQ(at("ot=rv:ffffffffffffff;th:c", 0), "sampled ot=th:8;rv:ffffffffffffff");
  EXPECT_EQ(at("ot=rv:00000000000000;th:0", kAll - 1), "dropped ot=rv:00000000000000");
}

TEST(RatioTest, KeepsThatShare) {
  for (double ratio : {0.5, 0.1, 0.01}) {
    const auto sampler = ratio_sampler(ratio);
    TraceIds ids;
    int kept = 0;
    for (int i = 0; i < 100'000; ++i) kept += ask(*sampler, {{}, ids.next()}).decision == Decision::kSample;
    EXPECT_NEAR(kept / 1e5, ratio, 4 * std::sqrt(ratio / 1e5));
  }
}

TEST(ParentBasedTest, AsksTheDelegateOfTheParent) {
  ParentDelegates delegates;
  delegates.root = always_off_sampler();
  delegates.remote_sampled = always_off_sampler();
  delegates.remote_not_sampled = always_on_sampler();
  delegates.local_not_sampled = ratio_sampler(1);
  const auto sampler = parent_based_sampler(delegates);
  EXPECT_EQ(text_of(ask(*sampler, {})), "dropped");
  EXPECT_EQ(text_of(ask(*sampler, {parent_of(true, true, "ot=th:c"), {}})), "dropped ot=th:c");
  EXPECT_EQ(text_of(ask(*sampler, {parent_of(true, false, "a=1"), {}})), "sampled a=1");
  EXPECT_EQ(text_of(ask(*sampler, {parent_of(false, true), {}})), "sampled");
  EXPECT_EQ(text_of(ask(*sampler, {parent_of(false, false), {}})), "sampled ot=th:0");
  using Parent = Sampler::Parent;
  using Always = Sampler::Always;
  EXPECT_EQ(sampler->always(Parent::kNone), Always::kDrop);
  EXPECT_EQ(sampler->always(Parent::kRemoteSampled), Always::kDrop);
  EXPECT_EQ(sampler->always(Parent::kRemoteNotSampled), Always::kSample);
  EXPECT_EQ(sampler->always(Parent::kLocalSampled), Always::kSample);
  EXPECT_EQ(sampler->always(Parent::kLocalNotSampled), Always::kAsk);
  EXPECT_EQ(sampler->description(),
            "ParentBased{root:AlwaysOffSampler,remoteParentSampled:AlwaysOffSampler,"
            "remoteParentNotSampled:AlwaysOnSampler,localParentSampled:AlwaysOnSampler,"
            "localParentNotSampled:TraceIdRatioBased{1}}");
}

TEST(RateLimitingTest, KeepsToItsRate) {
  now_ns = 5'000'000'000;
  const auto sampler = rate_limiting_sampler(10, 5, held_clock);
  const auto taken_of = [&](int asked) {
    int taken = 0;
    for (int i = 0; i < asked; ++i) taken += ask(*sampler, {}).decision == Decision::kSample;
    return taken;
  };
  EXPECT_EQ(taken_of(100), 5) << "the burst";
  now_ns += 100'000'000;
  EXPECT_EQ(taken_of(100), 1);
  now_ns += 99'000'000;
  EXPECT_EQ(taken_of(100), 0);
  now_ns += 3'600'000'000'000;
  EXPECT_EQ(taken_of(100), 5) << "no more than the burst, however long nothing came";
}

TEST(RateLimitingTest, Extremes) {
  now_ns = 0;
  const auto taken_of = [&](double rate, double burst) {
    const auto sampler = rate_limiting_sampler(rate, burst, held_clock);
    int taken = 0;
    for (int i = 0; i < 1000; ++i) taken += ask(*sampler, {}).decision == Decision::kSample;
    return taken;
  };
  EXPECT_EQ(taken_of(0, 5), 0);
  EXPECT_EQ(taken_of(-1, 5), 0);
  EXPECT_EQ(taken_of(std::nan(""), 5), 0);
  EXPECT_EQ(taken_of(0.1, 0), 1) << "one at least";
  EXPECT_EQ(taken_of(7, 0), 7) << "a second's";
  EXPECT_EQ(taken_of(1e-30, 0), 1);
  EXPECT_EQ(taken_of(1e30, 0), 1000);
}

TEST(RateLimitingTest, ItsShareIsNotKnown) {
  const auto sampler = rate_limiting_sampler(1, 1);
  EXPECT_EQ(text_of(ask(*sampler, {parent_of(true, true, "ot=th:8,a=1"), {}})), "sampled a=1");
}

TEST(CombinedTest, AllAndAny) {
  const auto on = always_on_sampler(), off = always_off_sampler(), half = ratio_sampler(0.5),
             quarter = ratio_sampler(0.25), limited = rate_limiting_sampler(1e9);
  const uint64_t high = kAll - 1, middle = kAll / 8 * 5, low = 0;
  const struct {
    std::vector<std::shared_ptr<Sampler>> samplers;
    uint64_t random;
    const char *all, *any;
  } cases[] = {
      {{half, quarter}, high, "sampled ot=th:c", "sampled ot=th:8"},
      {{half, quarter}, middle, "dropped", "sampled"},
      {{half, quarter}, low, "dropped", "dropped"},
      {{on, quarter}, high, "sampled ot=th:c", "sampled ot=th:0"},
      {{half, limited}, high, "sampled", "sampled"},
      {{half, limited}, low, "dropped", "sampled"},
      {{off, on}, high, "dropped", "sampled"},
      {{}, high, "dropped", "dropped"},
      {{nullptr, half}, high, "sampled ot=th:8", "sampled ot=th:8"},
  };
  for (const auto& c : cases) {
    const Asked asked{parent_of(true, true, "ot=th:1"), trace_with(c.random)};
    const auto all = all_of_sampler(c.samplers), any = any_of_sampler(c.samplers);
    EXPECT_EQ(text_of(ask(*all, asked)), c.all) << all->description() << c.random;
    EXPECT_EQ(text_of(ask(*any, asked)), c.any) << any->description() << c.random;
  }
}

TEST(PatternTest, Matches) {
  const struct {
    const char *pattern, *text;
    bool match;
  } cases[] = {
      {"*", "", true},       {"", "", true},           {"", "a", false},
      {"a*", "abc", true},   {"*c", "abc", true},      {"a*c", "abc", true},
      {"a*c", "ab", false},  {"?b?", "abc", true},     {"?", "", false},
      {"**a**", "a", true},  {"*ab*ab", "abab", true}, {"*ab*ab", "ab", false},
      {"abc", "ABC", false}, {"a?c*", "abcd", true},   {"*a*b*c", "xaxbxcx", false},
  };
  for (const auto& c : cases) EXPECT_EQ(detail::matches(c.pattern, c.text), c.match) << c.pattern << " " << c.text;
  const std::string many(20'000, 'a');
  EXPECT_FALSE(detail::matches("*a*a*a*a*a*a*a*a*b", many)) << "and in no time";
}

TEST(RuleBasedTest, TheFirstRuleThatMatches) {
  std::vector<SamplingRule> rules(4);
  rules[0].name = "GET /health*";
  rules[1].any_kind = false;
  rules[1].kind = kServer;
  rules[1].attributes = {{"user.tier", "gold*"}, {"retries", "3"}, {"vip", "true"}};
  rules[1].sampler = always_on_sampler();
  rules[2].attributes = {{"user.tier", "*"}};
  rules[2].sampler = ratio_sampler(0.5);
  rules[3].name = "POST *";
  rules[3].sampler = always_on_sampler();
  const auto sampler = rule_based_sampler(rules, nullptr);
  const std::vector<KeyValue> gold{{"user.tier", "golden"}, {"retries", 3}, {"vip", true}};
  const TraceId high = trace_with(kAll - 1);
  EXPECT_EQ(text_of(ask(*sampler, {{}, high, "GET /healthz", kServer, gold})), "dropped");
  EXPECT_EQ(text_of(ask(*sampler, {{}, high, "GET /", kServer, gold})), "sampled");
  EXPECT_EQ(text_of(ask(*sampler, {{}, high, "GET /", kClient, gold})), "sampled ot=th:8");
  EXPECT_EQ(text_of(ask(*sampler, {{}, high, "POST /", kServer, {{"user.tier", 5.5}}})), "sampled") << "no text";
  EXPECT_EQ(text_of(ask(*sampler, {{}, high, "PUT /", kServer, {}})), "dropped");
  EXPECT_EQ(text_of(ask(*rule_based_sampler({}, always_on_sampler()), {})), "sampled");
}

TEST(SamplerNamesTest, Chooses) {
  const struct {
    const char *name, *argument, *description, *problem;
  } cases[] = {
      {"always_on", "", "AlwaysOnSampler", ""},
      {"always_off", "x", "AlwaysOffSampler", ""},
      {"traceidratio", "0.25", "TraceIdRatioBased{0.25}", ""},
      {"traceidratio", "", "TraceIdRatioBased{1}", ""},
      {" traceidratio ", " 1e-3 ", "TraceIdRatioBased{0.001}", ""},
      {"traceidratio", "2", "TraceIdRatioBased{1}", "'2'"},
      {"traceidratio", "-0.5", "TraceIdRatioBased{1}", "'-0.5'"},
      {"traceidratio", "nan", "TraceIdRatioBased{1}", "'nan'"},
      {"traceidratio", "0.5x", "TraceIdRatioBased{1}", "'0.5x'"},
      {"jaeger_remote", "endpoint=http://localhost:14250", "", "JaegerRemoteSampler"},
      {"parentbased_nonsense", "", "", "'parentbased_nonsense'"},
      {"ALWAYS_ON", "", "", "'ALWAYS_ON'"},
  };
  for (const auto& c : cases) {
    std::string problem;
    const auto sampler = sampler_from(c.name, c.argument, &problem);
    EXPECT_EQ(sampler == nullptr ? "" : sampler->description(), c.description) << c.name;
    EXPECT_THAT(problem, HasSubstr(c.problem));
    EXPECT_EQ(problem.empty(), *c.problem == '\0') << problem;
  }
  EXPECT_THAT(std::string(sampler_from("parentbased_traceidratio", "0.5")->description()),
              HasSubstr("ParentBased{root:TraceIdRatioBased{0.5},remoteParentSampled:AlwaysOnSampler"));
  EXPECT_EQ(sampler_from("parentbased_always_off", "")->always(Sampler::Parent::kNone), Sampler::Always::kDrop);
}

}  // namespace
}  // namespace clew
