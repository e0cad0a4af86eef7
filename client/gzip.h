// gzip by the system's zlib, which is loaded when it is first asked for.
#pragma once

#include <string>
#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

// False when there is no libz.so.1, or no memory; `out` is then as it was.
bool gzip(std::string_view text, std::string& out) noexcept;

}  // namespace detail
CLEW_END
