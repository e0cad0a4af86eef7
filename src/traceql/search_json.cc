#include "traceql/search_json.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "column/any_value_json.h"

namespace clew::traceql {
namespace {

constexpr std::string_view kRootMissing = "<root span not yet received>";
constexpr uint64_t kNsPerMs = 1'000'000;

// Writes one object; knows where commas belong and leaves out what is zero or empty.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_.push_back('{'); }
  ~Object() { out_.push_back('}'); }

  std::string& key(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    append_json_string(out_, name);
    out_.push_back(':');
    return out_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) append_json_string(key(name), value);
  }
  void number32(std::string_view name, uint64_t value) {
    if (value != 0) key(name) += std::to_string(value);
  }
  void number64(std::string_view name, uint64_t value) {
    if (value != 0) key(name) += fmt::format("\"{}\"", value);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <typename Items, typename Append>
void append_array(std::string& out, const Items& items, Append append) {
  out.push_back('[');
  bool first = true;
  for (const auto& item : items) {
    if (!first) out.push_back(',');
    first = false;
    append(item);
  }
  out.push_back(']');
}

void append_attributes(Object& object, const std::vector<FoundAttribute>& attributes, std::string& out) {
  if (attributes.empty()) return;
  object.key("attributes");
  append_array(out, attributes, [&](const FoundAttribute& attribute) {
    out += "{\"key\":";
    append_json_string(out, attribute.key);
    out += ",\"value\":";
    append_any_value(out, attribute.value.view());
    out.push_back('}');
  });
}

void append_spanset(std::string& out, const FoundSpanset& spanset) {
  Object object(out);
  object.key("spans");
  append_array(out, spanset.spans, [&](const FoundSpan& span) {
    Object one(out);
    one.text("spanID", span.id.hex());
    one.text("name", span.name);
    one.number64("startTimeUnixNano", span.start_ns);
    one.number64("durationNanos", span.duration_ns);
    append_attributes(one, span.attributes, out);
  });
  object.number32("matched", spanset.matched);
  append_attributes(object, spanset.attributes, out);
}

void append_trace(std::string& out, const FoundTrace& trace) {
  Object object(out);
  object.text("traceID", trace.id.hex());
  object.text("rootServiceName", trace.has_root ? std::string_view(trace.root_service) : kRootMissing);
  object.text("rootTraceName", trace.root_name);
  object.number64("startTimeUnixNano", trace.start_ns);
  object.number32("durationMs", trace.duration_ns / kNsPerMs);
  if (!trace.spansets.empty()) {
    object.key("spanSet");
    append_spanset(out, trace.spansets.front());
    object.key("spanSets");
    append_array(out, trace.spansets, [&](const FoundSpanset& spanset) { append_spanset(out, spanset); });
  }
  if (trace.services.empty()) return;
  object.key("serviceStats");
  Object services(out);
  for (const auto& [service, stats] : trace.services) {
    services.key(service);
    Object one(out);
    one.number32("spanCount", stats.span_count);
    one.number32("errorCount", stats.error_count);
  }
}

}  // namespace

std::string search_json(const SearchAnswer& answer, const ReadBudget& budget, const SearchCoverage& coverage) {
  std::string out;
  Object response(out);
  response.key("traces");
  append_array(out, answer.traces, [&](const FoundTrace& trace) { append_trace(out, trace); });
  response.key("metrics");
  Object metrics(out);
  metrics.number32("inspectedTraces", budget.inspected_traces);
  metrics.number64("inspectedBytes", budget.inspected_bytes);
  metrics.number32("totalBlocks", coverage.units);
  // One query is one job here.
  metrics.number32("completedJobs", 1);
  metrics.number32("totalJobs", 1);
  metrics.number64("totalBlockBytes", coverage.stored_bytes);
  metrics.number64("inspectedSpans", budget.inspected_spans);
  return out;
}

}  // namespace clew::traceql
