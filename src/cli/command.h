// A command of the line as data: what --help, the manual page, the shell's completion and the parser are made from.
// One file per command fills one in.
//
// The targets of options and arguments live as long as the Command: each command's file keeps them in a struct that
// its `run` holds.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clew::cli {

using Target = std::variant<bool*, std::string*, uint64_t*, double*, std::vector<std::string>*>;

struct Option {
  std::string name;   // "--limit", or "-o,--output"
  std::string value;  // "N"; empty for a flag
  Target target;
  std::string help;
  std::vector<std::string> choices;  // when only these are values
};

struct Argument {
  std::string name;  // "TRACEQL"
  Target target;
  std::string help;
  bool required = true;
};

struct Example {
  std::string line;
  std::string help;
};

struct Command {
  std::string name;
  std::string summary;  // one line
  std::string about;    // paragraphs
  std::vector<Argument> arguments;
  std::vector<Option> options;
  std::vector<Example> examples;
  std::string exit_codes;  // one a line; empty: the usual ones
  std::list<Command> commands;
  std::function<int()> run;  // none: one of `commands` must be named
};

// "-o,--output" as its two names.
std::vector<std::string_view> names_of(const Option& option);

// Name and summary of a command that is added below `parent`.
Command& add_command(Command& parent, std::string name, std::string summary);

}  // namespace clew::cli
