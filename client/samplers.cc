#include "samplers.h"

CLEW_BEGIN
namespace detail {
namespace {

class FixedSampler : public Sampler {
 public:
  FixedSampler(std::string_view description, Always root, bool by_parent) noexcept
      : description_(description), root_(root), by_parent_(by_parent) {}

  Always always(Parent parent) const noexcept override {
    if (parent == Parent::kNone || !by_parent_) return root_;
    return parent == Parent::kLocalSampled || parent == Parent::kRemoteSampled ? Always::kSample : Always::kDrop;
  }
  void decide(const SamplingInput& input, SamplingOutput& output) noexcept override {
    const SpanContext& span = input.parent.span();
    const Parent parent =
        span.valid() ? Parent(1 + 2 * unsigned(span.remote) + unsigned(span.sampled())) : Parent::kNone;
    output.decision = always(parent) == Always::kSample ? Decision::kSample : Decision::kDrop;
  }
  std::string_view description() const noexcept override { return description_; }

 private:
  std::string_view description_;
  Always root_;
  bool by_parent_;
};

struct Named {
  std::string_view name, description;
  Sampler::Always root;
  bool by_parent;
};

#define CLEW_PARENT_BASED(root)                                                  \
  "ParentBased{root:" root                                                       \
  ",remoteParentSampled:AlwaysOnSampler,remoteParentNotSampled:AlwaysOffSampler" \
  ",localParentSampled:AlwaysOnSampler,localParentNotSampled:AlwaysOffSampler}"

constexpr Named kNamed[] = {
    {"always_on", "AlwaysOnSampler", Sampler::Always::kSample, false},
    {"always_off", "AlwaysOffSampler", Sampler::Always::kDrop, false},
    {"parentbased_always_on", CLEW_PARENT_BASED("AlwaysOnSampler"), Sampler::Always::kSample, true},
    {"parentbased_always_off", CLEW_PARENT_BASED("AlwaysOffSampler"), Sampler::Always::kDrop, true},
};

}  // namespace

std::shared_ptr<Sampler> fixed_sampler(std::string_view name) noexcept {
  for (const Named& named : kNamed) {
    if (named.name == name) return std::make_shared<FixedSampler>(named.description, named.root, named.by_parent);
  }
  return nullptr;
}

}  // namespace detail
CLEW_END
