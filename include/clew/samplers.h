// The samplers that come with the library. Shares are taken consistently (OpenTelemetry's th and rv in the tracestate
// member "ot"): every service that keeps a share of 1/4 keeps the same traces, and whoever counts spans knows that each
// stands for four.
//
// A sampler is asked for every span. Those that go by rate, name or operation are for roots: give them to
// parent_based_sampler() as `root`, for traces come in parts otherwise.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clew/exporter.h"
#include "clew/sampler.h"

CLEW_BEGIN

// Nanoseconds that only grow. Null, wherever one may be given: CLOCK_MONOTONIC.
using MonotonicClock = uint64_t (*)() noexcept;

CLEW_API std::shared_ptr<Sampler> always_on_sampler() noexcept;
CLEW_API std::shared_ptr<Sampler> always_off_sampler() noexcept;

// That share of all traces, from 0 to 1; what is not a number or outside counts as the nearer end. Writes th.
CLEW_API std::shared_ptr<Sampler> ratio_sampler(double ratio) noexcept;

// By what became of the parent. Null: on for roots and what was sampled, off for what was not.
struct ParentDelegates {
  std::shared_ptr<Sampler> root, remote_sampled, remote_not_sampled, local_sampled, local_not_sampled;
};
CLEW_API std::shared_ptr<Sampler> parent_based_sampler(ParentDelegates delegates) noexcept;

// So many a second, and up to `burst` at once (0: what comes in a second, at least one). Nobody can say what share that
// is, so it takes th away.
CLEW_API std::shared_ptr<Sampler> rate_limiting_sampler(double traces_per_second, double burst = 0,
                                                        MonotonicClock clock = nullptr) noexcept;

// What all of them sample, what any of them samples. Each is asked. th stays where the share is known.
CLEW_API std::shared_ptr<Sampler> all_of_sampler(std::vector<std::shared_ptr<Sampler>> all) noexcept;
CLEW_API std::shared_ptr<Sampler> any_of_sampler(std::vector<std::shared_ptr<Sampler>> all) noexcept;

// Conditions that all must hold. Patterns: '*' is any text, '?' any one byte.
struct SamplingRule {
  std::string name = "*";  // pattern for the span's name
  bool any_kind = true;
  Kind kind = Kind::kInternal;  // unless any_kind
  // Key, and pattern for the value, of attributes given at the start: texts, integers, true and false.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::shared_ptr<Sampler> sampler;  // what the rule says. Null: off
};
// The first rule that matches decides, else `otherwise` (null: off).
CLEW_API std::shared_ptr<Sampler> rule_based_sampler(std::vector<SamplingRule> rules,
                                                     std::shared_ptr<Sampler> otherwise) noexcept;

struct AdaptiveOptions {
  double traces_per_second = 10;  // of all operations together
  // How the load of an operation counts for its share of them. 0: each gets the same; 1: each as its load is, which is
  // one probability for all. What an operation does not use up goes to the others.
  double load_exponent = 0.5;
  double error_weight = 4;    // an operation whose traces all fail gets 1 + so many shares
  uint32_t window_ms = 1000;  // after which probabilities follow the load
  MonotonicClock clock = nullptr;
};

// Keeps to a number of traces per second: a probability for each operation (name and kind of the root), which follows
// load and errors. In between, an operation that is far above its share has its probability halved at once.
//
// Takes no lock: the thread that first sees a window end computes the next probabilities, the others go on with theirs.
class AdaptiveSampler : public Sampler {
 public:
  // Operations beyond these share one probability; their decisions are counted.
  static constexpr unsigned kMaxOperations = 256;

  CLEW_API explicit AdaptiveSampler(const AdaptiveOptions& options) noexcept;
  CLEW_API ~AdaptiveSampler() override;

  CLEW_API void decide(const SamplingInput& input, SamplingOutput& output) noexcept override;
  CLEW_API std::string_view description() const noexcept override;

  // To be put into Config::processors: tells the sampler which operations fail. It may outlive the sampler.
  CLEW_API std::unique_ptr<Processor> feedback() const noexcept;
  CLEW_API uint64_t decisions_beyond_limit() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Where a JaegerRemoteSampler gets its strategies: GET /sampling?service=NAME at a Jaeger collector or agent, port
// 5778.
class StrategySource {
 public:
  virtual ~StrategySource() = default;
  // False: `problem` says why. In the thread that polls, which it may keep waiting.
  virtual bool fetch(std::string& answer, std::string& problem) noexcept = 0;
};

struct JaegerRemoteOptions {
  std::string endpoint = "http://localhost:5778/sampling";
  uint32_t polling_interval_ms = 60'000;
  double initial_ratio = 0.001;  // until there are strategies
  MonotonicClock clock = nullptr;
};
// "endpoint=…,pollingIntervalMs=…,initialSamplingRate=…", as OTEL_TRACES_SAMPLER_ARG has it. False: something is not
// understood, as `problem` says; it keeps its default.
CLEW_API bool read_jaeger_remote_options(std::string_view argument, JaegerRemoteOptions& options,
                                         std::string* problem = nullptr) noexcept;

// Samples as Jaeger's strategies say.
class JaegerRemoteSampler : public Sampler {
 public:
  static constexpr size_t kMaxAnswerBytes = 1 << 20;
  static constexpr unsigned kMaxOperations = 2000;  // what is beyond is left out, and said
  static constexpr unsigned kMaxHeld = 16;          // strategies that were replaced while somebody looked at them

  CLEW_API explicit JaegerRemoteSampler(const JaegerRemoteOptions& options = {}) noexcept;
  CLEW_API ~JaegerRemoteSampler() override;

  CLEW_API void decide(const SamplingInput& input, SamplingOutput& output) noexcept override;
  CLEW_API std::string_view description() const noexcept override;

  // Any thread, one at a time. False: the answer cannot be used, and `problem` says why; the strategies stay.
  CLEW_API bool update(std::string_view answer, std::string* problem = nullptr) noexcept;
  // Fetches and updates if a polling interval has passed since it last did so; the first call always does. False: that
  // has failed. For a thread that may wait, one at a time.
  CLEW_API bool poll_when_due(StrategySource& source, std::string* problem = nullptr) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say: always_on, always_off, traceidratio with a ratio, and
// parentbased_ before each. What cannot be used is said in `problem`: a bad ratio counts as 1, for a bad name the
// answer is null.
CLEW_API std::shared_ptr<Sampler> sampler_from(std::string_view name, std::string_view argument,
                                               std::string* problem = nullptr) noexcept;

CLEW_END
