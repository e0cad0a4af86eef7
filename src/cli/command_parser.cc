#include "cli/command_parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "traceql/names.h"

namespace clew::cli {
namespace {

void add_options(CLI::App& app, const Command& command) {
  for (const Option& option : command.options) {
    CLI::Option* added = std::visit(
        [&](auto* target) -> CLI::Option* {
          if constexpr (std::is_same_v<decltype(target), bool*>) {
            return app.add_flag(option.name, *target);
          } else if constexpr (std::is_same_v<decltype(target), std::vector<std::string>*>) {
            return app.add_option(option.name, *target)->expected(1)->take_all();
          } else if constexpr (std::is_same_v<decltype(target), uint64_t*>) {
            // The library reads "-1" as 2^64 - 1.
            return app.add_option(option.name, *target)->check([](const std::string& text) {
              return text.starts_with('-') ? fmt::format("'{}' is less than nothing", text) : std::string();
            });
          } else {
            return app.add_option(option.name, *target);
          }
        },
        option.target);
    if (!option.choices.empty()) added->check(CLI::IsMember(option.choices));
    if (!option.value.empty()) added->type_name(option.value);
  }
  for (const Argument& argument : command.arguments) {
    CLI::Option* added = std::visit(
        [&](auto* target) -> CLI::Option* { return app.add_option(argument.name, *target); }, argument.target);
    if (argument.required) added->required();
    added->type_name("");
  }
}

void build(CLI::App& app, const Command& command) {
  app.set_help_flag("-h,--help");
  add_options(app, command);
  for (const Command& sub : command.commands) build(*app.add_subcommand(sub.name), sub);
}

std::vector<const Command*> path_of(const CLI::App& app, const Command& root) {
  std::vector<const Command*> path{&root};
  const CLI::App* at = &app;
  while (true) {
    auto parsed = at->get_subcommands();
    if (parsed.empty()) return path;
    at = parsed.back();
    for (const Command& sub : path.back()->commands) {
      if (sub.name == at->get_name()) {
        path.push_back(&sub);
        break;
      }
    }
  }
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view nearest = traceql::nearest(word, known);
  return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
}

std::string name_of(const std::vector<const Command*>& path) {
  std::vector<std::string_view> names;
  for (const Command* command : path) names.push_back(command->name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string unknown_word(std::string word, const std::vector<const Command*>& path) {
  const Command& command = *path.back();
  std::vector<std::string_view> known;
  if (word.starts_with("-")) {
    word = word.substr(0, word.find('='));
    for (const Option& option : command.options) {
      for (std::string_view name : names_of(option)) known.push_back(name);
    }
    known.push_back("--help");
    return fmt::format("{} has no option {}{}", name_of(path), word, did_you_mean(word, known));
  }
  for (const Command& sub : command.commands) known.push_back(sub.name);
  if (known.empty()) return fmt::format("{} does not expect '{}'", name_of(path), word);
  return fmt::format("{} has no command '{}'{}", name_of(path), word, did_you_mean(word, known));
}

// Of what was not understood, an option says most.
std::string unknown_words(const CLI::App& app, const std::vector<const Command*>& path) {
  auto words = app.remaining(true);
  for (const std::string& word : words) {
    if (word.starts_with("-") && word != "-") return unknown_word(word, path);
  }
  return words.empty() ? "" : unknown_word(words.front(), path);
}

}  // namespace

ParsedLine parse_line(const Command& root, int argc, const char* const* argv) {
  CLI::App app;
  ParsedLine line;
  build(app, root);
  app.add_flag("--version", line.version);
  try {
    app.parse(argc, argv);
    line.path = path_of(app, root);
  } catch (const CLI::CallForHelp&) {
    line.path = path_of(app, root);
    line.help = true;
  } catch (const CLI::ParseError& error) {
    line.path = path_of(app, root);
    line.error = unknown_words(app, line.path);
    if (line.error.empty()) line.error = fmt::format("{}: {}", name_of(line.path), error.what());
  }
  bool incomplete = line.error.empty() && !line.help && !line.version && !line.path.back()->run;
  if (incomplete) line.error = fmt::format("{} needs a command", name_of(line.path));
  return line;
}

}  // namespace clew::cli
