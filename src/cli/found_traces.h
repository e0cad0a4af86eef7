// The traces[] of a search's answer, as a table and as lines of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clew::cli {

struct FoundTraceRow {
  std::string trace_id;
  std::string root_service;
  std::string root_name;
  uint64_t start_ns = 0;
  uint64_t duration_ms = 0;
  uint64_t spans = 0;
  uint64_t errors = 0;
  uint64_t matched = 0;
  std::string json;  // the whole element, on one line
};

// corruption when the body is not an answer to a search.
Result<std::vector<FoundTraceRow>> parse_found_traces(const std::string& body);

// Names are cut where a line would be longer than `width`; 0: they are not.
std::string found_traces_table(const std::vector<FoundTraceRow>& rows, int width);

}  // namespace clew::cli
