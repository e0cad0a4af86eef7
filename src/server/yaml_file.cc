#include "server/yaml_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace clew::server {
namespace {

constexpr int kMostDepth = 8;
constexpr size_t kMostValues = 10'000;

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1;
}

// An alias may make a mapping stand in many places, so what is visited is counted, not what is kept.
struct Flattening {
  std::vector<YamlValue> values;
  size_t visited = 0;
};

Status flatten(const YAML::Node& mapping, const std::string& prefix, int depth, Flattening& out) {
  if (depth > kMostDepth) return invalid(fmt::format("line {}: nested too deeply", line_of(mapping)));
  std::vector<std::string> names;
  for (const auto& pair : mapping) {
    const YAML::Node& key = pair.first;
    const YAML::Node& value = pair.second;
    if (++out.visited > kMostValues) return invalid(fmt::format("line {}: too many values", line_of(key)));
    if (!key.IsScalar()) return invalid(fmt::format("line {}: a name must be plain text", line_of(key)));
    std::string path = prefix + key.Scalar();
    if (std::ranges::find(names, path) != names.end()) {
      return invalid(fmt::format("line {}: {} is given twice", line_of(key), path));
    }
    names.push_back(path);
    if (value.IsMap()) {
      TRY(flatten(value, path + ".", depth + 1, out));
    } else if (value.IsSequence()) {
      return invalid(fmt::format("line {}: {} is a list, but one value is expected", line_of(value), path));
    } else {
      std::string text = value.IsScalar() ? value.Scalar() : std::string();
      out.values.push_back(YamlValue{std::move(path), std::move(text), line_of(key), value.IsNull()});
    }
  }
  return {};
}

}  // namespace

Result<std::vector<YamlValue>> read_yaml(const std::string& text) {
  Flattening out;
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty() || documents[0].IsNull()) return std::vector<YamlValue>();
    if (documents.size() > 1) return invalid(fmt::format("line {}: a second document", line_of(documents[1])));
    if (!documents[0].IsMap()) return invalid("line 1: expected sections such as `listen:` with settings below them");
    TRY(flatten(documents[0], "", 1, out));
  } catch (const YAML::Exception& error) {
    return invalid(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
  return std::move(out.values);
}

}  // namespace clew::server
