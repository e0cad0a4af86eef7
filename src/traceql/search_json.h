// A search's answer as Tempo's SearchResponse in JSON (gogo jsonpb): 64-bit integers as strings, zero and empty fields
// omitted, no field that Tempo has not, since Grafana refuses unknown ones.
#pragma once

#include <cstdint>
#include <string>

#include "column/budget.h"
#include "traceql/search.h"

namespace clew::traceql {

struct SearchCoverage {
  uint32_t units = 0;
  uint64_t stored_bytes = 0;
};

std::string search_json(const SearchAnswer& answer, const ReadBudget& budget, const SearchCoverage& coverage);

}  // namespace clew::traceql
