#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "arena.h"
#include "sampling/asked_for_test.h"
#include "sampling/ot_state.h"

namespace clew {
namespace {

uint64_t now_ns = 0;
uint64_t held_clock() noexcept {
  return now_ns;
}

struct Load {
  std::string name;
  int per_second;
  double failing = 0;  // share of its traces
};

struct Outcome {
  int taken = 0;       // in the last second
  double counted = 0;  // what the thresholds say has come
};

// Plays loads for some seconds, their traces spread over each; what came of the last half of them, per second.
class AdaptiveTest : public testing::Test {
 protected:
  std::map<std::string, Outcome> play(AdaptiveSampler& sampler, const std::vector<Load>& loads, int seconds) {
    const auto feedback = sampler.feedback();
    std::map<std::string, Outcome> outcomes;
    constexpr int kSteps = 100;
    for (int step = 0; step < seconds * kSteps; ++step) {
      now_ns += 1'000'000'000 / kSteps;
      for (const Load& load : loads) {
        const int before = load.per_second * (step % kSteps) / kSteps,
                  after = load.per_second * (step % kSteps + 1) / kSteps;
        for (int i = before; i < after; ++i) start(sampler, *feedback, load, step >= seconds * kSteps / 2, outcomes);
      }
    }
    for (auto& each : outcomes) {
      each.second.taken /= seconds - seconds / 2;
      each.second.counted /= seconds - seconds / 2;
    }
    return outcomes;
  }

  AdaptiveOptions options() {
    AdaptiveOptions options;
    options.traces_per_second = 50;
    options.clock = held_clock;
    return options;
  }

 private:
  void start(AdaptiveSampler& sampler, Processor& feedback, const Load& load, bool count,
             std::map<std::string, Outcome>& outcomes) {
    const SamplingOutput output = ask(sampler, {{}, ids_.next(), load.name, kServer, {}});
    if (output.decision != Decision::kSample) return;
    SpanData span;
    span.name = load.name;
    span.kind = kServer;
    failing_[load.name] += load.failing;
    if (failing_[load.name] >= 1) {
      failing_[load.name] -= 1;
      span.status = Status::kError;
    }
    detail::Arena texts;
    EXPECT_TRUE(feedback.on_end(span, texts));
    if (!count) return;
    const uint64_t threshold = detail::threshold_in(output.trace_state);
    ASSERT_NE(threshold, detail::kNoThreshold);
    ++outcomes[load.name].taken;
    outcomes[load.name].counted += double(detail::kThresholds) / double(detail::kThresholds - threshold);
  }

  TraceIds ids_;
  std::map<std::string, double> failing_;
};

TEST_F(AdaptiveTest, KeepsToItsTargetWithTrueThresholds) {
  AdaptiveSampler sampler(options());
  const auto outcomes = play(sampler, {{"busy", 10'000}, {"middle", 1000}}, 40);
  const int busy = outcomes.at("busy").taken, middle = outcomes.at("middle").taken;
  EXPECT_NEAR(busy + middle, 50, 5);
  EXPECT_NEAR(double(busy) / middle, 3.2, 0.7) << "by the root of the load";
  // Who counts with th counts right.
  EXPECT_NEAR(outcomes.at("busy").counted, 10'000, 1000);
  EXPECT_NEAR(outcomes.at("middle").counted, 1000, 150);
}

TEST_F(AdaptiveTest, EvenSharesAndWhatIsRareWhole) {
  AdaptiveOptions even = options();
  even.load_exponent = 0;
  AdaptiveSampler sampler(even);
  const auto outcomes = play(sampler, {{"busy", 10'000}, {"middle", 1000}, {"rare", 4}}, 40);
  EXPECT_EQ(outcomes.at("rare").taken, 4);
  EXPECT_NEAR(outcomes.at("busy").taken, 23, 4);
  EXPECT_NEAR(outcomes.at("middle").taken, 23, 4);
}

TEST_F(AdaptiveTest, WhatFailsGetsMore) {
  AdaptiveSampler sampler(options());
  const auto outcomes = play(sampler, {{"good", 1000}, {"failing", 1000, 1.0}}, 60);
  EXPECT_NEAR(outcomes.at("good").taken, 50 / 6.0, 3);
  EXPECT_NEAR(outcomes.at("failing").taken, 50 * 5 / 6.0, 6);
}

TEST_F(AdaptiveTest, ABurstIsCutBeforeTheWindowEnds) {
  AdaptiveSampler sampler(options());
  TraceIds ids;
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    taken += ask(sampler, {{}, ids.next(), "burst", kServer, {}}).decision == Decision::kSample;
  }
  // 100 at most for each halving, of which 100 000 traces in no time allow about ten.
  EXPECT_LE(taken, 1200);
  EXPECT_GE(taken, 100);
}

TEST_F(AdaptiveTest, EverythingWhenThereIsLittle) {
  AdaptiveSampler sampler(options());
  const auto outcomes = play(sampler, {{"a", 20}, {"b", 20}}, 10);
  EXPECT_EQ(outcomes.at("a").taken, 20);
  EXPECT_EQ(outcomes.at("b").taken, 20);
  EXPECT_EQ(text_of(ask(sampler, {{}, trace_with(0), "a", kServer, {}})), "sampled ot=th:0");
}

TEST_F(AdaptiveTest, OperationsBeyondTheLimitShareOneProbability) {
  AdaptiveSampler sampler(options());
  std::vector<Load> loads;
  for (unsigned i = 0; i < AdaptiveSampler::kMaxOperations + 100; ++i) loads.push_back({std::to_string(i), 10});
  const auto outcomes = play(sampler, loads, 10);
  EXPECT_GE(sampler.decisions_beyond_limit(), 100u * 100u);
  int taken = 0;
  for (const auto& each : outcomes) taken += each.second.taken;
  EXPECT_LE(taken, 60);
}

TEST_F(AdaptiveTest, OperationsThatAreIdleMakeRoom) {
  AdaptiveSampler sampler(options());
  std::vector<Load> loads;
  for (unsigned i = 0; i < AdaptiveSampler::kMaxOperations; ++i) loads.push_back({std::to_string(i), 1});
  play(sampler, loads, 2);
  play(sampler, {{"other", 1}}, 70);
  const uint64_t before = sampler.decisions_beyond_limit();
  for (Load& load : loads) load.name += " new";
  loads.resize(100);
  play(sampler, loads, 2);
  EXPECT_EQ(sampler.decisions_beyond_limit(), before);
}

// For ThreadSanitizer: decisions, feedback and the ends of windows in several threads.
TEST(AdaptiveThreadsTest, DecideAtOnce) {
  static std::atomic<uint64_t> time_ns{0};
  AdaptiveOptions options;
  options.window_ms = 1;
  options.clock = []() noexcept -> uint64_t { return time_ns.fetch_add(1000, std::memory_order_relaxed); };
  AdaptiveSampler sampler(options);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const auto feedback = sampler.feedback();
      detail::Arena texts;
      TraceIds ids;
      for (int i = 0; i < 20'000; ++i) {
        const std::string name = std::to_string((i + t) % 400);
        SpanData span;
        span.name = name;
        taken += ask(sampler, {{}, ids.next(), name, kServer, {}}).decision == Decision::kSample;
        feedback->on_end(span, texts);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(taken, 0);
}

}  // namespace
}  // namespace clew
