// From what the user gave to a Config: file first, then the command line, the later winning over the earlier.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "env/files.h"
#include "server/config.h"

namespace clew::server {

// As the command line gave them; empty means not given.
struct ServeOptions {
  std::string config_file;
  std::string data_folder;            // store.folder
  std::string listen_address;         // listen.address
  std::vector<std::string> settings;  // "path=value"
};

// The error names every mistake, one a line: file, line, setting, what is expected.
Result<Config> load_config(const ServeOptions& options, env::Files& files);

}  // namespace clew::server
