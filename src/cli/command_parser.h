// Finds the command that the line names and fills in its targets. CLI11 does the work, in command_parser.cc only.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace clew::cli {

struct ParsedLine {
  std::vector<const Command*> path;  // from the root to the named command
  bool help = false;
  bool version = false;
  std::string error;  // empty: the line is fine
};

ParsedLine parse_line(const Command& root, int argc, const char* const* argv);

}  // namespace clew::cli
