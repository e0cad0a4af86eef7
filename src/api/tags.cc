// The names of attributes, by scope. They come from the units' catalogues: a live unit may know a key that no visible
// row has any more.
#include <fmt/format.h>

#include <array>
#include <set>

#include "api/endpoint.h"
#include "base/json_text.h"
#include "model/span_words.h"

namespace clew::api {
namespace {

// Tempo's list, in its order, which Grafana offers for completion.
constexpr std::array<std::string_view, 25> kIntrinsics = {
    "duration",
    "name",
    "status",
    "statusMessage",
    "kind",
    "rootServiceName",
    "rootName",
    "traceDuration",
    "event:name",
    "event:timeSinceStart",
    "link:spanID",
    "link:traceID",
    "instrumentation:name",
    "instrumentation:version",
    "trace:id",
    "span:id",
    "span:parentID",
    "span:status",
    "span:statusMessage",
    "span:duration",
    "span:name",
    "span:kind",
    "trace:rootName",
    "trace:rootService",
    "trace:duration",
};

// In the order of Tempo's answers.
constexpr std::array<Scope, kScopes> kScopeOrder = {Scope::resource, Scope::span, Scope::event, Scope::link,
                                                    Scope::instrumentation};

struct Wanted {
  std::array<bool, kScopes> scopes{};
  bool intrinsics = false;
};

struct Names {
  std::array<std::set<std::string>, kScopes> of_scope;
  uint64_t inspected_bytes = 0;
};

Result<Wanted> wanted_scopes(const Call& call) {
  std::string text = call.request.parameter("scope");
  Wanted wanted;
  if (text.empty() || text == "none") {
    wanted.scopes.fill(true);
    wanted.intrinsics = true;
    return wanted;
  }
  if (text == "intrinsic") {
    wanted.intrinsics = true;
    return wanted;
  }
  for (Scope scope : kScopeOrder) {
    if (name_of(scope) != text) continue;
    wanted.scopes[static_cast<size_t>(scope)] = true;
    return wanted;
  }
  return invalid(fmt::format(
      "invalid scope: '{}' is none of resource, span, event, link, instrumentation, intrinsic, none", text));
}

Result<Names> collect(const Call& call, const Wanted& wanted) {
  ASSIGN_OR_RETURN(TimeRange range, time_range(call.request));
  ASSIGN_OR_RETURN(uint64_t limit, positive_parameter(call.request, "limit", call.options.tag_names_limit, UINT32_MAX));
  limit = std::min<uint64_t>(limit, call.options.tag_names_limit);
  Names names;
  auto snapshot = call.snapshot();
  for (const auto& unit : snapshot->units()) {
    TRY(call.check_time());
    if (unit->rows() == 0 || !range.overlaps(*unit)) continue;
    ASSIGN_OR_RETURN(auto columns, unit->attributes());
    for (AttributeColumn& column : columns) {
      auto scope = static_cast<size_t>(column.scope);
      auto& known = names.of_scope[scope];
      names.inspected_bytes += column.name.size();
      if (wanted.scopes[scope] && known.size() < limit) known.insert(std::move(column.name));
    }
  }
  return names;
}

template <typename Items>
void append_strings(std::string& out, const Items& items) {
  out.push_back('[');
  bool first = true;
  for (const auto& item : items) {
    if (!first) out.push_back(',');
    first = false;
    append_json_string(out, item);
  }
  out.push_back(']');
}

}  // namespace

Result<net::Response> tags_v1(const Call& call) {
  ASSIGN_OR_RETURN(Wanted wanted, wanted_scopes(call));
  ASSIGN_OR_RETURN(Names names, collect(call, wanted));
  std::set<std::string> all;
  for (auto& of_scope : names.of_scope) all.merge(of_scope);
  bool only_intrinsics = call.request.parameter("scope") == "intrinsic";
  if (only_intrinsics) all.insert(kIntrinsics.begin(), kIntrinsics.end());
  std::string body = "{\"tagNames\":";
  append_strings(body, all);
  body += ",\"metrics\":" + inspected_bytes_json(names.inspected_bytes) + "}";
  return net::Response::json(std::move(body));
}

Result<net::Response> tags_v2(const Call& call) {
  ASSIGN_OR_RETURN(Wanted wanted, wanted_scopes(call));
  ASSIGN_OR_RETURN(Names names, collect(call, wanted));
  std::string body = "{\"scopes\":[";
  bool first = true;
  auto add = [&](std::string_view name, const auto& tags) {
    if (!first) body.push_back(',');
    first = false;
    body += fmt::format("{{\"name\":\"{}\",\"tags\":", name);
    append_strings(body, tags);
    body.push_back('}');
  };
  for (Scope scope : kScopeOrder) {
    const auto& tags = names.of_scope[static_cast<size_t>(scope)];
    if (!tags.empty()) add(name_of(scope), tags);
  }
  if (wanted.intrinsics) add("intrinsic", kIntrinsics);
  body += "],\"metrics\":" + inspected_bytes_json(names.inspected_bytes) + "}";
  return net::Response::json(std::move(body));
}

}  // namespace clew::api
