// yaml-cpp behind a wall: it throws, the rest of Clew does not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clew::server {

// A scalar and where it stands: nested mappings are joined by dots ("listen.otlp_grpc"). A null has no text.
struct YamlValue {
  std::string path;
  std::string text;
  int line = 1;
  bool is_null = false;
};

// One document whose values are scalars; lists, a second document, nesting deeper than 8, a name given twice in one
// mapping and more than 10 000 values are errors. Messages begin with "line N: ".
Result<std::vector<YamlValue>> read_yaml(const std::string& text);

}  // namespace clew::server
