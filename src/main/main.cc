#include <fmt/format.h>

#include "build_info.h"
#include "cli/cli.h"
#include "server/serve.h"

namespace {

clew::server::BuildInfo build_info() {
  return {CLEW_BUILD_VERSION, CLEW_BUILD_COMMIT, CLEW_BUILD_COMPILER};
}

clew::server::ServeOptions serve_options(const clew::cli::ServeArguments& arguments) {
  return {arguments.config_file, arguments.data_folder, arguments.listen_address, arguments.settings};
}

}  // namespace

int main(int argc, char** argv) {
  clew::server::BuildInfo build = build_info();
  clew::cli::Commands commands;
  commands.version = fmt::format("clew {} (commit {}, {})", build.version, build.commit, build.compiler);
  commands.serve = [&](const clew::cli::ServeArguments& arguments) {
    return clew::server::serve(serve_options(arguments), build);
  };
  commands.config_example = [] { return clew::server::print_example_config(); };
  commands.config_check = [](const clew::cli::ServeArguments& arguments) {
    return clew::server::check_config(serve_options(arguments));
  };
  return clew::cli::run(argc, argv, commands);
}
