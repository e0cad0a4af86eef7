#include "plain_spans.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/check.h"
#include "column/nested.h"
#include "column/recode.h"
#include "column/span_builder.h"
#include "column/table_unit.h"
#include "store/block/block.h"
#include "store/block/block_writer.h"
#include "store/block/memory_objects.h"

namespace clew::traceql::oracle {
namespace {

// Adds values while the texts they point to live.
class Values {
 public:
  ValueView view(const PlainValue& value) {
    switch (value.type) {
      case ValueType::string: return ValueView::of_string(value.text);
      case ValueType::bytes: return ValueView::of_bytes(value.text);
      case ValueType::boolean: return ValueView::of_bool(value.integer != 0);
      case ValueType::integer: return ValueView::of_int(value.integer);
      case ValueType::real: return ValueView::of_real(value.real);
      case ValueType::none: return {};
      default: break;
    }
    NestedBuilder nested;
    for (size_t i = 0; i < value.items.size(); ++i) {
      if (value.type == ValueType::kvlist) {
        nested.add("key" + std::to_string(i), view(value.items[i]));
      } else {
        nested.add(view(value.items[i]));
      }
    }
    kept_.push_back(std::make_unique<std::string>(nested.finish(value.type).text));
    return {value.type, 0, *kept_.back()};
  }
  std::vector<AttributeView> views(const PlainAttributes& attributes) {
    std::vector<AttributeView> out;
    for (const auto& [key, value] : attributes) out.push_back({key, view(value)});
    return out;
  }

 private:
  std::vector<std::unique_ptr<std::string>> kept_;
};

void add(SpanBuilder& builder, Vocabulary& vocabulary, const PlainSpan& span, uint64_t receive_ns) {
  Values values;
  SpanRow& row = builder.row();
  row.trace = span.trace;
  row.span = span.id;
  row.parent = span.parent;
  row.start_ns = span.start_ns;
  row.end_ns = span.end_ns;
  row.receive_ns = receive_ns;
  row.kind = span.kind;
  row.status = span.status;
  row.resource = add_resource(vocabulary, values.views(span.resource));
  row.scope = add_scope(vocabulary, span.library, span.library_version, values.views(span.library_attributes));
  builder.name(span.name);
  if (!span.status_message.empty()) builder.status_message(span.status_message);
  for (const auto& [key, value] : span.attributes) builder.attribute(key, values.view(value));
  for (const PlainEvent& event : span.events) {
    builder.begin_event(event.since_start_ns, event.name);
    for (const auto& [key, value] : event.attributes) builder.attribute(key, values.view(value));
  }
  for (const PlainLink& link : span.links) {
    builder.begin_link(link.trace, {link.span});
    for (const auto& [key, value] : link.attributes) builder.attribute(key, values.view(value));
  }
  builder.finish();
}

std::shared_ptr<SpanTable> table_of(const std::vector<PlainSpan>& spans, size_t part, uint32_t page_rows) {
  auto table = std::make_shared<SpanTable>(page_rows);
  SpanBatch batch;
  batch.vocabulary = &table->vocabulary;
  SpanBuilder builder(batch);
  for (const PlainSpan& span : spans) {
    if (span.part == part) add(builder, table->vocabulary, span, 1'000 + part);
  }
  for (const SpanRow& row : batch.rows) {
    table->append(row, std::span<const uint32_t>(batch.words).subspan(row.words, row.word_count));
  }
  table->publish();
  return table;
}

// A block and the store it is read from.
struct Sealed {
  store::MemoryObjects objects;
  std::shared_ptr<const Unit> unit;
};

std::string text_of(const PlainAttributes& attributes, std::string_view prefix) {
  std::string out;
  for (const auto& [key, value] : attributes) out += fmt::format(" {}{}={}", prefix, key, oracle::text_of(value));
  return out;
}

}  // namespace

std::string text_of(const PlainValue& value) {
  switch (value.type) {
    case ValueType::none: return "(nothing)";
    case ValueType::string: return fmt::format("\"{}\"", value.text);
    case ValueType::boolean: return value.integer != 0 ? "true" : "false";
    case ValueType::integer: return std::to_string(value.integer);
    case ValueType::real: return fmt::format("real {}", value.real);
    case ValueType::bytes: return "(bytes)";
    case ValueType::kvlist: return "(list of keys)";
    case ValueType::array: break;
  }
  std::string out = "[";
  for (const PlainValue& item : value.items) out += (out.size() > 1 ? "," : "") + text_of(item);
  return out + "]";
}

std::string text_of(const std::vector<PlainSpan>& spans) {
  std::string out;
  for (const PlainSpan& span : spans) {
    out += fmt::format("part {} trace {} span {:x} parent {:x} start {} duration {} name \"{}\" kind={} status={}",
                       span.part, span.trace.hex(), span.id, span.parent, span.start_ns,
                       static_cast<int64_t>(span.end_ns - span.start_ns), span.name, clew::name_of(span.kind),
                       clew::name_of(span.status));
    if (!span.status_message.empty()) out += fmt::format(" message=\"{}\"", span.status_message);
    out += text_of(span.attributes, "span.") + text_of(span.resource, "resource.");
    out += fmt::format(" library \"{}\" \"{}\"", span.library, span.library_version);
    out += text_of(span.library_attributes, "instrumentation.");
    for (const PlainEvent& event : span.events) {
      out += fmt::format(" event \"{}\" {}{}", event.name, event.since_start_ns, text_of(event.attributes, "event."));
    }
    for (const PlainLink& link : span.links) {
      out += fmt::format(" link {} {:x}{}", link.trace.hex(), link.span, text_of(link.attributes, "link."));
    }
    out += "\n";
  }
  return out;
}

std::shared_ptr<const Unit> unit_of(const std::vector<PlainSpan>& spans, size_t part, Form form, uint32_t page_rows) {
  std::set<TraceId> before;
  for (const PlainSpan& span : spans) {
    if (span.part < part) before.insert(span.trace);
  }
  std::vector<TraceId> listed;
  for (const PlainSpan& span : spans) {
    if (span.part == part && before.contains(span.trace)) listed.push_back(span.trace);
  }
  std::ranges::sort(listed);
  auto rest = std::ranges::unique(listed);
  listed.erase(rest.begin(), rest.end());
  auto table = table_of(spans, part, page_rows);
  std::string name = "part" + std::to_string(part);
  if (form == Form::live) return std::make_shared<TableUnit>(name, table, table->rows(), std::move(listed));
  auto sealed = std::make_shared<Sealed>();
  auto bytes = store::write_block(*table, table->rows(), listed, {page_rows, page_rows * 3}, nullptr);
  CHECK(bytes.has_value());
  CHECK(sealed->objects.put(name, *bytes).has_value());
  auto block = store::Block::open(sealed->objects, name);
  CHECK(block.has_value());
  sealed->unit = (*block)->unit(nullptr);
  return {sealed, sealed->unit.get()};
}

}  // namespace clew::traceql::oracle
