#include "traceql/found.h"

#include "column/nested.h"
#include "traceql/names.h"
#include "traceql/spansets.h"
#include "traceql/trace_spans.h"

namespace clew::traceql {
namespace {

FoundValue text_value(std::string_view text) {
  return FoundValue::of(ValueView::of_string(text));
}

// Shown elsewhere in the answer, so not repeated as attributes.
bool is_shown_apart(Intrinsic intrinsic) {
  switch (intrinsic) {
    case Intrinsic::name:
    case Intrinsic::duration:
    case Intrinsic::trace_duration:
    case Intrinsic::root_name:
    case Intrinsic::root_service:
    case Intrinsic::trace_id:
    case Intrinsic::span_id: return true;
    default: return false;
  }
}

Result<FoundSpan> found_span(const TraceSpans& trace, size_t index) {
  ASSIGN_OR_RETURN(uint64_t id, trace.span_id(index));
  ASSIGN_OR_RETURN(uint64_t start_ns, trace.start_ns(index));
  ASSIGN_OR_RETURN(uint64_t duration_ns, trace.duration_ns(index));
  FoundSpan out{{id}, {}, start_ns, duration_ns, {}};
  UnitFields& fields = trace.fields();
  const auto& attributes = fields.program().attributes();
  for (size_t slot = 0; slot < attributes.size(); ++slot) {
    const Attribute& attribute = *attributes[slot];
    if (attribute.intrinsic == Intrinsic::name) {
      ASSIGN_OR_RETURN(out.name, trace.name_of(index));
    }
    if (is_shown_apart(attribute.intrinsic)) continue;
    ASSIGN_OR_RETURN(FieldValue value, fields.value(slot, trace.row(index), trace, index));
    if (value.is_nil()) continue;
    std::string key = attribute.is_intrinsic() ? std::string(canonical_name(attribute.intrinsic)) : attribute.name;
    out.attributes.push_back({std::move(key), found_value(value)});
  }
  return out;
}

Status count_services(const TraceSpans& trace, FoundTrace& out) {
  for (size_t i = 0; i < trace.size(); ++i) {
    ASSIGN_OR_RETURN(std::string service, trace.service_of(i));
    ServiceStats& stats = out.services[service];
    ++stats.span_count;
    ASSIGN_OR_RETURN(int64_t status, trace.fields().number_at(NumberColumn::status, trace.row(i)));
    if (status == static_cast<int64_t>(StatusCode::error)) ++stats.error_count;
  }
  return {};
}

}  // namespace

FoundValue found_value(const FieldValue& value) {
  if (value.is_many) {
    NestedBuilder items;
    for (const FieldValue& item : value.items) {
      FoundValue found = found_value(item);
      items.add(found.view());
    }
    return FoundValue::of(items.finish(ValueType::array));
  }
  switch (value.type) {
    case Type::string: return text_value(value.text);
    case Type::integer: return FoundValue::of(ValueView::of_int(value.integer));
    case Type::real: return FoundValue::of(ValueView::of_real(value.real));
    case Type::boolean: return FoundValue::of(ValueView::of_bool(value.integer != 0));
    case Type::duration: return text_value(go_duration(value.integer));
    case Type::status: return text_value(clew::name_of(static_cast<StatusCode>(value.integer)));
    case Type::kind: return text_value(clew::name_of(static_cast<SpanKind>(value.integer)));
    case Type::nil:
    case Type::any: return text_value("nil");
  }
  return text_value("nil");
}

Result<FoundTrace> found_trace(const TraceSpans& trace, const std::vector<Spanset>& spansets,
                               const SearchOptions& options) {
  FoundTrace out;
  out.id = trace.id();
  ASSIGN_OR_RETURN(auto root_service, trace.root_service());
  ASSIGN_OR_RETURN(auto root_name, trace.root_name());
  out.root_service = std::move(root_service).value_or("");
  out.root_name = std::move(root_name).value_or("");
  out.has_root = trace.summary().root_row != kNoRow;
  out.start_ns = trace.summary().start_ns;
  out.duration_ns = trace.summary().end_ns - trace.summary().start_ns;
  TRY(count_services(trace, out));
  for (const Spanset& spanset : spansets) {
    FoundSpanset found;
    found.matched = static_cast<uint32_t>(spanset.spans.size());
    found.attributes = spanset.attributes;
    for (uint32_t span : spanset.spans) {
      if (found.spans.size() >= options.spans_per_spanset) break;
      ASSIGN_OR_RETURN(FoundSpan shown, found_span(trace, span));
      found.spans.push_back(std::move(shown));
    }
    out.spansets.push_back(std::move(found));
  }
  return out;
}

}  // namespace clew::traceql
