#include "cli/bench/bench_queries.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <fstream>

#include "base/mix.h"
#include "cli/found_traces.h"
#include "model/ids.h"

namespace clew::cli {
namespace {

constexpr size_t kSamples = 200;

BenchQuery search_of(std::string name, std::vector<std::string> queries, const QueryParameters& range) {
  BenchQuery out{std::move(name), {}, {}};
  for (std::string& query : queries) {
    QueryParameters parameters = range;
    parameters.emplace_back("q", std::move(query));
    out.paths.push_back("/api/search");
    out.parameters.push_back(std::move(parameters));
  }
  return out;
}

BenchQuery paths_of(std::string name, std::vector<std::string> paths) {
  BenchQuery out{std::move(name), std::move(paths), {}};
  out.parameters.resize(out.paths.size());
  return out;
}

Result<std::vector<std::string>> sample_ids(TempoSource& source, const QueryParameters& range) {
  QueryParameters parameters = range;
  parameters.emplace_back("q", "{}");
  parameters.emplace_back("limit", std::to_string(kSamples));
  ASSIGN_OR_RETURN(std::string body, source.get("/api/search", parameters, ""));
  ASSIGN_OR_RETURN(auto rows, parse_found_traces(body));
  if (rows.empty()) return fail(ErrorCode::not_found, source.where() + " has no traces: run clew bench ingest first");
  std::vector<std::string> out;
  for (const FoundTraceRow& row : rows) out.push_back("/api/traces/" + row.trace_id);
  return out;
}

std::vector<std::string> sample_uuids(TempoSource& source) {
  std::vector<std::string> out;
  auto body = source.get("/api/v2/search/tag/span.app.request.id/values", {{"limit", std::to_string(kSamples)}}, "");
  simdjson::dom::parser parser;
  simdjson::dom::array values;
  if (!body || parser.parse(*body)["tagValues"].get(values)) return out;
  for (simdjson::dom::element value : values) {
    std::string_view text;
    if (!value["value"].get(text)) out.push_back(fmt::format("{{ span.app.request.id = \"{}\" }}", text));
  }
  return out;
}

}  // namespace

Result<std::vector<BenchQuery>> builtin_queries(TempoSource& source, const QueryParameters& range) {
  ASSIGN_OR_RETURN(auto ids, sample_ids(source, range));
  std::vector<std::string> unknown;
  std::vector<std::string> absent;
  for (uint64_t i = 0; i < kSamples; ++i) {
    unknown.push_back("/api/v2/traces/" + TraceId{mix64(i, 1), mix64(i, 2)}.hex());
    absent.push_back(fmt::format("{{ span.app.request.id = \"{:016x}\" }}", mix64(i, 3)));
  }
  std::vector<BenchQuery> out;
  out.push_back(paths_of("trace by id", std::move(ids)));
  out.push_back(paths_of("unknown trace id", std::move(unknown)));
  if (auto uuids = sample_uuids(source); !uuids.empty())
    out.push_back(search_of("unique uuid", std::move(uuids), range));
  out.push_back(search_of("absent uuid", std::move(absent), range));
  const std::pair<const char*, const char*> kSearches[] = {
      {"common status code", "{ span.http.response.status_code = 200 }"},
      {"rare status code", "{ span.http.response.status_code = 504 }"},
      {"absent status code", "{ span.http.response.status_code = 599 }"},
      {"service and error", "{ resource.service.name = \"payment\" && status = error }"},
      {"regex, common", "{ span.url.full =~ \".*reviews.*\" }"},
      {"regex, none", "{ span.url.full =~ \".*[xyz]{9}.*\" }"},
      {"regex, none of 260k values", "{ span.network.peer.address =~ \".*[xyz]{9}.*\" }"},
      {"duration, rare", "{ duration > 300ms }"},
      {"duration, over 2s", "{ duration > 2s }"},
      {"duration, none", "{ duration > 10m }"},
      {"two spans", "{ span.http.response.status_code = 504 } && { span.db.operation.name = \"DELETE\" }"},
      // What the dictionaries have, but no span and no trace.
      {"two spans, none",
       "{ span.http.response.status_code = 504 && span.rpc.system = \"grpc\" } && { kind = server }"},
      {"structure",
       "{ resource.service.name = \"frontend\" } >> { resource.service.name = \"payment\" && status = error }"},
      {"structure, rare", "{ span.http.response.status_code = 504 } >> { span.http.response.status_code = 504 }"},
      {"structure, none", "{ status = error } >> { span.http.route = \"/healthz\" && span.rpc.system = \"grpc\" }"},
      {"structure, absent value", "{ kind = server } >> { span.db.system.name = \"none\" }"},
      {"whole traces", "{ status = error } | count() > 3"},
  };
  for (auto [name, query] : kSearches) out.push_back(search_of(name, {query}, range));
  out.push_back(paths_of("tag names", {"/api/v2/search/tags"}));
  out.push_back(paths_of("service names", {"/api/v2/search/tag/resource.service.name/values"}));
  return out;
}

Result<std::vector<BenchQuery>> queries_of_file(const std::string& path, const QueryParameters& range) {
  std::ifstream file(path);
  if (!file) return invalid(fmt::format("cannot read '{}'", path));
  std::vector<BenchQuery> out;
  std::string line;
  while (std::getline(file, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    size_t tab = line.find('\t');
    std::string query = tab == std::string::npos ? line : line.substr(tab + 1);
    std::string name = tab == std::string::npos ? line : line.substr(0, tab);
    BenchQuery asked = query.starts_with('/') ? paths_of(name, {query}) : search_of(name, {query}, range);
    if (out.empty() || out.back().name != name) {
      out.push_back(std::move(asked));
    } else {
      out.back().paths.push_back(std::move(asked.paths.front()));
      out.back().parameters.push_back(std::move(asked.parameters.front()));
    }
  }
  if (out.empty()) return invalid(fmt::format("'{}' holds no query", path));
  return out;
}

}  // namespace clew::cli
