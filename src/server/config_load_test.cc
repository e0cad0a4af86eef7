#include "server/config_load.h"

#include <gmock/gmock.h>

#include "env/faulty_files.h"
#include "server/settings.h"

namespace clew::server {
namespace {

using testing::HasSubstr;

class ConfigLoadTest : public testing::Test {
 protected:
  Result<Config> load(std::string_view yaml, std::vector<std::string> arguments = {}) {
    EXPECT_TRUE(files_->replace("clew.yaml", yaml));
    ServeOptions options;
    options.config_file = "clew.yaml";
    options.settings = std::move(arguments);
    return load_config(options, *files_);
  }
  std::string mistake(std::string_view yaml, std::vector<std::string> arguments = {}) {
    auto config = load(yaml, std::move(arguments));
    EXPECT_FALSE(config) << yaml;
    return config ? "" : config.error().message;
  }

  std::unique_ptr<env::FaultyFiles> files_ = env::FaultyFiles::make(1);
};

TEST_F(ConfigLoadTest, TheExampleSaysTheDefaults) {
  auto config = load(example_config());
  ASSERT_TRUE(config) << config.error().message;
  Config defaults;
  for (const Setting& setting : settings()) EXPECT_EQ(setting.show(*config), setting.show(defaults)) << setting.path;
}

TEST_F(ConfigLoadTest, NothingGivenIsAllDefaults) {
  EXPECT_TRUE(load_config({}, *files_));
  for (const char* yaml : {"", "# only a comment\n", "listen:\n", "listen:\n  share:\n", "---\n"}) {
    EXPECT_TRUE(load(yaml)) << yaml;
  }
}

TEST_F(ConfigLoadTest, TheCommandLineWinsOverTheFile) {
  ASSERT_TRUE(files_->replace("clew.yaml", "listen:\n  address: 10.0.0.1\n  tempo: 1\n  ui: 2\nstore: {folder: a}\n"));
  auto config = load_config({"clew.yaml", "b", "0.0.0.0", {"listen.tempo=3", "listen.tempo=4"}}, *files_);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen.address, "0.0.0.0");
  EXPECT_EQ(config->listen.tempo, 4);
  EXPECT_EQ(config->listen.ui, 2);
  EXPECT_EQ(config->store.folder, "b");
}

struct Mistake {
  const char* yaml;
  const char* message;
};

TEST_F(ConfigLoadTest, MistakesNameFileLineSettingAndWhatIsExpected) {
  const Mistake cases[] = {
      {"net:\n  body_timout: 5s\n",
       "clew.yaml: line 2: net.body_timout: unknown setting, did you mean net.body_timeout?"},
      {"a: 1\n", "clew.yaml: line 1: a: unknown setting"},
      {"listen:\n  tempo: high\n", "clew.yaml: line 2: listen.tempo: 'high' is not a port"},
      {"listen: 4317\n", "clew.yaml: line 1: listen is a section"},
      {"listen:\n  tempo: [1, 2]\n", "clew.yaml: line 2: listen.tempo is a list"},
      {"- a\n", "clew.yaml: line 1: expected sections"},
      {"listen:\n  ui: 1\n  ui: 2\n", "clew.yaml: line 3: listen.ui is given twice"},
      {"listen:\n\tui: 1\n", "clew.yaml: line 2: "},
      {"listen: {\n", "clew.yaml: line "},
      {"a: 1\n---\nb: 2\n", "clew.yaml: line 3: a second document"},
      {"? [a]\n: b\n", "a name must be plain text"},
      {"a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}\n", "nested too deeply"},
      {"listen:\n  tempo: 1\n  ui: 1\n", "listen.ui: port 1 is also listen.tempo"},
      {"listen: {otlp_grpc: off, otlp_http: off, tempo: off, ui: off}\n", "every listener is off"},
      {"wal:\n  max_bytes: 64MiB\n  file_bytes: 128MiB\n", "wal.file_bytes: one file is larger than wal.max_bytes"},
  };
  for (const Mistake& c : cases) EXPECT_THAT(mistake(c.yaml), HasSubstr(c.message)) << c.yaml;
}

TEST_F(ConfigLoadTest, AllMistakesAreNamedAtOnce) {
  std::string message = mistake("a: 1\nlisten:\n  ui: high\n", {"b=1", "listen.share"});
  for (const char* part : {"line 1: a: ", "line 3: listen.ui: ", "--set b=1: b: ", "--set listen.share: expected"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST_F(ConfigLoadTest, FilesThatCannotBeReadAreNamed) {
  auto missing = load_config({"no.yaml", "", "", {}}, *files_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("no.yaml"));
  EXPECT_THAT(mistake(std::string(2 << 20, '#')), HasSubstr("longer than the limit"));
}

TEST_F(ConfigLoadTest, HostileYamlIsRefused) {
  EXPECT_NE(mistake(std::string(100'000, '[')), "");
  EXPECT_NE(mistake(std::string(100'000, '{')), "");
  std::string bomb = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 8; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {";
    for (int j = 0; j < 50; ++j) bomb += "k" + std::to_string(j) + ": *a" + std::to_string(i - 1) + ", ";
    bomb += "}\n";
  }
  EXPECT_THAT(mistake(bomb), HasSubstr("too many values"));
}

}  // namespace
}  // namespace clew::server
