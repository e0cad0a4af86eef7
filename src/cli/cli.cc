#include "cli/cli.h"

#include <fmt/format.h>

#include <csignal>

#include "cli/command_parser.h"
#include "cli/command_text.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace clew::cli {

Command& add_command(Command& parent, std::string name, std::string summary) {
  Command& command = parent.commands.emplace_back();
  command.name = std::move(name);
  command.summary = std::move(summary);
  return command;
}

std::vector<std::string_view> names_of(const Option& option) {
  std::string_view all = option.name;
  size_t comma = all.find(',');
  if (comma == std::string_view::npos) return {all};
  return {all.substr(0, comma), all.substr(comma + 1)};
}

std::unique_ptr<Command> make_root(const Commands& from_server) {
  auto owned = std::make_unique<Command>();
  Command& root = *owned;
  root.name = "clew";
  root.summary = "distributed tracing: receive, keep, find and explain traces";
  root.about =
      "clew serve receives spans by OTLP, keeps them in a data directory and answers TraceQL over Tempo's HTTP API. "
      "The other commands ask a running server (--url) or read a data directory (--data).";
  add_serve(root, from_server);
  add_query(root);
  add_trace(root);
  add_traceql(root);
  add_import(root);
  add_export(root);
  add_store(root);
  add_bench(root);
  add_config(root, from_server);
  add_shell(root, from_server.version);
  return owned;
}

int run(int argc, char** argv, const Commands& from_server) {
  // A reader that has gone (| head) ends the output, not the process: print() says so.
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<Command> root = make_root(from_server);
  ParsedLine line = parse_line(*root, argc, argv);
  if (line.version) {
    print(from_server.version + "\n");
    return kOk;
  }
  if (line.help) {
    print(help_text(line.path, std::min(terminal_width(), 100)));
    return kOk;
  }
  if (!line.error.empty()) {
    std::string names;
    for (const Command* command : line.path) names += command->name + " ";
    complain(line.error);
    fmt::print(stderr, "Try: {}--help\n", names);
    return kUsage;
  }
  return line.path.back()->run();
}

}  // namespace clew::cli
