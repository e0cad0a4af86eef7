// So many traces a second.
#include <cstdio>

#include "sampling/ot_state.h"
#include "sampling/token_bucket.h"

CLEW_BEGIN
namespace detail {
namespace {

class RateLimitingSampler : public Sampler {
 public:
  RateLimitingSampler(double per_second, double burst, MonotonicClock clock) noexcept
      : bucket_(per_second, burst), clock_(clock != nullptr ? clock : monotonic_ns) {
    size_ = size_t(std::snprintf(description_, sizeof description_, "RateLimitingSampler{%.6g}", per_second));
  }

  void decide(const SamplingInput&, SamplingOutput& output) noexcept override {
    output.decision = bucket_.take(clock_()) ? Decision::kSample : Decision::kDrop;
    output.trace_state = with_threshold(output.trace_state, kNoThreshold);
  }
  std::string_view description() const noexcept override { return {description_, size_}; }

 private:
  TokenBucket bucket_;
  MonotonicClock clock_;
  char description_[48];
  size_t size_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<Sampler> rate_limiting_sampler(double traces_per_second, double burst, MonotonicClock clock) noexcept {
  return std::make_shared<detail::RateLimitingSampler>(traces_per_second, burst, clock);
}

CLEW_END
