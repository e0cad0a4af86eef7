#include "cli/command_text.h"

#include <fmt/format.h>

namespace clew::cli {
namespace {

constexpr std::string_view kExitCodes =
    "0 ok\n1 not found, or nothing matched\n2 usage\n3 cannot reach the server or the data\n4 bad data";

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (true) {
    size_t end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// Words filled into lines of `width` columns; a line that begins with a space stays as it is.
void fill(std::string& out, std::string_view text, size_t indent, size_t width) {
  std::string margin(indent, ' ');
  for (std::string_view line : split(text, '\n')) {
    if (line.empty() || line.front() == ' ') {
      out += line.empty() ? "\n" : fmt::format("{}{}\n", margin, line);
      continue;
    }
    size_t column = 0;
    for (std::string_view word : split(line, ' ')) {
      if (column > 0 && column + 1 + word.size() > width) {
        out.push_back('\n');
        column = 0;
      }
      if (column == 0) {
        out += margin;
        column = indent;
      } else {
        out.push_back(' ');
        ++column;
      }
      out += word;
      column += word.size();
    }
    out.push_back('\n');
  }
}

std::string invocation(const std::vector<const Command*>& path) {
  std::string out;
  for (const Command* command : path) out += (out.empty() ? "" : " ") + command->name;
  return out;
}

std::string argument_text(const Argument& argument) {
  bool several = std::holds_alternative<std::vector<std::string>*>(argument.target);
  std::string name = argument.name + (several ? "…" : "");
  return argument.required ? name : "[" + name + "]";
}

std::string usage(const std::vector<const Command*>& path) {
  const Command& command = *path.back();
  std::string out = invocation(path);
  if (!command.commands.empty()) out += command.run ? " [COMMAND]" : " COMMAND";
  for (const Argument& argument : command.arguments) out += " " + argument_text(argument);
  if (!command.options.empty()) out += " [OPTION…]";
  return out;
}

std::string option_text(const Option& option) {
  std::string names = fmt::format("{}", fmt::join(names_of(option), ", "));
  if (option.value.empty()) return names;
  return names + " " + (option.choices.empty() ? option.value : fmt::format("{}", fmt::join(option.choices, "|")));
}

std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out.push_back(c);
    }
    line_start = c == '\n';
  }
  return out;
}

void manual_of(std::string& out, std::vector<const Command*>& path) {
  const Command& command = *path.back();
  if (path.size() > 1) {
    out += fmt::format(".SS {}\n{}.\n", roff(usage(path)), roff(command.summary));
    if (!command.about.empty()) {
      for (std::string_view paragraph : split(command.about, '\n')) {
        out += paragraph.empty()          ? ".PP\n"
               : paragraph.front() == ' ' ? fmt::format(".br\n{}\n", roff(paragraph))
                                          : roff(paragraph) + "\n";
      }
    }
    for (const Argument& argument : command.arguments) {
      out += fmt::format(".TP\n.I {}\n{}\n", roff(argument.name), roff(argument.help));
    }
    for (const Option& option : command.options) {
      out += fmt::format(".TP\n.B {}\n{}\n", roff(option_text(option)), roff(option.help));
    }
    if (!command.examples.empty()) out += ".PP\nExamples:\n";
    for (const Example& example : command.examples) {
      out += fmt::format(".PP\n.nf\n{}\n.fi\n{}\n", roff(example.line), roff(example.help));
    }
    if (!command.exit_codes.empty()) out += ".PP\nExit codes:\n";
    for (std::string_view line : split(command.exit_codes, '\n')) {
      if (!line.empty()) out += fmt::format(".br\n{}\n", roff(line));
    }
  }
  for (const Command& sub : command.commands) {
    path.push_back(&sub);
    manual_of(out, path);
    path.pop_back();
  }
}

void completions_of(std::string& out, const Command& command, const std::string& path) {
  std::string words;
  for (const Command& sub : command.commands) words += sub.name + " ";
  for (const Option& option : command.options) {
    for (std::string_view name : names_of(option)) words += fmt::format("{} ", name);
  }
  out += fmt::format("    '{}') words='{}--help' ;;\n", path, words);
  for (const Command& sub : command.commands) completions_of(out, sub, path + " " + sub.name);
}

void choices_of(std::string& out, const Command& command, const std::string& path) {
  for (const Option& option : command.options) {
    for (std::string_view name : names_of(option)) {
      if (option.choices.empty()) continue;
      out += fmt::format("    '{} {}') words='{}' ;;\n", path, name, fmt::join(option.choices, " "));
    }
  }
  for (const Command& sub : command.commands) choices_of(out, sub, path + " " + sub.name);
}

void paths_of(std::string& out, const Command& command, const std::string& path) {
  for (const Command& sub : command.commands) {
    out += fmt::format("'{} {}'|", path, sub.name);
    paths_of(out, sub, path + " " + sub.name);
  }
}

}  // namespace

std::string help_text(const std::vector<const Command*>& path, int columns) {
  const Command& command = *path.back();
  auto width = static_cast<size_t>(columns);
  constexpr size_t kIndent = 2;
  constexpr size_t kHelpIndent = 6;
  std::string out;
  fill(out, fmt::format("{}: {}", invocation(path), command.summary), 0, width);
  out += fmt::format("\nUsage: {}\n", usage(path));
  if (!command.about.empty()) {
    out.push_back('\n');
    fill(out, command.about, 0, width);
  }
  if (!command.commands.empty()) {
    size_t longest = 0;
    for (const Command& sub : command.commands) longest = std::max(longest, sub.name.size());
    out += "\nCommands:\n";
    for (const Command& sub : command.commands) out += fmt::format("  {:<{}}  {}\n", sub.name, longest, sub.summary);
    out += fmt::format("\n{} COMMAND --help says more about each.\n", invocation(path));
  }
  if (!command.arguments.empty()) out += "\nArguments:\n";
  for (const Argument& argument : command.arguments) {
    fill(out, argument.name, kIndent, width);
    fill(out, argument.help, kHelpIndent, width);
  }
  if (!command.options.empty()) out += "\nOptions:\n";
  for (const Option& option : command.options) {
    fill(out, option_text(option), kIndent, width);
    fill(out, option.help, kHelpIndent, width);
  }
  if (!command.examples.empty()) out += "\nExamples:\n";
  for (const Example& example : command.examples) {
    out += fmt::format("  {}\n", example.line);
    fill(out, example.help, kHelpIndent, width);
  }
  if (command.run) {
    out += "\nExit codes:\n";
    for (std::string_view line : split(command.exit_codes.empty() ? kExitCodes : command.exit_codes, '\n')) {
      out += fmt::format("  {}\n", line);
    }
  }
  return out;
}

std::string manual_page(const Command& root, std::string_view version) {
  std::string out =
      fmt::format(".TH CLEW 1 \"\" \"{}\"\n.SH NAME\nclew \\- {}\n.SH SYNOPSIS\n.B clew\nCOMMAND [OPTION…]\n",
                  roff(version.substr(0, version.find(" ("))), roff(root.summary));
  out += ".SH DESCRIPTION\n" + roff(root.about) + "\n.SH COMMANDS\n";
  std::vector<const Command*> path{&root};
  manual_of(out, path);
  out += ".SH EXIT STATUS\n";
  for (std::string_view line : split(kExitCodes, '\n'))
    out += fmt::format(".TP\n.B {}\n{}\n", line.substr(0, 1), line.substr(2));
  return out;
}

std::string bash_completion(const Command& root) {
  std::string paths;
  paths_of(paths, root, root.name);
  paths.pop_back();
  std::string words;
  completions_of(words, root, root.name);
  std::string choices;
  choices_of(choices, root, root.name);
  return fmt::format(
      R"(# bash completion for clew; source it, or put it into /usr/share/bash-completion/completions/clew
_clew() {{
  local path=clew word words='' previous=${{COMP_WORDS[COMP_CWORD-1]}}
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $word" in
    {}) path="$path $word" ;;
    esac
  done
  case "$path $previous" in
{}  esac
  if [ -z "$words" ]; then
    case "$path" in
{}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _clew clew
)",
      paths, choices, words);
}

}  // namespace clew::cli
