#include "cli/cli.h"

#include <fmt/format.h>

#include <csignal>

#include "base/log.h"
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
  add_context(root);
  add_import(root);
  add_export(root);
  add_store(root);
  add_bench(root);
  add_config(root, from_server);
  add_shell(root, from_server.version);
  return owned;
}

namespace {

// `clew help query` is `clew query --help`.
std::vector<const char*> help_words(std::vector<const char*> words) {
  if (words.size() > 1 && words[1] == std::string_view("help")) {
    words.erase(words.begin() + 1);
    words.push_back("--help");
  }
  return words;
}

}  // namespace

int run(int argc, char** argv, const Commands& from_server) {
  // A reader that has gone (| head) ends the output, not the process: print() says so.
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<Command> root = make_root(from_server);
  std::vector<const char*> words = help_words({argv, argv + argc});
  ParsedLine line = parse_line(*root, static_cast<int>(words.size()), words.data());
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
  // What the store has to say while a folder is read is for operators.
  if (line.path[1]->name != "serve") log::configure(log::Level::warn, log::Format::text);
  return line.path.back()->run();
}

}  // namespace clew::cli
