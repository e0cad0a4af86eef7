#include "traceql/refusals.h"

#include <string>

#include "base/counters.h"

namespace clew::traceql {

void count_refusal(std::string_view limit) {
  counter("clew_traceql_refused_total", "TraceQL queries refused by a limit", {{"limit", std::string(limit)}}).add();
}

}  // namespace clew::traceql
