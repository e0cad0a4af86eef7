// `clew serve`: everything in one process, from reading the configuration to the last byte of the log.
//
//   configure -> bind -> open the store (replay) -> ready -> … -> SIGTERM -> drain -> sync -> exit 0
//
// DATA/endpoints.json is there from `ready` to the signal.
#pragma once

#include <string>

#include "server/config_load.h"

namespace clew::server {

// How this binary was built.
struct BuildInfo {
  std::string version;   // "0.1.0"
  std::string commit;    // "unknown" outside of a repository
  std::string compiler;  // "g++ 12.2.0"
};

// Each answers the process's exit code: 0 ok, 2 usage (a port in use is one), 3 cannot reach, 4 bad data.
int serve(const ServeOptions& options, const BuildInfo& build);
// Prints the commented example file.
int print_example_config();
// Prints "ok", or every mistake on stderr.
int check_config(const ServeOptions& options);

}  // namespace clew::server
