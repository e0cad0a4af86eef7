#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli.h"
#include "cli/command_text.h"
#include "cli/commands.h"

namespace clew::cli {
namespace {

using testing::HasSubstr;

struct Targets {
  std::string text = "default";
  std::string file;
  uint64_t number = 7;
  bool flag = false;
  std::string format;
  std::vector<std::string> settings;
};

struct Line {
  Command root;
  Targets targets;

  Line() {
    root.name = "clew";
    Command& query = add_command(root, "query", "finds");
    query.arguments.push_back({"TEXT", &targets.text, "what", false});
    query.options.push_back({"--limit", "N", &targets.number, "how many", {}});
    query.options.push_back({"--gzip", "", &targets.flag, "packed", {}});
    query.options.push_back({"-o,--output", "FORMAT", &targets.format, "how", {"table", "json"}});
    query.options.push_back({"--set", "PATH=VALUE", &targets.settings, "setting", {}});
    query.run = [] { return 0; };
    Command& store = add_command(root, "store", "looks");
    Command& list = add_command(store, "ls", "lists");
    list.arguments.push_back({"FILE", &targets.file, "which"});
    list.run = [] { return 0; };
  }
};

TEST(CommandText, HelpReadsLikeAManualPage) {
  Line line;
  Command& query = line.root.commands.front();
  query.about = "Finds things, quite many of them, in all the places where they may be.";
  query.examples = {{"clew query x", "Finds x."}};
  EXPECT_EQ(help_text({&line.root, &query}, 40),
            R"(clew query: finds

Usage: clew query [TEXT] [OPTION…]

Finds things, quite many of them, in all
the places where they may be.

Arguments:
  TEXT
      what

Options:
  --limit N
      how many
  --gzip
      packed
  -o, --output table|json
      how
  --set PATH=VALUE
      setting

Examples:
  clew query x
      Finds x.

Exit codes:
  0 ok
  1 not found, or nothing matched
  2 usage
  3 cannot reach the server or the data
  4 bad data
)");
}

Commands commands_of_no_server() {
  Commands commands;
  commands.version = "clew 1.2";
  commands.serve = [](const ServeArguments& arguments) { return arguments.data_folder == "d" ? 40 : 41; };
  commands.config_example = [] { return 42; };
  commands.config_check = [](const ServeArguments& arguments) { return arguments.config_file == "f" ? 43 : 44; };
  return commands;
}

void check_texts(const Command& command) {
  EXPECT_NE(command.summary, "") << command.name;
  if (command.run && command.name != "example") {
    EXPECT_FALSE(command.examples.empty()) << command.name;
  }
  for (const Option& option : command.options) EXPECT_NE(option.help, "") << option.name;
  for (const Argument& argument : command.arguments) EXPECT_NE(argument.help, "") << argument.name;
  for (const Command& sub : command.commands) check_texts(sub);
}

TEST(CommandTree, ExplainsEveryCommandOptionAndArgument) {
  check_texts(*make_root(commands_of_no_server()));
}

TEST(CommandTree, HasEveryCommandInTheManualPageAndTheCompletion) {
  auto root = make_root(commands_of_no_server());
  std::string manual = manual_page(*root, "1.2");
  std::string completion = bash_completion(*root);
  for (auto name : {"serve", "query", "trace", "traceql check", "import", "export", "bench ingest", "bench query",
                    "bench verify", "store ls", "config check"}) {
    EXPECT_THAT(manual, HasSubstr(".SS clew " + std::string(name)));
    EXPECT_THAT(completion, HasSubstr("'clew " + std::string(name) + "') words="));
  }
  EXPECT_THAT(completion, HasSubstr("'clew trace -o') words='tree json otlp'"));
}

int run_line(std::vector<const char*> words) {
  words.insert(words.begin(), "clew");
  return run(static_cast<int>(words.size()), const_cast<char**>(words.data()), commands_of_no_server());
}

TEST(Run, HandsTheServersCommandsOn) {
  EXPECT_EQ(run_line({"serve", "--data", "d"}), 40);
  EXPECT_EQ(run_line({"config", "example"}), 42);
  EXPECT_EQ(run_line({"config", "check", "f"}), 43);
}

TEST(Run, AnswersUsageWithTwo) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_line({"qeury"}), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("did you mean query?"));
}

TEST(Run, PrintsTheVersion) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_line({"--version"}), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "clew 1.2\n");
}

}  // namespace
}  // namespace clew::cli
