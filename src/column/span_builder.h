// Puts spans into a batch value by value: for decoders that have values rather than codes at hand (JSON, other formats,
// blocks) and for tests. The protobuf decoder works on codes directly.
//
//   SpanBuilder span(batch);
//   span.row().trace = …; span.row().resource = add_resource(vocabulary, …);
//   span.attribute("http.route", ValueView::of_string("/pay"));
//   span.begin_event(120, "retry"); span.attribute("attempt", ValueView::of_int(2));
//   span.finish();
//
// attribute() belongs to the event or link begun last, or to the span. One span after another; finish() starts anew.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "column/span_batch.h"

namespace clew {

struct AttributeView {
  std::string_view key;
  ValueView value;
};

uint32_t add_resource(Vocabulary& vocabulary, std::span<const AttributeView> attributes,
                      std::string_view schema_url = {}, uint32_t dropped = 0, std::string_view entity_refs = {});
uint32_t add_scope(Vocabulary& vocabulary, std::string_view name, std::string_view version,
                   std::span<const AttributeView> attributes = {}, std::string_view schema_url = {},
                   uint32_t dropped = 0);

class SpanBuilder {
 public:
  // Precondition: batch.vocabulary is set. The batch outlives the builder.
  explicit SpanBuilder(SpanBatch& batch) : batch_(batch) { reset(); }

  SpanRow& row() { return row_; }
  Envelope& envelope() { return envelope_; }
  void name(std::string_view name);
  void trace_state(std::string_view text);
  void status_message(std::string_view text);
  void attribute(std::string_view key, ValueView value);
  void begin_event(int64_t since_start_ns, std::string_view name, uint32_t dropped_attributes = 0);
  void begin_link(TraceId trace, SpanId span, std::string_view trace_state = {}, uint32_t flags = 0,
                  uint32_t dropped_attributes = 0);

  // Appends the span to the batch.
  void finish();

 private:
  // A record under construction: the keys of its shape, its head's words without them, and its values.
  struct Record {
    std::vector<uint32_t> head;
    std::vector<uint32_t> keys;
    std::vector<uint32_t> values;
  };
  void reset();
  void close_record();

  SpanBatch& batch_;
  SpanRow row_;
  Envelope envelope_;
  Record span_;
  Record nested_;
  enum class Open { span, event, link } open_ = Open::span;
  std::vector<uint32_t> events_, links_;
  uint32_t event_count_ = 0;
  uint32_t link_count_ = 0;
};

}  // namespace clew
