// The command line: parses `clew <command> …`, runs the command, answers the exit code of DESIGN §6. What only `server`
// can do comes in as functions, because the two rooms do not know each other; main.cc brings them together.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace clew::cli {

// What `clew serve` and `clew config check` were given; empty means not given.
struct ServeArguments {
  std::string config_file;            // --config FILE
  std::string data_folder;            // --data DIR: the setting store.folder
  std::string listen_address;         // --listen ADDRESS: the setting listen.address
  std::vector<std::string> settings;  // each --set path.to.key=value, in order; they win over the file
};

// Each answers the process's exit code.
struct Commands {
  std::string version;  // what `clew --version` prints
  std::function<int(const ServeArguments&)> serve;
  std::function<int()> config_example;
  std::function<int(const ServeArguments&)> config_check;
};

int run(int argc, char** argv, const Commands& commands);

}  // namespace clew::cli
