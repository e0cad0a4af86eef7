#include "server/config_load.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "server/settings.h"
#include "server/yaml_file.h"

namespace clew::server {
namespace {

constexpr uint64_t kMostFileBytes = 1 << 20;

class Loader {
 public:
  void mistake(std::string_view where, std::string_view what) {
    mistakes_.append(mistakes_.empty() ? "" : "\n").append(where).append(": ").append(what);
  }
  void set(std::string_view where, std::string_view path, std::string_view text) {
    if (const Setting* setting = find_setting(path)) {
      if (Status done = setting->set(config_, text); !done)
        mistake(where, fmt::format("{}: {}", path, done.error().message));
    } else if (is_section(path)) {
      mistake(where, fmt::format("{} is a section, its settings go below it; `clew config example` shows how", path));
    } else {
      mistake(where, fmt::format("{}: unknown setting, {}", path, suggestion_for(path)));
    }
  }
  void read_file(const std::string& path, env::Files& files) {
    auto text = files.read_all(path, kMostFileBytes);
    if (!text) return mistake("--config", text.error().message);
    auto values = read_yaml(*text);
    if (!values) return mistake(path, values.error().message);
    for (const YamlValue& value : *values) {
      if (value.is_null && (find_setting(value.path) != nullptr || is_section(value.path))) continue;
      set(fmt::format("{}: line {}", path, value.line), value.path, value.text);
    }
  }
  void read_argument(std::string_view argument) {
    size_t equals = argument.find('=');
    if (equals == std::string_view::npos) {
      return mistake(fmt::format("--set {}", argument), "expected section.name=value");
    }
    set(fmt::format("--set {}", argument), argument.substr(0, equals), argument.substr(equals + 1));
  }
  // What no setting can judge alone.
  void judge_together() {
    using Named = std::pair<std::string_view, Port>;
    const ListenSettings& listen = config_.listen;
    std::array<Named, 4> ports = {Named{"listen.otlp_grpc", listen.otlp_grpc},
                                  Named{"listen.otlp_http", listen.otlp_http}, Named{"listen.tempo", listen.tempo},
                                  Named{"listen.ui", listen.ui}};
    bool any = false;
    for (size_t i = 0; i < ports.size(); ++i) {
      any = any || ports[i].second;
      for (size_t j = 0; j < i; ++j) {
        if (ports[i].second.value_or(0) != 0 && ports[i].second == ports[j].second) {
          mistake(ports[i].first, fmt::format("port {} is also {}: one must change", *ports[i].second, ports[j].first));
        }
      }
    }
    if (!any) mistake("listen", "every listener is off");
    if (config_.store.log_file_bytes > config_.store.log_max_bytes) {
      mistake("wal.file_bytes", "one file is larger than wal.max_bytes");
    }
  }
  Result<Config> finish() && {
    if (!mistakes_.empty()) return invalid(std::move(mistakes_));
    return std::move(config_);
  }

 private:
  Config config_;
  std::string mistakes_;
};

}  // namespace

Result<Config> load_config(const ServeOptions& options, env::Files& files) {
  Loader loader;
  if (!options.config_file.empty()) loader.read_file(options.config_file, files);
  if (!options.data_folder.empty()) loader.set("--data", "store.folder", options.data_folder);
  if (!options.listen_address.empty()) loader.set("--listen", "listen.address", options.listen_address);
  for (const std::string& argument : options.settings) loader.read_argument(argument);
  loader.judge_together();
  return std::move(loader).finish();
}

}  // namespace clew::server
