// A configuration as spans see it. Immutable; never freed, so that a span may read it whenever it wants.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "clew/init.h"

CLEW_BEGIN
namespace detail {

struct Settings {
  Limits limits;
  uint32_t span_bytes = 0;
  uint32_t value_bytes = 0;  // of a text, before it is cut to whole characters
  std::shared_ptr<Sampler> sampler;
  Sampler::Always always[Sampler::kParents] = {};
  std::shared_ptr<const Propagator> propagator;
  Resource resource;
};

extern std::atomic<const Settings*> settings;

// Configures from the environment when nothing has been configured. False: there is nothing to be recorded.
bool configured() noexcept;

// In the child of a fork, under init's lock: the resource names this process.
void refresh_resource() noexcept;

// What init() makes of a Config's first half.
const Settings* make_settings(const Config& config) noexcept;

}  // namespace detail
CLEW_END
