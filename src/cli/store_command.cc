// `clew store ls`: what is stored, unit by unit.
#include <fmt/format.h>
#include <simdjson.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"

namespace clew::cli {
namespace {

struct ListArguments {
  SourceArguments source;
  std::string output;
};

uint64_t number_text(simdjson::dom::element unit, const char* key) {
  std::string_view text;
  if (unit[key].get(text)) return 0;
  return std::strtoull(std::string(text).c_str(), nullptr, 10);
}

std::string line_of(simdjson::dom::element unit) {
  std::string_view name;
  std::string_view state;
  uint64_t rows = 0;
  uint64_t traces = 0;
  bool bad = unit["name"].get(name) || unit["state"].get(state) || unit["rows"].get(rows) || unit["traces"].get(traces);
  if (bad) return "";
  return fmt::format("{:<36}  {:<6}  {:>11}  {:>10}  {:>10}  {}  {}\n", name, state, count_text(rows),
                     count_text(traces), bytes_text(number_text(unit, "bytes")),
                     time_text(number_text(unit, "minStartUnixNano")), time_text(number_text(unit, "maxEndUnixNano")));
}

Status list(const ListArguments& arguments) {
  ASSIGN_OR_RETURN(auto source, open_source(arguments.source));
  ASSIGN_OR_RETURN(std::string body, source->get("/api/clew/units", {}, ""));
  simdjson::dom::parser parser;
  simdjson::dom::array units;
  if (parser.parse(body)["units"].get(units)) return corrupt(source->where() + " does not list its units: is it Clew?");
  bool table = arguments.output.empty() ? stdout_is_terminal() : arguments.output == "table";
  std::string out;
  if (table) {
    out = fmt::format("{:<36}  {:<6}  {:>11}  {:>10}  {:>10}  {:<23}  {}\n", "UNIT", "STATE", "SPANS", "TRACES", "SIZE",
                      "FIRST START (UTC)", "LAST END (UTC)");
  }
  for (simdjson::dom::element unit : units) out += table ? line_of(unit) : std::string(simdjson::minify(unit)) + "\n";
  print(out);
  return {};
}

}  // namespace

void add_store(Command& root) {
  Command& store = add_command(root, "store", "look at what is stored");
  Command& command = add_command(store, "ls", "list the units: live segments and blocks");
  command.about =
      "Newest first. A live unit's size is what it takes in memory, a block's what it takes on disk. Without --url and "
      "--data the running server is asked.";
  auto arguments = std::make_shared<ListArguments>();
  add_source_options(command, arguments->source);
  command.options.push_back({"-o,--output",
                             "FORMAT",
                             &arguments->output,
                             "Default: table on a terminal, else json (one object a line).",
                             {"table", "json"}});
  command.examples = {{"clew store ls --data ./clew-data", "Of a folder, whether a server uses it or not."}};
  command.run = [arguments] {
    Status listed = list(*arguments);
    if (listed) return int{kOk};
    complain(listed.error().message);
    return int{exit_code_of(listed.error())};
  };
}

}  // namespace clew::cli
