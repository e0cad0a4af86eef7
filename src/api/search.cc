// Search: TraceQL in `q`, or the older `tags` with minDuration and maxDuration. Without start and end everything stored
// is searched (Tempo: the last quarter of an hour), since the newest come first anyway.
#include "traceql/search.h"

#include <fmt/format.h>

#include "api/endpoint.h"
#include "api/tag_query.h"
#include "traceql/query.h"
#include "traceql/search_json.h"

namespace clew::api {
namespace {

constexpr uint64_t kDefaultLimit = 20;
constexpr uint64_t kDefaultSpansPerSpanset = 3;

std::unexpected<Error> refused(const traceql::Diagnostic& diagnostic) {
  return invalid("invalid TraceQL query: " + diagnostic.message());
}

Result<std::string> query_text(const net::Request& request) {
  std::string q = request.parameter("q");
  std::string tags = request.parameter("tags");
  std::string min_duration = request.parameter("minDuration");
  std::string max_duration = request.parameter("maxDuration");
  if (q.empty()) {
    ASSIGN_OR_RETURN(std::string text, traceql_of_tags(tags, min_duration, max_duration));
    return text;
  }
  if (!tags.empty()) return invalid("invalid request: q and tags can't be specified together");
  if (!min_duration.empty() || !max_duration.empty()) {
    return invalid("invalid request: minDuration and maxDuration belong to tags; in q, write { traceDuration > 1s }");
  }
  return q;
}

Result<traceql::Query> checked_query(const net::Request& request) {
  ASSIGN_OR_RETURN(std::string text, query_text(request));
  auto query = traceql::parse(text);
  if (!query) return refused(query.error());
  // A metrics query is at the wrong address, whether it could be executed or not.
  if (auto diagnostic = traceql::check(*query, {.metrics = true})) return refused(*diagnostic);
  if (query->is_metrics()) {
    return invalid("invalid TraceQL query: a metrics query is not a search: its functions belong to /api/metrics");
  }
  if (auto diagnostic = traceql::check(*query)) return refused(*diagnostic);
  return std::move(*query);
}

}  // namespace

Result<net::Response> search(const Call& call) {
  traceql::SearchOptions options;
  ASSIGN_OR_RETURN(TimeRange range, time_range(call.request));
  options.start_ns = range.start_ns;
  options.end_ns = range.end_ns;
  ASSIGN_OR_RETURN(uint64_t limit, positive_parameter(call.request, "limit", kDefaultLimit, call.options.search_limit));
  ASSIGN_OR_RETURN(uint64_t spans, positive_parameter(call.request, "spss", kDefaultSpansPerSpanset,
                                                      call.options.spans_per_spanset_limit));
  options.limit = static_cast<uint32_t>(limit);
  options.spans_per_spanset = static_cast<uint32_t>(spans);
  ASSIGN_OR_RETURN(traceql::Query query, checked_query(call.request));

  auto snapshot = call.snapshot();
  ASSIGN_OR_RETURN(traceql::SearchAnswer answer, traceql::search(*snapshot, query, options));
  traceql::SearchCoverage coverage;
  for (const auto& unit : snapshot->units()) {
    ++coverage.units;
    coverage.stored_bytes += unit->stored_bytes();
  }
  return net::Response::json(search_json(answer, *call.budget, coverage));
}

}  // namespace clew::api
