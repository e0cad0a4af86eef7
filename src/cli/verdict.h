// The verdicts of `clew traceql check`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "traceql/diagnostic.h"

namespace clew::cli {

// Nothing: the query is valid and can be executed.
std::optional<traceql::Diagnostic> diagnose(std::string_view text);

// The answer to one line of `check -`, without its line break.
std::string verdict_line(std::string_view line);

}  // namespace clew::cli
