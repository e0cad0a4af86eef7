#include "cli/found_traces.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdlib>

#include "cli/terminal.h"

namespace clew::cli {
namespace {

std::string text_of(simdjson::dom::element trace, const char* key) {
  std::string_view text;
  if (trace[key].get(text)) return "";
  return std::string(text);
}

// Numbers of 32 bits are numbers in Tempo's JSON, those of 64 strings.
uint64_t number_of(simdjson::dom::element object, const char* key) {
  uint64_t number = 0;
  if (!object[key].get(number)) return number;
  return std::strtoull(text_of(object, key).c_str(), nullptr, 10);
}

FoundTraceRow row_of(simdjson::dom::element trace) {
  FoundTraceRow row;
  row.trace_id = text_of(trace, "traceID");
  row.root_service = text_of(trace, "rootServiceName");
  row.root_name = text_of(trace, "rootTraceName");
  row.start_ns = number_of(trace, "startTimeUnixNano");
  row.duration_ms = number_of(trace, "durationMs");
  simdjson::dom::object services;
  if (!trace["serviceStats"].get(services)) {
    for (auto service : services) {
      row.spans += number_of(service.value, "spanCount");
      row.errors += number_of(service.value, "errorCount");
    }
  }
  simdjson::dom::array spansets;
  if (!trace["spanSets"].get(spansets)) {
    for (simdjson::dom::element spanset : spansets) row.matched += number_of(spanset, "matched");
  }
  row.json = simdjson::minify(trace);
  return row;
}

}  // namespace

Result<std::vector<FoundTraceRow>> parse_found_traces(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (auto failed = parser.parse(body).get(document)) {
    return corrupt(fmt::format("the answer is not JSON: {}", simdjson::error_message(failed)));
  }
  std::vector<FoundTraceRow> rows;
  simdjson::dom::array traces;
  auto missing = document["traces"].get(traces);
  if (missing == simdjson::NO_SUCH_FIELD) return rows;
  if (missing) return corrupt("the answer is not that of a search: 'traces' is not a list");
  for (simdjson::dom::element trace : traces) rows.push_back(row_of(trace));
  return rows;
}

std::string found_traces_table(const std::vector<FoundTraceRow>& rows, int width) {
  constexpr uint64_t kNsPerMs = 1'000'000;
  std::string out = fmt::format("{:<32}  {:<23}  {:>8}  {:>6}  {:>6}  {:>7}  {}\n", "TRACE", "START (UTC)", "DURATION",
                                "SPANS", "ERRORS", "MATCHED", "ROOT");
  constexpr size_t kBeforeRoot = 94;
  constexpr size_t kLeastRoot = 20;
  size_t left = SIZE_MAX;
  if (width > 0) left = std::max(static_cast<size_t>(width), kBeforeRoot + kLeastRoot) - kBeforeRoot;
  for (const FoundTraceRow& row : rows) {
    // Columns are characters; fmt counts the µ of a duration as one, too.
    out += fmt::format("{:<32}  {:<23}  {:>8}  {:>6}  {:>6}  {:>7}  {}\n", row.trace_id, time_text(row.start_ns),
                       row.duration_ms == 0 ? "< 1 ms" : duration_text(row.duration_ms * kNsPerMs), row.spans,
                       row.errors, row.matched, printable(row.root_service + " " + row.root_name, left));
  }
  return out;
}

}  // namespace clew::cli
