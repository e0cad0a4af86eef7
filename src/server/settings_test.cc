#include "server/settings.h"

#include <gmock/gmock.h>

#include <set>

#include "server/machine.h"

namespace clew::server {
namespace {

TEST(Settings, EveryDefaultIsTextThatIsTaken) {
  for (const Setting& setting : settings()) {
    Config config;
    std::string text = setting.show(config);
    Status set = setting.set(config, text);
    EXPECT_TRUE(set) << setting.path << ": " << set.error().message;
    EXPECT_EQ(setting.show(config), text) << setting.path;
  }
}

TEST(Settings, EveryOneIsExplainedAndNamedOnce) {
  std::set<std::string_view> paths;
  std::string_view section;
  std::set<std::string_view> sections;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(paths.insert(setting.path).second) << setting.path;
    EXPECT_THAT(std::string(setting.help), testing::EndsWith(".")) << setting.path;
    std::string_view own = setting.path.substr(0, setting.path.find('.'));
    if (own != section) {
      EXPECT_TRUE(sections.insert(own).second) << own << " stands in two places";
    }
    section = own;
    EXPECT_EQ(find_setting(setting.path), &setting);
    EXPECT_TRUE(is_section(own));
  }
  EXPECT_EQ(find_setting("listen"), nullptr);
  EXPECT_FALSE(is_section("listen.address"));
}

TEST(Settings, EveryOneRefusesNonsense) {
  for (const Setting& setting : settings()) {
    if (setting.path == "store.folder") continue;  // any text names a folder
    Config config;
    EXPECT_FALSE(setting.set(config, "nonsense")) << setting.path;
    EXPECT_FALSE(setting.set(config, "")) << setting.path;
    EXPECT_EQ(setting.show(config), setting.show(Config())) << setting.path;
  }
}

struct Case {
  const char* path;
  const char* good;
  const char* bad;
};

TEST(Settings, TakeValuesInTheirRange) {
  const Case cases[] = {
      {"listen.address", "0.0.0.0", "localhost"},
      {"listen.address", "::", "300.1.1.1"},
      {"listen.otlp_grpc", "off", "65536"},
      {"listen.otlp_grpc", "0", "-2"},
      {"listen.share", "true", "maybe"},
      {"memory.limit", "2GiB", "1MiB"},
      {"memory.limit", "auto", "0"},
      {"store.lanes", "64", "65"},
      {"store.lanes", "auto", "0"},
      {"store.retry_delay", "2s", "0"},
      {"wal.mode", "memory", "never"},
      {"limits.value_depth", "1", "65"},
      {"limits.request_bytes", "10MiB", "4GiB"},
      {"net.body_timeout", "1500ms", "30"},
      {"query.bytes_limit", "off", "10"},
      {"log.level", "debug", "loud"},
      {"tenancy.enabled", "false", "1"},
      {"net.connections", "100", "1e3"},
      {"cors.origins", "https://a.example,http://localhost:*", "a.example"},
      {"cors.origins", "off", "https://a/b"},
  };
  for (const Case& c : cases) {
    const Setting* setting = find_setting(c.path);
    ASSERT_NE(setting, nullptr) << c.path;
    Config config;
    EXPECT_TRUE(setting->set(config, c.good)) << c.path;
    EXPECT_EQ(setting->show(config), c.good);
    Status bad = setting->set(config, c.bad);
    ASSERT_FALSE(bad) << c.path << " = " << c.bad;
    EXPECT_THAT(bad.error().message, testing::HasSubstr(c.bad));
    EXPECT_EQ(setting->show(config), c.good);
  }
}

TEST(Settings, ReachTheirMembers) {
  Config config;
  ASSERT_TRUE(find_setting("net.body_timeout")->set(config, "1500ms"));
  EXPECT_EQ(config.net.body_timeout.count(), 1500);
  ASSERT_TRUE(find_setting("store.retry_delay")->set(config, "2s"));
  EXPECT_EQ(config.store.retry_delay_ms, 2000U);
  ASSERT_TRUE(find_setting("store.idle")->set(config, "3s"));
  EXPECT_EQ(config.store.idle_ns, 3'000'000'000U);
  ASSERT_TRUE(find_setting("listen.ui")->set(config, "-1"));
  EXPECT_EQ(config.listen.ui, std::nullopt);
  ASSERT_TRUE(find_setting("limits.request_bytes")->set(config, "1MiB"));
  EXPECT_EQ(config.net_limits().body_bytes, (size_t{1} << 20) + 5);
  ASSERT_TRUE(find_setting("memory.limit")->set(config, "1GiB"));
  EXPECT_EQ(config.store_options().memory_limit_bytes, uint64_t{1} << 30);
}

TEST(Settings, AutoFitsTheMachine) {
  Config config;
  EXPECT_GE(config.store_options().lanes, 1U);
  EXPECT_LE(config.store_options().lanes, 64U);
  EXPECT_GT(config.store_options().memory_limit_bytes, 0U);
  EXPECT_LE(config.store_options().memory_limit_bytes, uint64_t{4} << 30);
  EXPECT_GE(config.io_threads(), 1);
  EXPECT_LE(config.net_limits().connections, machine_open_files() / 4 * 3);
  EXPECT_GE(config.net_limits().connections, std::min<uint64_t>(config.net.connections, 100));
  EXPECT_GE(config.query_options().threads, 1U);
}

TEST(Settings, SuggestTheNearestName) {
  const std::pair<const char*, const char*> cases[] = {
      {"net.body_timout", "did you mean net.body_timeout?"},
      {"listen.otlp-grpc", "did you mean listen.otlp_grpc?"},
      {"otlp_grpc", "did you mean listen.otlp_grpc?"},
      {"store.mode", "did you mean wal.mode?"},
      {"memory_limit", "did you mean memory.limit?"},
      {"zzzzzzzzzzzzz", "`clew config example` lists all settings"},
  };
  for (const auto& [path, suggestion] : cases) EXPECT_EQ(suggestion_for(path), suggestion) << path;
  EXPECT_EQ(suggestion_for(std::string(1 << 20, 'a')), "`clew config example` lists all settings");
}

}  // namespace
}  // namespace clew::server
