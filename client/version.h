// The library's version, as the SDK's resource attributes and the exporter's User-Agent say it.
#pragma once

#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {
constexpr std::string_view kVersion = CLEW_CLIENT_VERSION;  // from CMake: the project's
}
CLEW_END
