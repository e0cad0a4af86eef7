#include "cli/command_parser.h"

#include <gmock/gmock.h>

#include "cli/command_text.h"
#include "cli/commands.h"

namespace clew::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Commands no_server() {
  Commands commands;
  commands.version = "clew 1.2.3 (commit abc, g++)";
  commands.serve = [](const ServeArguments&) { return 0; };
  commands.config_example = [] { return 0; };
  commands.config_check = [](const ServeArguments&) { return 0; };
  return commands;
}

class CommandParserTest : public testing::Test {
 protected:
  ParsedLine parse(std::vector<const char*> words) {
    words.insert(words.begin(), "clew");
    root_ = make_root(server_);
    return parse_line(*root_, static_cast<int>(words.size()), words.data());
  }
  static std::vector<std::string> names(const ParsedLine& line) {
    std::vector<std::string> out;
    for (const Command* command : line.path) out.push_back(command->name);
    return out;
  }

  Commands server_ = no_server();
  std::unique_ptr<Command> root_;
};

TEST_F(CommandParserTest, FillsInWhatTheServersRoomIsGiven) {
  ServeArguments given;
  server_.serve = [&](const ServeArguments& arguments) {
    given = arguments;
    return 7;
  };
  ParsedLine line = parse({"serve", "--data", "d", "--set", "a.b=1", "--set=c=[2,3]", "--listen", "::1"});
  ASSERT_EQ(line.error, "");
  EXPECT_THAT(names(line), ElementsAre("clew", "serve"));
  EXPECT_EQ(line.path.back()->run(), 7);
  EXPECT_EQ(given.data_folder, "d");
  EXPECT_EQ(given.listen_address, "::1");
  EXPECT_THAT(given.settings, ElementsAre("a.b=1", "c=[2,3]"));
}

TEST_F(CommandParserTest, TakesQueriesAsTheyAre) {
  for (const char* query : {"{}", "{ }", "{ name = \"-x\" }", "-", "[]", "{} | count() > 2", "%%", ""}) {
    ParsedLine line = parse({"query", query, "--limit", "5"});
    ASSERT_EQ(line.error, "") << query;
    EXPECT_EQ(*std::get<std::string*>(line.path.back()->arguments[0].target), query);
  }
}

TEST_F(CommandParserTest, NamesWhatItDoesNotKnowAndTheNearestThatItDoes) {
  struct Case {
    std::vector<const char*> words;
    std::vector<const char*> says;
  };
  for (const Case& c : {
           Case{{"serve", "--dtaa", "x"}, {"--dtaa", "--data"}},
           Case{{"qurey", "{}"}, {"qurey", "query"}},
           Case{{"query", "{}", "--limt", "5"}, {"--limt", "--limit"}},
           Case{{"query", "--limt=5"}, {"--limt", "--limit"}},
           Case{{"bench", "ingst"}, {"ingst", "ingest"}},
           Case{{"query"}, {"TRACEQL"}},
           Case{{"trace"}, {"ID"}},
           Case{{"query", "{}", "--limit", "many"}, {"--limit", "many"}},
           Case{{"query", "{}", "--limit", "-1"}, {"--limit", "-1"}},
           Case{{"query", "{}", "-o", "xml"}, {"xml", "json"}},
           Case{{"query", "{}", "{}"}, {"{}"}},
           Case{{"bench"}, {"bench"}},
           Case{{"xyzzy"}, {"xyzzy"}},
       }) {
    ParsedLine line = parse(c.words);
    EXPECT_NE(line.error, "") << c.words[0];
    for (const char* words : c.says) EXPECT_THAT(line.error, HasSubstr(words));
  }
}

TEST_F(CommandParserTest, HelpAndVersionNeedNothingElse) {
  EXPECT_TRUE(parse({"--version"}).version);
  EXPECT_TRUE(parse({"--help"}).help);
  ParsedLine line = parse({"traceql", "check", "-h"});
  EXPECT_TRUE(line.help);
  EXPECT_THAT(names(line), ElementsAre("clew", "traceql", "check"));
  EXPECT_TRUE(parse({"trace", "--help"}).help);
}

void every_command(const Command& command, std::vector<const Command*>& path,
                   const std::function<void(const std::vector<const Command*>&)>& visit) {
  path.push_back(&command);
  visit(path);
  for (const Command& sub : command.commands) every_command(sub, path, visit);
  path.pop_back();
}

TEST_F(CommandParserTest, EveryCommandExplainsItself) {
  parse({"--help"});
  std::string manual = manual_page(*root_, "1.2.3");
  std::string completion = bash_completion(*root_);
  std::vector<const Command*> path;
  every_command(*root_, path, [&](const std::vector<const Command*>& at) {
    const Command& command = *at.back();
    std::string help = help_text(at, 80);
    SCOPED_TRACE(help);
    EXPECT_NE(command.summary, "");
    EXPECT_THAT(help, HasSubstr(command.name));
    for (const Option& option : command.options) {
      EXPECT_NE(option.help, "") << option.name;
      for (std::string_view name : names_of(option)) EXPECT_THAT(help, HasSubstr(name));
    }
    if (command.run) {
      EXPECT_FALSE(command.examples.empty());
      EXPECT_THAT(help, HasSubstr("Exit codes"));
    }
    EXPECT_THAT(completion, HasSubstr(command.name));
    for (const Example& example : command.examples) EXPECT_THAT(help, HasSubstr(example.line));
    EXPECT_EQ(help.find("  \n"), std::string::npos);
  });
  EXPECT_THAT(manual, testing::StartsWith(".TH CLEW 1"));
  EXPECT_THAT(manual, HasSubstr("traceql check"));
}

}  // namespace
}  // namespace clew::cli
