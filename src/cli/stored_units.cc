#include "cli/stored_units.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>

#include "base/json_text.h"
#include "cli/terminal.h"

namespace clew::cli {
namespace {

// 64-bit numbers are strings, as everywhere in this API.
bool read_number(simdjson::dom::element unit, const char* key, uint64_t& out) {
  std::string_view text;
  if (unit[key].get(text)) return false;
  out = std::strtoull(std::string(text).c_str(), nullptr, 10);
  return true;
}

bool read_unit(simdjson::dom::element element, StoredUnit& out) {
  std::string_view name;
  std::string_view state;
  if (element["name"].get(name) || element["state"].get(state)) return false;
  out.name = name;
  out.state = state;
  out.json = simdjson::minify(element);
  std::string_view damage;
  if (!element["damage"].get(damage)) out.damage = damage;
  return !element["rows"].get(out.rows) && !element["traces"].get(out.traces) &&
         read_number(element, "bytes", out.bytes) && read_number(element, "minStartUnixNano", out.min_start_ns) &&
         read_number(element, "maxEndUnixNano", out.max_end_ns);
}

std::string time_or_dash(uint64_t ns) {
  return ns == 0 ? "-" : time_text(ns);
}

}  // namespace

Result<StoredUnits> parse_units(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::array elements;
  if (parser.parse(body).get(document) || document["units"].get(elements)) {
    return corrupt("the answer does not list units: is this Clew?");
  }
  StoredUnits out;
  for (simdjson::dom::element element : elements) {
    if (!read_unit(element, out.units.emplace_back())) return corrupt("the answer's units are not as Clew writes them");
  }
  if (document["complaints"].get(elements)) return out;
  for (simdjson::dom::element element : elements) {
    std::string_view text;
    if (!element.get(text)) out.complaints.emplace_back(text);
  }
  return out;
}

Result<std::vector<OutstandingErasure>> parse_erasures(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::array elements;
  if (parser.parse(body)["erasures"].get(elements)) return corrupt("the answer does not list erasures: is this Clew?");
  std::vector<OutstandingErasure> out;
  for (simdjson::dom::element element : elements) {
    OutstandingErasure& erasure = out.emplace_back();
    if (element["number"].get(erasure.number) || element["traces"].get(erasure.traces) ||
        element["blocks"].get(erasure.blocks) || element["logFiles"].get(erasure.log_files) ||
        !read_number(element, "receivedUnixNano", erasure.received_ns)) {
      return corrupt("the answer's erasures are not as Clew writes them");
    }
    erasure.json = simdjson::minify(element);
  }
  return out;
}

std::string units_table(const std::vector<StoredUnit>& units) {
  size_t width = 4;
  for (const StoredUnit& unit : units) width = std::max(width, columns_of(printable(unit.name)));
  std::string out = fmt::format("{:<{}}  {:<7}  {:>13}  {:>13}  {:>10}  {:<23}  {}\n", "UNIT", width, "STATE", "SPANS",
                                "TRACES", "SIZE", "FIRST START (UTC)", "LAST END (UTC)");
  for (const StoredUnit& unit : units) {
    out += fmt::format("{:<{}}  {:<7}  {:>13}  {:>13}  {:>10}  {:<23}  {}{}\n", printable(unit.name), width,
                       printable(unit.state), count_text(unit.rows), count_text(unit.traces), bytes_text(unit.bytes),
                       time_or_dash(unit.min_start_ns), time_or_dash(unit.max_end_ns),
                       unit.damage.empty() ? "" : "  " + printable(unit.damage));
  }
  return out;
}

StoreTotals totals_of(const StoredUnits& stored) {
  StoreTotals totals;
  totals.complaints = stored.complaints;
  for (const StoredUnit& unit : stored.units) {
    bool on_disk = unit.state == "block" || unit.state == "damaged";
    ++(unit.state == "block"     ? totals.blocks
       : unit.state == "damaged" ? totals.damaged
       : unit.state == "closed"  ? totals.closed
                                 : totals.live);
    (on_disk ? totals.disk_bytes : totals.memory_bytes) += unit.bytes;
    if (unit.rows == 0) continue;
    if (totals.rows == 0) totals.min_start_ns = unit.min_start_ns;
    totals.min_start_ns = std::min(totals.min_start_ns, unit.min_start_ns);
    totals.max_end_ns = std::max(totals.max_end_ns, unit.max_end_ns);
    totals.rows += unit.rows;
    totals.traces += unit.traces;
    if (on_disk) totals.sealed_rows += unit.rows;
  }
  return totals;
}

std::string totals_text(const StoreTotals& totals, const std::string& where) {
  std::string out = fmt::format("{}\n", where);
  out += fmt::format("  units   {}: {} live, {} closed, {} blocks, {} damaged\n", count_text(totals.units()),
                     totals.live, totals.closed, totals.blocks, totals.damaged);
  out += fmt::format("  spans   {} ({} in blocks), of {} traces\n", count_text(totals.rows),
                     count_text(totals.sealed_rows), count_text(totals.traces));
  std::string per_span = totals.sealed_rows == 0
                             ? ""
                             : fmt::format(", {:.1f} bytes a span", static_cast<double>(totals.disk_bytes) /
                                                                        static_cast<double>(totals.sealed_rows));
  out += fmt::format("  memory  {} of live and closed units\n  disk    {} of blocks{}\n",
                     bytes_text(totals.memory_bytes), bytes_text(totals.disk_bytes), per_span);
  out +=
      totals.rows == 0 && totals.damaged == 0
          ? "  times   none: it is empty\n"
          : fmt::format("  times   {} to {} UTC\n", time_or_dash(totals.min_start_ns), time_or_dash(totals.max_end_ns));
  for (const OutstandingErasure& erasure : totals.erasures) {
    out += fmt::format("  erasure {} of {}: {} erased, still in {} and {}\n", erasure.number,
                       time_or_dash(erasure.received_ns), counted(erasure.traces, "trace"),
                       counted(erasure.blocks, "block"), counted(erasure.log_files, "log file"));
  }
  for (const std::string& complaint : totals.complaints) out += fmt::format("  wrong   {}\n", printable(complaint));
  return out;
}

std::string totals_json(const StoreTotals& totals) {
  std::string complaints;
  for (const std::string& complaint : totals.complaints) {
    if (!complaints.empty()) complaints.push_back(',');
    append_json_string(complaints, complaint);
  }
  std::string erasures;
  for (const OutstandingErasure& erasure : totals.erasures) {
    if (!erasures.empty()) erasures.push_back(',');
    erasures += erasure.json;
  }
  return fmt::format(
      "{{\"units\":{},\"live\":{},\"closed\":{},\"blocks\":{},\"damaged\":{},\"rows\":{},\"sealedRows\":{},\"traces\":{"
      "},"
      "\"memoryBytes\":\"{}\",\"diskBytes\":\"{}\",\"minStartUnixNano\":\"{}\",\"maxEndUnixNano\":\"{}\","
      "\"complaints\":[{}],\"erasures\":[{}]}}",
      totals.units(), totals.live, totals.closed, totals.blocks, totals.damaged, totals.rows, totals.sealed_rows,
      totals.traces, totals.memory_bytes, totals.disk_bytes, totals.min_start_ns, totals.max_end_ns, complaints,
      erasures);
}

}  // namespace clew::cli
