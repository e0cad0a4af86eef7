// `clew trace`: one trace, as a waterfall or as JSON.
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/fetched_trace.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"
#include "cli/waterfall.h"
#include "wire/otlp.h"

namespace clew::cli {
namespace {

struct TraceArguments {
  std::string id;
  SourceArguments source;
  std::string output = "tree";
};

Status show(const TraceArguments& arguments) {
  auto parsed = TraceId::parse(arguments.id);
  if (!parsed) return pass(std::move(parsed), "'" + arguments.id + "'");
  TraceId id = *parsed;
  ASSIGN_OR_RETURN(auto source, open_source(arguments.source));
  auto table = fetch_trace(*source, id);
  if (!table) {
    std::string times = table.error().code == ErrorCode::not_found ? stored_times(*source) : "";
    if (!times.empty()) table.error().message += "\n" + times;
    return std::unexpected(std::move(table.error()));
  }
  std::string text;
  if (arguments.output == "tree") {
    text = waterfall(id, spans_of(**table), {terminal_width(), use_colours()});
  } else if (arguments.output == "otlp") {
    text = otlp_json_line(**table);
  } else {
    wire::encode_otlp_json(**table, wire::JsonStyle::tempo_v2, text);
    text.push_back('\n');
  }
  print(text);
  return {};
}

}  // namespace

void add_trace(Command& root) {
  Command& command = add_command(root, "trace", "show one trace, as a waterfall or as JSON");
  command.about =
      "Prints every span of the trace: the tree of calls, service and name, duration, and a bar for when it ran. ! "
      "marks an error, ? a span whose parent is not there. Colours only on a terminal, and not with NO_COLOR set.";
  auto arguments = std::make_shared<TraceArguments>();
  command.arguments.push_back({"ID", &arguments->id, "The trace id: up to 32 hex digits."});
  add_source_options(command, arguments->source);
  command.options.push_back(
      {"-o,--output",
       "FORMAT",
       &arguments->output,
       "tree (the default), json (as Tempo's API has it), or otlp (OTLP JSON with hex ids, which clew import reads).",
       {"tree", "json", "otlp"}});
  command.examples = {
      {"clew trace 5b8efff798038103d269b633813fc60c", "From the running server."},
      {"clew trace 5b8efff7 --data ./clew-data -o otlp", "From a data directory, as OTLP JSON."},
  };
  command.run = [arguments] {
    Status shown = show(*arguments);
    if (shown) return int{kOk};
    complain(shown.error().message);
    return int{exit_code_of(shown.error())};
  };
}

}  // namespace clew::cli
