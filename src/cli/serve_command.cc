// `clew serve` and `clew config`: what they do comes from the server's room.
#include <memory>

#include "cli/commands.h"

namespace clew::cli {
namespace {

void add_serve_options(Command& command, ServeArguments& arguments) {
  command.options.push_back(
      {"--config", "FILE", &arguments.config_file, "Settings in YAML; see clew config example.", {}});
  command.options.push_back(
      {"--data", "DIR", &arguments.data_folder, "The data directory, made when missing. Default: ./clew-data", {}});
  command.options.push_back({"--listen",
                             "ADDRESS",
                             &arguments.listen_address,
                             "The address that all ports are bound on. Default: 127.0.0.1, this machine only.",
                             {}});
  command.options.push_back(
      {"--set",
       "PATH=VALUE",
       &arguments.settings,
       "Any setting of the file, such as listen.tempo=3201; may be given several times and wins over the file.",
       {}});
}

}  // namespace

void add_serve(Command& root, const Commands& from_server) {
  Command& command = add_command(root, "serve", "receive, keep and answer: everything in one process");
  command.about =
      "Takes OTLP on 4317 (gRPC) and 4318 (HTTP), answers Tempo's HTTP API on 3200, and keeps everything in the data "
      "directory. A reply to a sender means that its spans are synced to disk. Every port may be 0 (any free one); the "
      "addresses really bound are printed and written to endpoints.json in the data directory once the server is "
      "ready.\n"
      "\nSIGTERM or Ctrl-C ends it within seconds; a second one at once.";
  auto arguments = std::make_shared<ServeArguments>();
  add_serve_options(command, *arguments);
  command.examples = {
      {"clew serve", "With the data in ./clew-data, for this machine only."},
      {"clew serve --data /var/lib/clew --listen 0.0.0.0", "For others as well."},
      {"clew serve --set listen.tempo=0 --set log.format=json", "Single settings on the line."},
  };
  command.exit_codes =
      "0 ended by a signal\n2 usage, a bad setting, or a port in use\n3 the data directory cannot be opened";
  command.run = [arguments, serve = from_server.serve] { return serve(*arguments); };
}

void add_config(Command& root, const Commands& from_server) {
  Command& config = add_command(root, "config", "the settings: an example file, and a check of yours");
  Command& example = add_command(config, "example", "print a file with every setting, its default and what it means");
  example.examples = {{"clew config example > clew.yaml", "A file to start from."}};
  example.run = [print_example = from_server.config_example] { return print_example(); };

  Command& check = add_command(config, "check", "read a file of settings and say what is wrong with it");
  auto arguments = std::make_shared<ServeArguments>();
  check.arguments.push_back({"FILE", &arguments->config_file, "The file to check."});
  check.options.push_back({"--set", "PATH=VALUE", &arguments->settings, "Settings to check with it.", {}});
  check.examples = {{"clew config check clew.yaml", "Exit code 2 and a line per fault when something is wrong."}};
  check.run = [arguments, check_file = from_server.config_check] { return check_file(*arguments); };
}

}  // namespace clew::cli
