// On, off, and by the parent.
#include "clew/samplers.h"

CLEW_BEGIN
namespace detail {
namespace {

class FixedSampler : public Sampler {
 public:
  explicit FixedSampler(bool on) noexcept : on_(on) {}
  void decide(const SamplingInput&, SamplingOutput& output) noexcept override {
    output.decision = on_ ? Decision::kSample : Decision::kDrop;
  }
  Always always(Parent) const noexcept override { return on_ ? Always::kSample : Always::kDrop; }
  std::string_view description() const noexcept override { return on_ ? "AlwaysOnSampler" : "AlwaysOffSampler"; }

 private:
  bool on_;
};

class ParentBasedSampler : public Sampler {
 public:
  explicit ParentBasedSampler(ParentDelegates delegates) noexcept {
    const auto on = always_on_sampler(), off = always_off_sampler();
    const auto set = [&](Parent parent, std::shared_ptr<Sampler>& delegate, const std::shared_ptr<Sampler>& otherwise) {
      by_parent_[unsigned(parent)] = delegate != nullptr ? std::move(delegate) : otherwise;
    };
    set(Parent::kNone, delegates.root, on);
    set(Parent::kRemoteSampled, delegates.remote_sampled, on);
    set(Parent::kRemoteNotSampled, delegates.remote_not_sampled, off);
    set(Parent::kLocalSampled, delegates.local_sampled, on);
    set(Parent::kLocalNotSampled, delegates.local_not_sampled, off);
    const auto add = [&](const char* name, Parent parent) {
      description_ += name;
      description_ += of(parent).description();
    };
    add("ParentBased{root:", Parent::kNone);
    add(",remoteParentSampled:", Parent::kRemoteSampled);
    add(",remoteParentNotSampled:", Parent::kRemoteNotSampled);
    add(",localParentSampled:", Parent::kLocalSampled);
    add(",localParentNotSampled:", Parent::kLocalNotSampled);
    description_ += "}";
  }

  void decide(const SamplingInput& input, SamplingOutput& output) noexcept override {
    const SpanContext& span = input.parent.span();
    const unsigned parent = span.valid() ? 1 + 2 * unsigned(span.remote) + unsigned(span.sampled()) : 0;
    by_parent_[parent]->decide(input, output);
  }
  Always always(Parent parent) const noexcept override { return of(parent).always(parent); }
  std::string_view description() const noexcept override { return description_; }

 private:
  const Sampler& of(Parent parent) const noexcept { return *by_parent_[unsigned(parent)]; }

  std::shared_ptr<Sampler> by_parent_[kParents];
  std::string description_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<Sampler> always_on_sampler() noexcept {
  return std::make_shared<detail::FixedSampler>(true);
}
std::shared_ptr<Sampler> always_off_sampler() noexcept {
  return std::make_shared<detail::FixedSampler>(false);
}
std::shared_ptr<Sampler> parent_based_sampler(ParentDelegates delegates) noexcept {
  return std::make_shared<detail::ParentBasedSampler>(std::move(delegates));
}

CLEW_END
