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

Status flatten(const YAML::Node& node, const std::string& prefix, int depth, std::vector<YamlValue>& out) {
  if (depth > kMostDepth) return invalid(fmt::format("line {}: nested too deeply", line_of(node)));
  std::vector<std::string> names;
  for (const auto& [key, value] : node) {
    if (!key.IsScalar()) return invalid(fmt::format("line {}: a name must be plain text", line_of(key)));
    if (std::ranges::find(names, key.Scalar()) != names.end()) {
      return invalid(fmt::format("line {}: {}{} is given twice", line_of(key), prefix, key.Scalar()));
    }
    names.push_back(key.Scalar());
    std::string path = prefix + key.Scalar();
    if (value.IsMap()) {
      TRY(flatten(value, path + ".", depth + 1, out));
      continue;
    }
    if (value.IsSequence()) {
      return invalid(fmt::format("line {}: {} is a list, but one value is expected", line_of(value), path));
    }
    if (out.size() >= kMostValues) return invalid(fmt::format("line {}: too many values", line_of(key)));
    out.push_back({std::move(path), value.IsNull() ? "" : value.Scalar(), line_of(key), value.IsNull()});
  }
  return {};
}

}  // namespace

Result<std::vector<YamlValue>> read_yaml(const std::string& text) {
  std::vector<YamlValue> out;
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty() || documents[0].IsNull()) return out;
    if (documents.size() > 1) return invalid(fmt::format("line {}: a second document", line_of(documents[1])));
    if (!documents[0].IsMap()) return invalid("line 1: expected sections such as `listen:` with settings below them");
    TRY(flatten(documents[0], "", 1, out));
  } catch (const YAML::Exception& error) {
    return invalid(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
  return out;
}

}  // namespace clew::server
