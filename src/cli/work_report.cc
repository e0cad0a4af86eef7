#include "cli/work_report.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "cli/terminal.h"

namespace clew::cli {
namespace {

std::unexpected<Error> not_clews() {
  return corrupt("the answer is not as Clew writes it: is this Clew, and of this version?");
}

bool read_texts(simdjson::dom::element from, const char* name, std::vector<std::string>& out) {
  simdjson::dom::array elements;
  if (from[name].get(elements)) return false;
  for (simdjson::dom::element element : elements) {
    std::string_view text;
    if (element.get(text)) return false;
    out.emplace_back(text);
  }
  return true;
}

}  // namespace

Result<Verified> parse_verified(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view bytes;
  Verified out;
  if (parser.parse(body).get(root) || root["blocks"].get(out.blocks) || root["logFiles"].get(out.log_files) ||
      root["rows"].get(out.rows) || root["bytes"].get(bytes) || !read_texts(root, "problems", out.problems)) {
    return not_clews();
  }
  auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), out.bytes);
  if (error != std::errc{} || end != bytes.data() + bytes.size()) return not_clews();
  return out;
}

Result<Repaired> parse_repaired(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  Repaired out;
  if (parser.parse(body).get(root) || root["rowsSaved"].get(out.rows_saved) || root["rowsLost"].get(out.rows_lost) ||
      !read_texts(root, "actions", out.actions) || !read_texts(root, "failures", out.failures)) {
    return not_clews();
  }
  return out;
}

Result<Deleted> parse_deleted(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  Deleted out;
  if (parser.parse(body).get(root) || root["number"].get(out.number) || root["traces"].get(out.traces)) {
    return not_clews();
  }
  simdjson::dom::element ids;
  if (!root["ids"].get(ids) && !read_texts(root, "ids", out.ids)) return not_clews();
  return out;
}

std::string verified_text(const Verified& verified, const std::string& where) {
  std::string out = fmt::format("{}: {} of {} in {}, {} read\n", where, count_text(verified.rows) + " spans",
                                counted(verified.blocks, "block"), bytes_text(verified.bytes),
                                counted(verified.log_files, "log file"));
  for (const std::string& problem : verified.problems) out += fmt::format("  wrong   {}\n", printable(problem));
  if (verified.problems.empty()) out += "  all is well\n";
  return out;
}

std::string repaired_text(const Repaired& repaired, const std::string& where) {
  if (repaired.actions.empty() && repaired.failures.empty()) return fmt::format("{}: nothing to repair\n", where);
  std::string out = fmt::format("{}: {} spans saved, {} lost\n", where, count_text(repaired.rows_saved),
                                count_text(repaired.rows_lost));
  for (const std::string& action : repaired.actions) out += fmt::format("  done    {}\n", printable(action));
  for (const std::string& failure : repaired.failures) out += fmt::format("  failed  {}\n", printable(failure));
  return out;
}

}  // namespace clew::cli
