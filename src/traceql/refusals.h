// Counts what a limit of this room refused: clew_traceql_refused_total{limit="…"}.
#pragma once

#include <string_view>

namespace clew::traceql {

// limit: query_text, nesting, operator_chain (ParseLimits); regex_text, regex_memory (regex.h).
void count_refusal(std::string_view limit);

}  // namespace clew::traceql
