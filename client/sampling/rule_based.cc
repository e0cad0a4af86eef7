// The first rule that matches.
#include <charconv>

#include "clew/samplers.h"
#include "pattern.h"

CLEW_BEGIN
namespace detail {
namespace {

bool value_matches(const std::string& pattern, const Value& value) noexcept {
  switch (value.type()) {
    case Value::Type::kString: return matches(pattern, value.text());
    case Value::Type::kBool: return matches(pattern, value.boolean() ? "true" : "false");
    case Value::Type::kInt: {
      char digits[24];
      const auto end = std::to_chars(digits, digits + sizeof digits, value.integer()).ptr;
      return matches(pattern, {digits, size_t(end - digits)});
    }
    default: return false;
  }
}

bool applies(const SamplingRule& rule, const SamplingInput& input) noexcept {
  if (!rule.any_kind && rule.kind != input.kind) return false;
  if (!matches(rule.name, input.name)) return false;
  for (const auto& wanted : rule.attributes) {
    bool found = false;
    for (const KeyValue& attribute : input.attributes) {
      found |= attribute.key == wanted.first && value_matches(wanted.second, attribute.value);
    }
    if (!found) return false;
  }
  return true;
}

class RuleBasedSampler : public Sampler {
 public:
  RuleBasedSampler(std::vector<SamplingRule> rules, std::shared_ptr<Sampler> otherwise) noexcept
      : rules_(std::move(rules)), otherwise_(std::move(otherwise)) {
    if (otherwise_ == nullptr) otherwise_ = always_off_sampler();
    description_ = "RuleBased{";
    for (SamplingRule& rule : rules_) {
      if (rule.sampler == nullptr) rule.sampler = always_off_sampler();
      description_ += rule.name + ":" + std::string(rule.sampler->description()) + ",";
    }
    description_ += "otherwise:" + std::string(otherwise_->description()) + "}";
  }

  void decide(const SamplingInput& input, SamplingOutput& output) noexcept override {
    for (const SamplingRule& rule : rules_) {
      if (applies(rule, input)) return rule.sampler->decide(input, output);
    }
    otherwise_->decide(input, output);
  }
  std::string_view description() const noexcept override { return description_; }

 private:
  std::vector<SamplingRule> rules_;
  std::shared_ptr<Sampler> otherwise_;
  std::string description_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<Sampler> rule_based_sampler(std::vector<SamplingRule> rules,
                                            std::shared_ptr<Sampler> otherwise) noexcept {
  return std::make_shared<detail::RuleBasedSampler>(std::move(rules), std::move(otherwise));
}

CLEW_END
