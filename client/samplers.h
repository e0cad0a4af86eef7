// The samplers whose answer depends on nothing but the parent.
#pragma once

#include <memory>

#include "clew/sampler.h"

CLEW_BEGIN
namespace detail {

// "always_on", "always_off", "parentbased_always_on", "parentbased_always_off"; null for another name.
std::shared_ptr<Sampler> fixed_sampler(std::string_view name) noexcept;

}  // namespace detail
CLEW_END
