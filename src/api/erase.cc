// Erasure of whole traces, named by id or by a TraceQL query that is run once over what is stored now:
//   POST /api/clew/admin/delete   {"ids":["0102…"]}  or  {"q":"{ … }","start":1700000000,"end":1700003600}
//   answers                       {"number":7,"traces":2}
// With "dryRun":true nothing is erased, and the answer names the traces: {"number":0,"traces":2,"ids":["0102…","…"]}.
// A trace matches as a whole when one of its spans does. More than `admin.delete_limit` traces are refused, never cut.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "api/endpoint.h"
#include "base/counters.h"
#include "base/json_text.h"
#include "traceql/query.h"
#include "traceql/search.h"

namespace clew::api {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

struct EraseRequest {
  std::vector<TraceId> ids;
  std::string q;
  TimeRange range;
  bool dry_run = false;
};

std::unexpected<Error> too_many(uint32_t limit) {
  counter("clew_api_limit_total", "Times a limit of the query API was reached", {{"limit", "delete_traces"}}).add();
  return fail(ErrorCode::resource_exhausted,
              fmt::format("these are more than {} traces (admin.delete_limit): name fewer, or a shorter time", limit));
}

Status read_ids(simdjson::dom::element from, std::vector<TraceId>& out) {
  simdjson::dom::array ids;
  if (from.get(ids)) return invalid("'ids' is a list of trace ids, 32 hex digits each");
  for (simdjson::dom::element element : ids) {
    std::string_view text;
    if (element.get(text)) return invalid("'ids' is a list of trace ids, 32 hex digits each");
    ASSIGN_OR_RETURN(TraceId id, TraceId::parse(text));
    out.push_back(id);
  }
  std::ranges::sort(out);
  auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return {};
}

Status read_time(simdjson::dom::element from, std::string_view name, uint64_t& out_ns) {
  uint64_t seconds = 0;
  constexpr uint64_t kMost = ~uint64_t{0} / kNsPerSecond;
  if (from.get(seconds) || seconds == 0 || seconds > kMost) {
    return invalid(fmt::format("'{}' is a time in whole seconds since 1970", name));
  }
  out_ns = seconds * kNsPerSecond;
  return {};
}

Result<EraseRequest> read_request(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object)) {
    return invalid(R"(the body is a JSON object: {"ids":["…"]}, or {"q":"{ … }"} with "start" and "end")");
  }
  EraseRequest out;
  bool has_ids = false;
  for (auto [name, value] : object) {
    if (name == "ids") {
      has_ids = true;
      TRY(read_ids(value, out.ids));
    } else if (name == "q") {
      std::string_view text;
      if (value.get(text) || text.empty()) return invalid("'q' is TraceQL");
      out.q = std::string(text);
    } else if (name == "start") {
      TRY(read_time(value, name, out.range.start_ns));
    } else if (name == "end") {
      TRY(read_time(value, name, out.range.end_ns));
    } else if (name == "dryRun") {
      if (value.get(out.dry_run)) return invalid("'dryRun' is true or false");
    } else {
      // What is overlooked here may have been meant to spare something.
      return invalid(fmt::format("'{}' is none of ids, q, start, end, dryRun", name));
    }
  }
  const bool has_range = out.range.start_ns != 0 || out.range.end_ns != 0;
  if (has_ids == !out.q.empty()) return invalid("name traces either by 'ids' or by 'q'");
  if (has_ids && has_range) return invalid("'start' and 'end' belong to 'q': 'ids' are whole traces");
  if (out.range.end_ns != 0 && out.range.start_ns >= out.range.end_ns) return invalid("'start' is before 'end'");
  return out;
}

Result<std::vector<TraceId>> matching(const Call& call, const EraseRequest& request) {
  auto refused = [](const traceql::Diagnostic& diagnostic) {
    return invalid("invalid TraceQL query: " + diagnostic.message());
  };
  auto query = traceql::parse(request.q);
  if (!query) return refused(query.error());
  if (auto diagnostic = traceql::check(*query, {.metrics = true})) return refused(*diagnostic);
  if (query->is_metrics()) return invalid("invalid TraceQL query: a metrics query names no traces");
  if (auto diagnostic = traceql::check(*query)) return refused(*diagnostic);
  traceql::SearchOptions options;
  options.start_ns = request.range.start_ns;
  options.end_ns = request.range.end_ns;
  options.limit = call.options.delete_limit + 1;
  options.spans_per_spanset = 1;
  ASSIGN_OR_RETURN(const traceql::SearchAnswer answer, traceql::search(*call.snapshot(), *query, options));
  if (answer.traces.size() > call.options.delete_limit) return too_many(call.options.delete_limit);
  std::vector<TraceId> out;
  for (const traceql::FoundTrace& trace : answer.traces) out.push_back(trace.id);
  std::ranges::sort(out);
  return out;
}

}  // namespace

Result<net::Response> erase(const Call& call) {
  StoreAdmin* const admin = call.options.admin;
  if (admin == nullptr) return fail(ErrorCode::unimplemented, "there is no store to ask here");
  ASSIGN_OR_RETURN(EraseRequest request, read_request(call.request.body));
  if (request.ids.size() > call.options.delete_limit) return too_many(call.options.delete_limit);
  if (!request.q.empty()) {
    ASSIGN_OR_RETURN(request.ids, matching(call, request));
  }
  if (request.dry_run) {
    std::string body = fmt::format("{{\"number\":0,\"traces\":{},\"ids\":[", request.ids.size());
    for (TraceId id : request.ids) {
      if (body.back() != '[') body.push_back(',');
      append_json_string(body, id.hex());
    }
    return net::Response::json(body + "]}");
  }
  if (request.ids.empty()) return net::Response::json("{\"number\":0,\"traces\":0}");
  ASSIGN_OR_RETURN(const Erased erased, admin->erase(call.tenant, request.ids));
  return net::Response::json(fmt::format("{{\"number\":{},\"traces\":{}}}", erased.number, erased.traces));
}

}  // namespace clew::api
