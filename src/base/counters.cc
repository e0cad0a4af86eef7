#include "base/counters.h"

#include <map>
#include <memory>
#include <mutex>

#include "base/check.h"

namespace clew {
namespace {

struct Family {
  std::string help;
  const char* kind;
  std::map<Labels, std::unique_ptr<Counter>> members;
};

struct Registry {
  std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;
};

Registry& registry() {
  static Registry* const instance = new Registry;  // never destroyed: counters outlive every thread
  return *instance;
}

Counter& member(std::string_view name, std::string_view help, Labels&& labels, const char* kind) {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  auto family = all.families.find(name);
  if (family == all.families.end()) {
    family = all.families.emplace(std::string(name), Family{std::string(help), kind, {}}).first;
  }
  CHECK(std::string_view(family->second.kind) == kind);
  auto& slot = family->second.members[std::move(labels)];
  if (!slot) slot = std::make_unique<Counter>();
  return *slot;
}

// Help texts escape backslash and line feed; label values the double quote as well.
void append_escaped(std::string& out, std::string_view value, bool in_quotes) {
  for (char c : value) {
    if (c == '\\' || (c == '"' && in_quotes)) out.push_back('\\');
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

Counter& counter(std::string_view name, std::string_view help, Labels labels) {
  return member(name, help, std::move(labels), "counter");
}

Counter& gauge(std::string_view name, std::string_view help, Labels labels) {
  return member(name, help, std::move(labels), "gauge");
}

std::string render_counters() {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  std::string out;
  for (const auto& [name, family] : all.families) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, family.help, false);
    out.push_back('\n');
    out.append("# TYPE ").append(name).append(" ").append(family.kind).append("\n");
    for (const auto& [labels, member] : family.members) {
      out.append(name);
      for (size_t i = 0; i < labels.size(); ++i) {
        out.append(i == 0 ? "{" : ",").append(labels[i].first).append("=\"");
        append_escaped(out, labels[i].second, true);
        out.append("\"");
      }
      if (!labels.empty()) out.push_back('}');
      out.append(" ").append(std::to_string(member->value())).append("\n");
    }
  }
  return out;
}

}  // namespace clew
