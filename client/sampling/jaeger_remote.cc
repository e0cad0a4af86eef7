// Jaeger's sampling strategies: for the service as a whole, or for each operation a probability and a lower bound of
// traces per second.
//
// Strategies are exchanged while others use them: a reader counts itself in before it takes the pointer, and what was
// replaced is freed by a later update() that found nobody inside.
#include <algorithm>
#include <atomic>
#include <charconv>

#include "clew/samplers.h"
#include "context/characters.h"
#include "sampling/json_reader.h"
#include "sampling/token_bucket.h"

CLEW_BEGIN
namespace detail {
namespace {

struct Answer {
  std::string type;
  double ratio = -1, per_second = -1;
  bool by_operation = false;
  double default_ratio = -1, lower_bound = 0;
  std::vector<std::pair<std::string, double>> operations;
  unsigned left_out = 0;
};

// {"NAME": number} of which one is asked for.
void read_field(JsonReader& json, std::string_view name, double& value) noexcept {
  if (json.next() != '{') return;  // null
  json.object([&](std::string_view key) {
    if (key == name) json.number(value);
  });
}

void read_operation(JsonReader& json, Answer& answer) noexcept {
  std::string name;
  double ratio = -1;
  json.object([&](std::string_view key) {
    if (key == "operation") json.string(name);
    if (key == "probabilisticSampling") read_field(json, "samplingRate", ratio);
  });
  if (ratio < 0) return;
  if (answer.operations.size() == JaegerRemoteSampler::kMaxOperations) {
    ++answer.left_out;
  } else {
    answer.operations.emplace_back(std::move(name), ratio);
  }
}

void read_operations(JsonReader& json, Answer& answer) noexcept {
  if (json.next() != '{') return;
  answer.by_operation = true;
  json.object([&](std::string_view key) {
    if (key == "defaultSamplingProbability") json.number(answer.default_ratio);
    if (key == "defaultLowerBoundTracesPerSecond") json.number(answer.lower_bound);
    if (key == "perOperationStrategies" && json.next() == '[') json.array([&] { read_operation(json, answer); });
  });
}

bool read(std::string_view text, Answer& answer, std::string& problem) noexcept {
  if (text.size() > JaegerRemoteSampler::kMaxAnswerBytes) {
    problem = "the sampling strategies have more than 1 MiB";
    return false;
  }
  JsonReader json(text);
  json.object([&](std::string_view key) {
    if (key == "strategyType" && json.next() == '"') json.string(answer.type);
    if (key == "probabilisticSampling") read_field(json, "samplingRate", answer.ratio);
    if (key == "rateLimitingSampling") read_field(json, "maxTracesPerSecond", answer.per_second);
    if (key == "operationSampling") read_operations(json, answer);
  });
  if (json.failed() || !json.at_end()) {
    problem = "the sampling strategies are no JSON object: at byte " + std::to_string(json.position());
    return false;
  }
  if (answer.ratio < 0 && answer.per_second < 0 && !answer.by_operation) {
    problem = "there is no sampling strategy in the answer";
    return false;
  }
  return true;
}

// At least so many a second, beyond that a share.
std::shared_ptr<Sampler> guaranteed(double ratio, double lower_bound, MonotonicClock clock) noexcept {
  if (!(lower_bound > 0)) return ratio_sampler(ratio);
  return any_of_sampler({ratio_sampler(ratio), rate_limiting_sampler(lower_bound, 0, clock)});
}

struct Strategies {
  std::vector<std::pair<std::string, std::shared_ptr<Sampler>>> operations;  // sorted
  std::shared_ptr<Sampler> otherwise;

  Sampler& of(std::string_view name) const noexcept {
    const auto found = std::lower_bound(operations.begin(), operations.end(), name,
                                        [](const auto& each, std::string_view wanted) { return each.first < wanted; });
    return found != operations.end() && found->first == name ? *found->second : *otherwise;
  }
};

std::unique_ptr<const Strategies> made_of(Answer& answer, MonotonicClock clock) noexcept {
  auto strategies = std::make_unique<Strategies>();
  if (answer.by_operation) {
    const double ratio = answer.default_ratio >= 0 ? answer.default_ratio : answer.ratio >= 0 ? answer.ratio : 0;
    strategies->otherwise = guaranteed(ratio, answer.lower_bound, clock);
    std::sort(answer.operations.begin(), answer.operations.end());
    for (auto& operation : answer.operations) {
      strategies->operations.emplace_back(std::move(operation.first),
                                          guaranteed(operation.second, answer.lower_bound, clock));
    }
  } else if (answer.per_second >= 0 && (answer.ratio < 0 || answer.type == "RATE_LIMITING")) {
    strategies->otherwise = rate_limiting_sampler(answer.per_second, 0, clock);
  } else {
    strategies->otherwise = ratio_sampler(answer.ratio);
  }
  return strategies;
}

}  // namespace
}  // namespace detail

struct JaegerRemoteSampler::State {
  std::atomic<const detail::Strategies*> strategies{nullptr};
  std::atomic<uint32_t> inside{0};
  JaegerRemoteOptions options;
  // Of update() and poll_when_due().
  uint64_t next_poll_ns = 0;
  std::string last_answer;
  std::vector<std::unique_ptr<const detail::Strategies>> held;  // the last one is in use

  // Whoever comes in after the exchange takes the new ones, so one moment with nobody inside is enough.
  bool free_replaced() noexcept {
    if (inside.load() != 0) return false;
    held.erase(held.begin(), held.end() - 1);
    return true;
  }
};

JaegerRemoteSampler::JaegerRemoteSampler(const JaegerRemoteOptions& options) noexcept
    : state_(std::make_unique<State>()) {
  auto first = std::make_unique<detail::Strategies>();
  first->otherwise = ratio_sampler(options.initial_ratio);
  state_->options = options;
  state_->strategies.store(first.get());
  state_->held.push_back(std::move(first));
}
JaegerRemoteSampler::~JaegerRemoteSampler() = default;

void JaegerRemoteSampler::decide(const SamplingInput& input, SamplingOutput& output) noexcept {
  state_->inside.fetch_add(1);
  state_->strategies.load()->of(input.name).decide(input, output);
  state_->inside.fetch_sub(1);
}

std::string_view JaegerRemoteSampler::description() const noexcept {
  return "JaegerRemoteSampler";
}

bool JaegerRemoteSampler::update(std::string_view text, std::string* problem) noexcept {
  if (!text.empty() && text == state_->last_answer) return true;  // the buckets of the limiters go on
  detail::Answer answer;
  std::string wrong;
  if (!detail::read(text, answer, wrong)) {
    if (problem != nullptr) *problem = std::move(wrong);
    return false;
  }
  if (answer.left_out != 0 && problem != nullptr) {
    *problem = std::to_string(answer.left_out) + " operations beyond the first 2000 have the default strategy";
  }
  if (state_->held.size() == kMaxHeld && !state_->free_replaced()) {
    if (problem != nullptr) *problem = "the strategies that were replaced are still in use: try again";
    return false;
  }
  state_->held.push_back(detail::made_of(answer, state_->options.clock));
  state_->strategies.store(state_->held.back().get());
  state_->free_replaced();
  state_->last_answer = text;
  return true;
}

bool JaegerRemoteSampler::poll_when_due(StrategySource& source, std::string* problem) noexcept {
  const uint64_t now_ns = state_->options.clock != nullptr ? state_->options.clock() : detail::monotonic_ns();
  if (now_ns < state_->next_poll_ns) return true;
  state_->next_poll_ns = now_ns + uint64_t(state_->options.polling_interval_ms) * 1'000'000;
  std::string answer, wrong;
  if (source.fetch(answer, wrong)) return update(answer, problem);
  if (problem != nullptr) *problem = std::move(wrong);
  return false;
}

bool read_jaeger_remote_options(std::string_view argument, JaegerRemoteOptions& options,
                                std::string* problem) noexcept {
  bool good = true;
  for (std::string_view rest = argument; rest.data() != nullptr;) {
    const std::string_view part = detail::trimmed(detail::cut(rest, ','));
    std::string_view value = part;
    const std::string_view key = detail::trimmed(detail::cut(value, '='));
    value = detail::trimmed(value);
    const char* const end = value.data() + value.size();
    const auto read_all = [&](auto& number) {
      auto read_number = number;
      const auto read = std::from_chars(value.data(), end, read_number);
      if (value.empty() || read.ec != std::errc() || read.ptr != end) return false;
      number = read_number;
      return true;
    };
    double ratio = -1;
    bool understood = part.empty();
    if (key == "endpoint" && !value.empty()) {
      options.endpoint = value;
      understood = true;
    } else if (key == "pollingIntervalMs") {
      understood = read_all(options.polling_interval_ms);
    } else if (key == "initialSamplingRate" && read_all(ratio) && ratio >= 0 && ratio <= 1) {
      options.initial_ratio = ratio;
      understood = true;
    }
    if (understood) continue;
    good = false;
    if (problem != nullptr) *problem = "not understood of the sampler's argument: " + std::string(part);
  }
  return good;
}

CLEW_END
