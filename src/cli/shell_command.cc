// `clew completion` and `clew man`.
#include "cli/command_text.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace clew::cli {

void add_shell(Command& root, const std::string& version) {
  Command& completion = add_command(root, "completion", "print the completion script for a shell");
  auto shell = std::make_shared<std::string>("bash");
  completion.arguments.push_back({"SHELL", shell.get(), "bash, the only one so far.", false});
  completion.examples = {{"source <(clew completion)", "In this shell."}};
  completion.run = [&root, shell] {
    if (*shell != "bash") {
      complain("no completion for '" + *shell + "': only bash is known");
      return int{kUsage};
    }
    return print(bash_completion(root)) ? int{kOk} : int{kUnreachable};
  };
  Command& man = add_command(root, "man", "print the manual page");
  man.examples = {{"clew man | man -l -", "Read it."}};
  man.run = [&root, version] { return print(manual_page(root, version)) ? int{kOk} : int{kUnreachable}; };
}

}  // namespace clew::cli
