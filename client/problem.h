// Telling whoever runs the program that something is wrong. Never about a single span.
#pragma once

#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

// "clew: WHAT DETAIL" on standard error, or to Config::on_problem; the same `what` at most once in ten seconds. Any
// thread.
void problem(const char* what, std::string_view detail = {}) noexcept;
void problems_go_to(void (*on_problem)(std::string_view message)) noexcept;

}  // namespace detail
CLEW_END
