// The one table of settings. From it come the YAML file's names, `--set`, `clew config example` and the messages that
// name what is expected.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/config.h"

namespace clew::server {

struct Setting {
  std::string_view path;  // "section.name"
  std::string_view help;  // whole sentences
  // The error says what is expected; the caller adds where it was found.
  std::function<Status(Config&, std::string_view text)> set;
  std::function<std::string(const Config&)> show;  // text that set() takes and that means the same
};

// In the order of the example file; settings of one section stand together.
std::span<const Setting> settings();

// Nothing when there is none.
const Setting* find_setting(std::string_view path);
bool is_section(std::string_view path);
// A clause for a message about an unknown name: "did you mean net.idle_timeout?", or where to look.
std::string suggestion_for(std::string_view path);

// All settings with their defaults and explanations, as a YAML file.
std::string example_config();

}  // namespace clew::server
