// `clew store verify`, `repair` and `compact`: work that takes as long as there is data.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"
#include "cli/work_report.h"

namespace clew::cli {
namespace {

struct WorkArguments {
  SourceArguments source;
  std::string output;

  bool table() const { return output.empty() ? stdout_is_terminal() : output == "table"; }
};

Result<ExitCode> verify(const WorkArguments& arguments) {
  ASSIGN_OR_RETURN(auto source, open_admin_source(arguments.source, false));
  ASSIGN_OR_RETURN(std::string body, source->post("/api/clew/admin/verify", "{}"));
  ASSIGN_OR_RETURN(Verified verified, parse_verified(body));
  print(arguments.table() ? verified_text(verified, source->where()) : body + "\n");
  return verified.problems.empty() ? kOk : kBadData;
}

Result<ExitCode> repair(const WorkArguments& arguments) {
  ASSIGN_OR_RETURN(auto source, open_admin_source(arguments.source, true));
  ASSIGN_OR_RETURN(std::string body, source->post("/api/clew/admin/repair", "{}"));
  ASSIGN_OR_RETURN(Repaired repaired, parse_repaired(body));
  print(arguments.table() ? repaired_text(repaired, source->where()) : body + "\n");
  return repaired.failures.empty() ? kOk : kBadData;
}

Result<ExitCode> compact(const WorkArguments& arguments) {
  ASSIGN_OR_RETURN(auto source, open_admin_source(arguments.source, true));
  TRY(source->post("/api/clew/admin/compact", "{}"));
  return kOk;
}

Command& add(Command& store, std::string name, std::string summary, bool has_output,
             Result<ExitCode> (*what)(const WorkArguments&)) {
  Command& command = add_command(store, std::move(name), std::move(summary));
  auto arguments = std::make_shared<WorkArguments>();
  command.options.push_back({"--url", "URL", &arguments->source.url, "Ask this server; it has to be Clew.", {}});
  command.options.push_back({"--data",
                             "DIR",
                             &arguments->source.data,
                             "This data directory: through the server that runs on it where there is one, else its "
                             "files. Default: ./clew-data",
                             {}});
  if (has_output) {
    command.options.push_back({"-o,--output",
                               "FORMAT",
                               &arguments->output,
                               "Default: table on a terminal, else json (one object).",
                               {"table", "json"}});
  }
  command.run = [arguments, what] { return exit_code_of(what(*arguments)); };
  return command;
}

}  // namespace

void add_store_work(Command& store) {
  Command& check = add(store, "verify", "read everything that is stored, and check it", true, verify);
  check.about =
      "Reads every block and every file of the write-ahead log, and compares checksums, the order of the spans, and "
      "all "
      "that an index or a list of contents says with what is there. Nothing is changed. Each problem is a sentence "
      "that "
      "names the block or file, the column, and what to do. A running server goes on receiving and answering "
      "meanwhile; "
      "it does one such work at a time.";
  check.exit_codes =
      "0 all is well\n4 there are problems, which are listed\n2 wrong usage\n3 the server or folder cannot be reached";
  check.examples = {
      {"clew store verify", "Of the server that runs on ./clew-data, or of that folder."},
      {"clew store verify --data /backup/clew", "Is the backup good?"},
      {"clew store verify -o json | jq -r '.problems[]'", "One problem a line."},
  };
  Command& mend = add(store, "repair", "save what can be read of damaged blocks", true, repair);
  mend.about =
      "Looks for damaged blocks as verify does, makes new blocks of the spans that can still be read, and lets them "
      "take "
      "their place. The damaged files are kept, below DIR/damaged; remove them when nobody needs them. A stop at any "
      "moment loses nothing: start it again. Without a server on the folder it must not be in use.";
  mend.exit_codes =
      "0 nothing is damaged any more\n4 something could not be repaired; it stays as it is\n2 wrong usage\n3 the "
      "server "
      "or folder cannot be reached, or is in use";
  mend.examples = {{"clew store repair", "Of the server that runs on ./clew-data, or of that folder."}};
  Command& merge = add(store, "compact", "merge small blocks now, and rewrite those with erased spans", false, compact);
  merge.about =
      "Does at once what otherwise happens by itself in time: small neighbouring blocks become one, and blocks that "
      "hold "
      "erased spans are written again without them.";
  merge.examples = {{"clew store compact", "After a delete that shall reach the disk now."}};
}

}  // namespace clew::cli
