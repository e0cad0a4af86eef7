// A share of all traces.
#include <cstdio>

#include "clew/samplers.h"
#include "sampling/ot_state.h"

CLEW_BEGIN
namespace detail {
namespace {

class RatioSampler : public Sampler {
 public:
  explicit RatioSampler(double ratio) noexcept : threshold_(threshold_of(ratio)) {
    const int size = std::snprintf(description_, sizeof description_, "TraceIdRatioBased{%.6g}",
                                   ratio >= 1  ? 1.0
                                   : ratio > 0 ? ratio
                                               : 0.0);
    size_ = size_t(size);
  }

  void decide(const SamplingInput& input, SamplingOutput& output) noexcept override {
    const bool keep = randomness(input.trace_id, output.trace_state) >= threshold_;
    output.decision = keep ? Decision::kSample : Decision::kDrop;
    output.trace_state = with_threshold(output.trace_state, keep ? threshold_ : kNoThreshold);
  }
  std::string_view description() const noexcept override { return {description_, size_}; }

 private:
  uint64_t threshold_;
  char description_[48];
  size_t size_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<Sampler> ratio_sampler(double ratio) noexcept {
  return std::make_shared<detail::RatioSampler>(ratio);
}

CLEW_END
