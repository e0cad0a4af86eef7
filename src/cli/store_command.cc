// `clew store`: what is stored, unit by unit (ls) and in all (stat); the rest is in files of its own.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/stored_units.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"

namespace clew::cli {
namespace {

struct StoreArguments {
  SourceArguments source;
  std::string output;

  bool table() const { return output.empty() ? stdout_is_terminal() : output == "table"; }
};

Result<StoredUnits> fetch_units(TempoSource& source) {
  ASSIGN_OR_RETURN(std::string body, source.get("/api/clew/units", {}, ""));
  auto units = parse_units(body);
  if (!units) return std::unexpected(std::move(units.error()).context(source.where()));
  return units;
}

Result<ExitCode> list(const StoreArguments& arguments) {
  ASSIGN_OR_RETURN(auto source, open_store_source(arguments.source));
  ASSIGN_OR_RETURN(StoredUnits stored, fetch_units(*source));
  if (arguments.table()) {
    print(units_table(stored.units));
    return kOk;
  }
  for (const StoredUnit& unit : stored.units) {
    if (!print(unit.json + "\n")) break;
  }
  return kOk;
}

Result<ExitCode> stat(const StoreArguments& arguments) {
  ASSIGN_OR_RETURN(auto source, open_store_source(arguments.source));
  ASSIGN_OR_RETURN(StoredUnits stored, fetch_units(*source));
  StoreTotals totals = totals_of(stored);
  ASSIGN_OR_RETURN(std::string erasures, source->get("/api/clew/erasures", {}, ""));
  ASSIGN_OR_RETURN(totals.erasures, parse_erasures(erasures));
  print(arguments.table() ? totals_text(totals, source->where()) : totals_json(totals) + "\n");
  return totals.complaints.empty() ? kOk : kBadData;
}

void add_options(Command& command, StoreArguments& arguments, std::string_view json_form) {
  command.options.push_back({"--url", "URL", &arguments.source.url, "Ask this server; it has to be Clew.", {}});
  command.options.push_back({"--data",
                             "DIR",
                             &arguments.source.data,
                             "This data directory: through the server that runs on it where there is one, else its "
                             "files. Default: ./clew-data",
                             {}});
  command.options.push_back({"-o,--output",
                             "FORMAT",
                             &arguments.output,
                             fmt::format("Default: table on a terminal, else json ({}).", json_form),
                             {"table", "json"}});
}

void set_run(Command& command, std::shared_ptr<StoreArguments> arguments,
             Result<ExitCode> (*what)(const StoreArguments&)) {
  command.run = [arguments = std::move(arguments), what] { return exit_code_of(what(*arguments)); };
}

}  // namespace

void add_store(Command& root) {
  Command& store = add_command(root, "store", "look at what is stored, check and repair it, erase traces");
  Command& ls = add_command(store, "ls", "list the units: live segments and blocks");
  ls.about =
      "Newest first. A unit is live (it grows), closed (it waits to be sealed into a block), a block, or damaged. The "
      "size of a block is what it takes on disk, that of the others what they take in memory.";
  auto arguments = std::make_shared<StoreArguments>();
  add_options(ls, *arguments, "one object a line");
  ls.examples = {{"clew store ls", "Of the server that runs on ./clew-data, or of that folder."},
                 {"clew store ls --data /var/lib/clew | jq -s 'map(.rows) | add'", "How many spans there are."}};
  set_run(ls, arguments, list);

  Command& total = add_command(store, "stat", "how much is stored, and of which times");
  total.about =
      "Units, spans, bytes in memory and on disk, and the times covered. A trace that lies in several units is counted "
      "once in each. Damaged blocks, and a log that cannot be written, are named, and make the exit code 4. Erasures "
      "are "
      "listed until the last bytes of what they erased have left the disk.";
  arguments = std::make_shared<StoreArguments>();
  add_options(total, *arguments, "one object");
  total.examples = {{"clew store stat --data /var/lib/clew", "Also while a server uses it."}};
  set_run(total, arguments, stat);

  add_store_work(store);
  add_store_delete(store);
}

}  // namespace clew::cli
