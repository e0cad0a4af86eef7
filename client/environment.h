// The OTEL_* variables.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "clew/exporters.h"
#include "clew/init.h"

CLEW_BEGIN
namespace detail {

// As getenv: null when not set.
using Lookup = const char* (*)(const char* name);

Config config_from(Lookup lookup) noexcept;
OtlpHttpOptions otlp_options_from(Lookup lookup) noexcept;

// "k1=v1,k2=v2" with percent-decoded values; what has no '=' or no key is reported and left out.
std::vector<std::pair<std::string, std::string>> pairs_of(std::string_view text) noexcept;

}  // namespace detail
CLEW_END
