// All of several samplers, any of several samplers.
#include "clew/samplers.h"
#include "sampling/ot_state.h"

CLEW_BEGIN
namespace detail {
namespace {

class CombinedSampler : public Sampler {
 public:
  CombinedSampler(std::vector<std::shared_ptr<Sampler>> all, bool any) noexcept : any_(any) {
    description_ = any ? "AnyOf{" : "AllOf{";
    for (auto& each : all) {
      if (each == nullptr) continue;
      if (!all_.empty()) description_ += ",";
      description_ += each->description();
      all_.push_back(std::move(each));
    }
    description_ += "}";
  }

  // Shares are known when everybody knows theirs: of all it is the smallest (the highest threshold), for consistent
  // decisions are the same traces. Of any it is the largest, but only if nobody has dropped: who drops does not say
  // with which share it would have kept.
  void decide(const SamplingInput& input, SamplingOutput& output) noexcept override {
    const TraceState before = output.trace_state;
    bool all = !all_.empty(), any = false;
    uint64_t highest = 0, lowest = kThresholds;
    bool known = true;
    Decision best = Decision::kDrop, least = all ? Decision::kSample : Decision::kDrop;
    for (const auto& each : all_) {
      output.trace_state = before;
      output.decision = Decision::kDrop;
      each->decide(input, output);
      if (output.decision > best) best = output.decision;
      if (output.decision < least) least = output.decision;
      const bool sampled = output.decision == Decision::kSample;
      all &= sampled;
      any |= sampled;
      const uint64_t threshold = each->always(Parent::kNone) == Always::kSample ? 0 : threshold_in(output.trace_state);
      known &= sampled && threshold != kNoThreshold;
      if (threshold > highest) highest = threshold;
      if (threshold < lowest) lowest = threshold;
    }
    output.decision = any_ ? best : least;
    known &= any_ ? any : all;
    output.trace_state = with_threshold(before, known ? (any_ ? lowest : highest) : kNoThreshold);
  }
  std::string_view description() const noexcept override { return description_; }

 private:
  std::vector<std::shared_ptr<Sampler>> all_;
  bool any_;
  std::string description_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<Sampler> all_of_sampler(std::vector<std::shared_ptr<Sampler>> all) noexcept {
  return std::make_shared<detail::CombinedSampler>(std::move(all), false);
}
std::shared_ptr<Sampler> any_of_sampler(std::vector<std::shared_ptr<Sampler>> all) noexcept {
  return std::make_shared<detail::CombinedSampler>(std::move(all), true);
}

CLEW_END
