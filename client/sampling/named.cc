// OTEL_TRACES_SAMPLER.
#include <charconv>

#include "clew/samplers.h"
#include "context/characters.h"

CLEW_BEGIN
namespace detail {
namespace {

void say(std::string* problem, std::string text) noexcept {
  if (problem != nullptr) *problem = std::move(text);
}

double ratio_of(std::string_view argument, std::string* problem) noexcept {
  argument = trimmed(argument);
  double ratio = 1;
  if (argument.empty()) return ratio;
  const auto read = std::from_chars(argument.data(), argument.data() + argument.size(), ratio);
  const bool good = read.ec == std::errc() && read.ptr == argument.data() + argument.size() && ratio >= 0 && ratio <= 1;
  if (good) return ratio;
  say(problem, "the sampler's ratio '" + std::string(argument) + "' is no number from 0 to 1: 1 is used");
  return 1;
}

}  // namespace
}  // namespace detail

std::shared_ptr<Sampler> sampler_from(std::string_view name, std::string_view argument, std::string* problem) noexcept {
  constexpr std::string_view kParent = "parentbased_";
  name = detail::trimmed(name);
  const bool by_parent = name.substr(0, kParent.size()) == kParent;
  const std::string_view root = by_parent ? name.substr(kParent.size()) : name;
  std::shared_ptr<Sampler> sampler;
  if (root == "always_on") {
    sampler = always_on_sampler();
  } else if (root == "always_off") {
    sampler = always_off_sampler();
  } else if (root == "traceidratio") {
    sampler = ratio_sampler(detail::ratio_of(argument, problem));
  } else {
    const bool remote = root == "jaeger_remote" || root == "xray";
    detail::say(problem, "sampler '" + std::string(name) + "' is not used: " +
                             (remote ? "strategies are not fetched by the library; give it to clew::init as a "
                                       "JaegerRemoteSampler, and call its poll_when_due()"
                                     : "there are always_on, always_off, traceidratio, and parentbased_ before each"));
    return nullptr;
  }
  if (!by_parent) return sampler;
  ParentDelegates delegates;
  delegates.root = std::move(sampler);
  return parent_based_sampler(std::move(delegates));
}

CLEW_END
