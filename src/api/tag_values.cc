#include "api/tag_values.h"

#include <fmt/format.h>

#include <optional>

#include "base/json_text.h"
#include "column/any_value_json.h"
#include "column/nested.h"
#include "model/span_words.h"
#include "traceql/attribute_values.h"
#include "traceql/query.h"

namespace clew::api {
namespace {

using traceql::Attribute;
using traceql::Intrinsic;

// Gathers values until the answer is full.
class Collector {
 public:
  Collector(uint64_t limit, uint64_t bytes) : limit_(limit), bytes_(bytes) {}

  bool full() const { return full_; }
  TagValues take() { return {std::move(values_), inspected_}; }

  void add(std::string_view type, std::string text) {
    size_t size = text.size();
    inspected_ += size;
    if (full_) return;
    if (!values_.emplace(type, std::move(text)).second) return;
    used_ += size;
    full_ = values_.size() >= limit_ || used_ >= bytes_;
  }

  void add(const ValueView& value) {
    switch (value.type) {
      case ValueType::string: add("string", std::string(value.text)); return;
      case ValueType::boolean: add("bool", value.as_bool() ? "true" : "false"); return;
      case ValueType::integer: add("int", std::to_string(value.as_int())); return;
      case ValueType::real: add("float", fmt::format("{}", value.as_real())); return;
      case ValueType::array:
        for (NestedReader reader(value); reader.next();) {
          if (reader.value().type != ValueType::array) add(reader.value());
        }
        return;
      // As in Tempo, these cannot be searched for.
      case ValueType::none:
      case ValueType::kvlist:
      case ValueType::bytes: return;
    }
  }

 private:
  const uint64_t limit_;
  const uint64_t bytes_;
  std::set<TypedText> values_;
  uint64_t used_ = 0;
  uint64_t inspected_ = 0;
  bool full_ = false;
};

constexpr uint32_t kEntriesPerCheck = 65536;

Status add_dictionary(const Call& call, const Unit& unit, ColumnId column, Collector& collector) {
  ASSIGN_OR_RETURN(uint32_t entries, unit.entries(column));
  for (uint32_t code = 0; code < entries && !collector.full(); ++code) {
    if (code % kEntriesPerCheck == 0) TRY(call.check_time());
    collector.add(unit.entry(column, code));
  }
  return {};
}

// Dictionaries of fixed text columns may be shared by several columns: only what a row of this one uses counts, and
// of that only the rows that `use` names.
template <typename Use>
Status add_used(const Call& call, const Unit& unit, ColumnId column, Use use, Collector& collector) {
  ASSIGN_OR_RETURN(uint32_t entries, unit.entries(column));
  std::vector<bool> seen(entries);
  std::vector<uint32_t> codes(unit.page_rows());
  for (uint32_t begin = 0; begin < unit.rows() && !collector.full(); begin += unit.page_rows()) {
    TRY(call.check_time());
    RowRange rows{begin, std::min(begin + unit.page_rows(), unit.rows())};
    TRY(call.budget->charge(rows.size() * sizeof(uint32_t)));
    TRY(unit.codes(column, rows, codes.data()));
    for (uint32_t i = 0; i < rows.size(); ++i) {
      uint32_t code = codes[i];
      if (code >= entries || seen[code] || !use(rows.begin + i)) continue;
      seen[code] = true;
      collector.add(unit.entry(column, code));
    }
  }
  return {};
}

Status add_roots(const Call& call, const Unit& unit, ColumnId column, Collector& collector) {
  ASSIGN_OR_RETURN(auto summaries, unit.summaries());
  std::vector<bool> is_root(unit.rows());
  for (const TraceSummary& summary : summaries) {
    if (summary.root_row < unit.rows()) is_root[summary.root_row] = true;
  }
  return add_used(call, unit, column, [&](uint32_t row) { return is_root[row]; }, collector);
}

Status add_intrinsic(const Call& call, const Unit& unit, Intrinsic intrinsic, Collector& collector) {
  auto every = [](uint32_t) { return true; };
  switch (intrinsic) {
    case Intrinsic::name: return add_dictionary(call, unit, kNameColumn, collector);
    case Intrinsic::event_name: return add_dictionary(call, unit, kEventNameColumn, collector);
    case Intrinsic::status_message: return add_used(call, unit, kStatusMessageColumn, every, collector);
    case Intrinsic::instrumentation_name: return add_used(call, unit, kScopeNameColumn, every, collector);
    case Intrinsic::instrumentation_version: return add_used(call, unit, kScopeVersionColumn, every, collector);
    case Intrinsic::root_name: return add_roots(call, unit, kNameColumn, collector);
    case Intrinsic::root_service: {
      ASSIGN_OR_RETURN(auto column, unit.attribute(Scope::resource, "service.name"));
      return column ? add_roots(call, unit, *column, collector) : Status{};
    }
    default: return {};
  }
}

Status add_attribute(const Call& call, const Unit& unit, const Attribute& tag, Collector& collector) {
  for (int i = 0; i < kScopes; ++i) {
    auto scope = static_cast<Scope>(i);
    if (tag.scope && *tag.scope != scope) continue;
    ASSIGN_OR_RETURN(auto column, unit.attribute(scope, tag.name));
    if (column) TRY(add_dictionary(call, unit, *column, collector));
  }
  return {};
}

void add_words(Intrinsic intrinsic, Collector& collector) {
  if (intrinsic == Intrinsic::status) {
    for (StatusCode code : {StatusCode::error, StatusCode::ok, StatusCode::unset}) {
      collector.add("keyword", std::string(name_of(code)));
    }
  }
  if (intrinsic == Intrinsic::kind) {
    for (SpanKind kind : {SpanKind::client, SpanKind::consumer, SpanKind::internal, SpanKind::producer,
                          SpanKind::server, SpanKind::unspecified}) {
      collector.add("keyword", std::string(name_of(kind)));
    }
  }
}

}  // namespace

Result<Attribute> parse_tag_name(std::string_view text) {
  auto refused = [&](std::string_view why) {
    return invalid(
        fmt::format("invalid tag name '{}': {} (for example .http.method, resource.service.name, name)", text, why));
  };
  auto query = traceql::parse(fmt::format("{{ {} }}", text));
  if (!query) return refused("it is not a TraceQL identifier");
  auto* expression = std::get_if<traceql::PipelineExpression>(&query->body);
  auto* pipeline = expression ? std::get_if<traceql::Pipeline>(&expression->node) : nullptr;
  if (pipeline == nullptr || pipeline->elements.size() != 1) return refused("it is more than an identifier");
  auto* spanset = std::get_if<traceql::SpansetExpression>(&pipeline->elements.front().node);
  auto* filter = spanset ? std::get_if<traceql::SpansetFilter>(&spanset->node) : nullptr;
  auto* tag = filter && filter->condition ? std::get_if<Attribute>(&filter->condition->node) : nullptr;
  if (tag == nullptr) return refused("it is more than an identifier");
  if (tag->of_parent || tag->intrinsic == Intrinsic::parent) return refused("attributes of parents are not supported");
  return std::move(*tag);
}

namespace {

bool has_values_to_offer(Intrinsic intrinsic) {
  switch (intrinsic) {
    case Intrinsic::none:
    case Intrinsic::name:
    case Intrinsic::status:
    case Intrinsic::kind:
    case Intrinsic::status_message:
    case Intrinsic::event_name:
    case Intrinsic::instrumentation_name:
    case Intrinsic::instrumentation_version:
    case Intrinsic::root_name:
    case Intrinsic::root_service: return true;
    default: return false;
  }
}

// The single filter that `q` is; anything else, also what is being typed, narrows nothing.
std::optional<traceql::Query> narrowing_query(const Call& call) {
  std::string text = call.request.parameter("q");
  if (text.empty()) return std::nullopt;
  auto query = traceql::parse(text);
  if (!query || traceql::check(*query)) return std::nullopt;
  const traceql::SpansetFilter* filter = traceql::only_filter(*query);
  if (filter == nullptr || !filter->condition) return std::nullopt;
  return std::move(*query);
}

Status add_narrowed(const Call& call, const traceql::Query& query, const Attribute& tag, TimeRange range,
                    traceql::ValuesOptions options, Collector& collector) {
  options.start_ns = range.start_ns;
  options.end_ns = range.end_ns;
  auto snapshot = call.snapshot();
  ASSIGN_OR_RETURN(auto found, traceql::attribute_values(*snapshot, query, tag, options));
  bool is_keyword = tag.intrinsic == Intrinsic::status || tag.intrinsic == Intrinsic::kind;
  for (const auto& [value, spans] : found.values) {
    if (is_keyword) {
      collector.add("keyword", value.text);
    } else {
      collector.add(value.view());
    }
  }
  return {};
}

}  // namespace

Result<TagValues> collect_tag_values(const Call& call, const Attribute& tag) {
  ASSIGN_OR_RETURN(TimeRange range, time_range(call.request));
  ASSIGN_OR_RETURN(uint64_t limit, positive_parameter(call.request, "limit", UINT32_MAX, UINT32_MAX));
  Collector collector(limit, call.options.tag_values_bytes);
  if (!has_values_to_offer(tag.intrinsic)) return collector.take();
  if (auto query = narrowing_query(call)) {
    TRY(add_narrowed(call, *query, tag, range, {.max_values = limit, .max_bytes = call.options.tag_values_bytes},
                     collector));
    return collector.take();
  }
  add_words(tag.intrinsic, collector);
  auto snapshot = call.snapshot();
  for (const auto& unit : snapshot->units()) {
    TRY(call.check_time());
    if (collector.full()) break;
    if (unit->rows() == 0 || !range.overlaps(*unit)) continue;
    if (tag.is_intrinsic()) {
      TRY(add_intrinsic(call, *unit, tag.intrinsic, collector));
    } else {
      TRY(add_attribute(call, *unit, tag, collector));
    }
  }
  return collector.take();
}

namespace {

// The texts of a v1 answer: values of any type, each once.
Result<TagValues> values_of_bare_name(const Call& call) {
  if (call.argument == "status.code") return collect_tag_values(call, Attribute{Intrinsic::status, false, {}, {}, {}});
  if (call.argument == "error") return TagValues{{{"string", "true"}}, 0};
  if (call.argument == "root.name") return collect_tag_values(call, Attribute{Intrinsic::root_name, false, {}, {}, {}});
  if (call.argument == "root.service.name") {
    return collect_tag_values(call, Attribute{Intrinsic::root_service, false, {}, {}, {}});
  }
  auto intrinsic = parse_tag_name(call.argument);
  if (intrinsic && intrinsic->is_intrinsic()) return collect_tag_values(call, *intrinsic);
  return collect_tag_values(call, Attribute{Intrinsic::none, false, {}, call.argument, {}});
}

}  // namespace

Result<net::Response> tag_values_v1(const Call& call) {
  ASSIGN_OR_RETURN(TagValues found, values_of_bare_name(call));
  std::set<std::string> texts;
  for (const auto& [type, text] : found.values) texts.insert(text);
  std::string body = "{\"tagValues\":[";
  for (bool first = true; const std::string& text : texts) {
    if (!first) body.push_back(',');
    first = false;
    append_json_string(body, text);
  }
  body += "],\"metrics\":" + inspected_bytes_json(found.inspected_bytes) + "}";
  return net::Response::json(std::move(body));
}

Result<net::Response> tag_values_v2(const Call& call) {
  ASSIGN_OR_RETURN(Attribute tag, parse_tag_name(call.argument));
  ASSIGN_OR_RETURN(TagValues found, collect_tag_values(call, tag));
  std::string body = "{\"tagValues\":[";
  for (bool first = true; const auto& [type, text] : found.values) {
    if (!first) body.push_back(',');
    first = false;
    body += fmt::format("{{\"type\":\"{}\",\"value\":", type);
    append_json_string(body, text);
    body.push_back('}');
  }
  body += "],\"metrics\":" + inspected_bytes_json(found.inspected_bytes) + "}";
  return net::Response::json(std::move(body));
}

}  // namespace clew::api
