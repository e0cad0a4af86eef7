#include "traceql/unit_fields.h"

#include "traceql/trace_spans.h"

namespace clew::traceql {
namespace {

FieldValue many_of(std::vector<FieldValue> items) {
  FieldValue many;
  many.is_many = true;
  if (!items.empty()) many.type = items.front().type;
  many.items = std::move(items);
  return many;
}

}  // namespace

Result<std::unique_ptr<UnitFields>> UnitFields::make(const Unit& unit, const Program& program,
                                                     RegexVerdicts& verdicts) {
  auto fields = std::unique_ptr<UnitFields>(new UnitFields(unit, program, verdicts));
  for (const Attribute* attribute : program.attributes()) {
    Slot slot;
    slot.attribute = attribute;
    TRY(fields->resolve(slot));
    fields->slots_.push_back(std::move(slot));
  }
  return fields;
}

Status UnitFields::add_attribute(Slot& slot, Scope scope, std::string_view name) {
  ASSIGN_OR_RETURN(auto id, unit_.attribute(scope, name));
  if (id) add_column(slot, *id);
  return {};
}

Status UnitFields::resolve(Slot& slot) {
  const Attribute& attribute = *slot.attribute;
  auto number = [&](NumberColumn column) {
    slot.source = Source::number;
    slot.number = column;
  };
  switch (attribute.intrinsic) {
    case Intrinsic::none: break;
    case Intrinsic::name: add_column(slot, kNameColumn); return {};
    case Intrinsic::status_message: add_column(slot, kStatusMessageColumn); return {};
    case Intrinsic::event_name: add_column(slot, kEventNameColumn); return {};
    case Intrinsic::instrumentation_name: add_column(slot, kScopeNameColumn); return {};
    case Intrinsic::instrumentation_version: add_column(slot, kScopeVersionColumn); return {};
    case Intrinsic::duration: number(NumberColumn::duration_ns); return {};
    case Intrinsic::status: number(NumberColumn::status); return {};
    case Intrinsic::kind: number(NumberColumn::kind); return {};
    case Intrinsic::span_id:
    case Intrinsic::parent_id:
    case Intrinsic::trace_id: slot.source = Source::ids; return {};
    case Intrinsic::event_time_since_start:
    case Intrinsic::link_trace_id:
    case Intrinsic::link_span_id: slot.source = Source::nested; return {};
    default: slot.source = Source::of_trace; return {};
  }
  if (attribute.scope) return add_attribute(slot, *attribute.scope, attribute.name);
  for (Scope scope : {Scope::span, Scope::resource, Scope::event, Scope::link, Scope::instrumentation}) {
    TRY(add_attribute(slot, scope, attribute.name));
  }
  return {};
}

ReadCells<uint32_t>& UnitFields::codes_of(ColumnId id) {
  for (ColumnCodes& known : codes_of_columns_) {
    if (known.id == id) return known.cells;
  }
  return codes_of_columns_.emplace_back(ColumnCodes{id, {}}).cells;
}

Result<uint32_t> UnitFields::code_at(const Column& column, uint32_t row) {
  return codes_of(column.id).at(unit_, row,
                                [&](RowRange rows, uint32_t* out) { return unit_.codes(column.id, rows, out); });
}

Result<int64_t> UnitFields::number_at(NumberColumn column, uint32_t row) {
  return numbers_[static_cast<size_t>(column)].at(
      unit_, row, [&](RowRange rows, int64_t* out) { return unit_.numbers(column, rows, out); });
}

Result<uint64_t> UnitFields::span_id_at(uint32_t row) {
  return span_ids_.at(unit_, row, [&](RowRange rows, uint64_t* out) { return unit_.span_ids(rows, out); });
}

Result<FieldValue> UnitFields::value(size_t index, uint32_t row, const TraceSpans& trace, size_t span) {
  Slot& slot = slots_[index];
  switch (slot.source) {
    case Source::columns: return from_columns(slot, row);
    case Source::ids: return from_ids(slot, row, trace);
    case Source::nested: return from_nested(slot, row);
    case Source::of_trace: return trace.value(slot.attribute->intrinsic, span);
    case Source::number: break;
  }
  ASSIGN_OR_RETURN(int64_t number, number_at(slot.number, row));
  if (slot.number == NumberColumn::duration_ns) return FieldValue::of_duration(number);
  if (slot.number == NumberColumn::status) return FieldValue::of(static_cast<StatusCode>(number));
  return FieldValue::of(static_cast<SpanKind>(number));
}

Result<FieldValue> UnitFields::from_columns(Slot& slot, uint32_t row) {
  for (const Column& column : slot.columns) {
    if (!column.is_multi) {
      ASSIGN_OR_RETURN(uint32_t code, code_at(column, row));
      if (code == kNoCode) continue;
      ASSIGN_OR_RETURN(ValueView value, unit_.value(column.id, code));
      return FieldValue::of(value);
    }
    TRY(unit_.multi_codes(column.id, {row, row + 1}, begins_, codes_));
    if (codes_.empty()) continue;
    std::vector<FieldValue> items;
    for (uint32_t code : codes_) {
      ASSIGN_OR_RETURN(ValueView value, unit_.value(column.id, code));
      FieldValue item = FieldValue::of(value);
      if (item.is_many) {
        std::move(item.items.begin(), item.items.end(), std::back_inserter(items));
      } else {
        items.push_back(std::move(item));
      }
    }
    if (items.size() == 1) return std::move(items.front());
    return many_of(std::move(items));
  }
  return FieldValue{};
}

Result<FieldValue> UnitFields::from_ids(Slot& slot, uint32_t row, const TraceSpans& trace) {
  if (slot.attribute->intrinsic == Intrinsic::trace_id) {
    slot.text = trace.id().hex();
    return FieldValue::of_text(slot.text);
  }
  uint64_t id = 0;
  if (slot.attribute->intrinsic == Intrinsic::span_id) {
    TRY(unit_.span_ids({row, row + 1}, &id));
  } else {
    TRY(unit_.parent_ids({row, row + 1}, &id));
    if (id == 0) return FieldValue{};
  }
  slot.text = SpanId{id}.hex();
  return FieldValue::of_text(slot.text);
}

Result<FieldValue> UnitFields::from_nested(Slot& slot, uint32_t row) {
  std::vector<int64_t> numbers;
  std::vector<FieldValue> items;
  slot.texts.clear();
  switch (slot.attribute->intrinsic) {
    case Intrinsic::event_time_since_start:
      TRY(unit_.nested_numbers(NestedNumber::event_since_start_ns, {row, row + 1}, begins_, numbers));
      for (int64_t ns : numbers) items.push_back(FieldValue::of_duration(ns));
      break;
    case Intrinsic::link_span_id:
      TRY(unit_.nested_numbers(NestedNumber::link_span, {row, row + 1}, begins_, numbers));
      for (int64_t id : numbers) slot.texts.push_back(SpanId{static_cast<uint64_t>(id)}.hex());
      break;
    default: {
      std::vector<int64_t> low;
      TRY(unit_.nested_numbers(NestedNumber::link_trace_hi, {row, row + 1}, begins_, numbers));
      TRY(unit_.nested_numbers(NestedNumber::link_trace_lo, {row, row + 1}, begins_, low));
      for (size_t i = 0; i < numbers.size(); ++i) {
        slot.texts.push_back(TraceId{static_cast<uint64_t>(numbers[i]), static_cast<uint64_t>(low[i])}.hex());
      }
    }
  }
  for (const std::string& text : slot.texts) items.push_back(FieldValue::of_text(text));
  if (items.empty()) return FieldValue{};
  if (items.size() == 1) return std::move(items.front());
  return many_of(std::move(items));
}

}  // namespace clew::traceql
