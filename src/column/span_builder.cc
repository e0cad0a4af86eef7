#include "column/span_builder.h"

#include "column/nested_records.h"

namespace clew {
namespace {

void add_pairs(Vocabulary& vocabulary, Scope scope, std::span<const AttributeView> attributes,
               std::vector<uint32_t>& words) {
  for (const AttributeView& attribute : attributes) {
    uint32_t key = vocabulary.intern_key({scope, attribute.key});
    words.push_back(key);
    words.push_back(vocabulary.values(key).intern(attribute.value));
  }
}

}  // namespace

uint32_t add_resource(Vocabulary& vocabulary, std::span<const AttributeView> attributes, std::string_view schema_url,
                      uint32_t dropped, std::string_view entity_refs) {
  std::vector<uint32_t> words{vocabulary.text(schema_url), dropped, vocabulary.text(entity_refs)};
  add_pairs(vocabulary, Scope::resource, attributes, words);
  return vocabulary.resources.intern(words);
}

uint32_t add_scope(Vocabulary& vocabulary, std::string_view name, std::string_view version,
                   std::span<const AttributeView> attributes, std::string_view schema_url, uint32_t dropped) {
  std::vector<uint32_t> words{vocabulary.text(schema_url), dropped, vocabulary.text(name), vocabulary.text(version)};
  add_pairs(vocabulary, Scope::instrumentation, attributes, words);
  return vocabulary.scopes.intern(words);
}

void SpanBuilder::reset() {
  row_ = {};
  envelope_ = {};
  for (Record* record : {&span_, &nested_}) {
    record->head.clear();
    record->keys.clear();
    record->values.clear();
  }
  open_ = Open::span;
  events_.clear();
  links_.clear();
  event_count_ = 0;
  link_count_ = 0;
  row_.name = batch_.vocabulary->names.intern(ValueView::of_string(""));
}

void SpanBuilder::name(std::string_view name) {
  row_.name = batch_.vocabulary->names.intern(ValueView::of_string(name));
}
void SpanBuilder::trace_state(std::string_view text) {
  envelope_.trace_state = batch_.vocabulary->text(text);
}
void SpanBuilder::status_message(std::string_view text) {
  envelope_.status_message = batch_.vocabulary->text(text);
}

void SpanBuilder::attribute(std::string_view key, ValueView value) {
  Scope scope = open_ == Open::span ? Scope::span : open_ == Open::event ? Scope::event : Scope::link;
  Record& record = open_ == Open::span ? span_ : nested_;
  uint32_t code = batch_.vocabulary->intern_key({scope, key});
  record.keys.push_back(code);
  record.values.push_back(batch_.vocabulary->values(code).intern(value));
}

void SpanBuilder::begin_event(int64_t since_start_ns, std::string_view name, uint32_t dropped_attributes) {
  close_record();
  open_ = Open::event;
  EventRecord event{since_start_ns,
                    batch_.vocabulary->event_names.intern(ValueView::of_string(name)),
                    kEmptyShape,
                    dropped_attributes,
                    {}};
  append_event_head(nested_.head, event);
  ++event_count_;
}

void SpanBuilder::begin_link(TraceId trace, SpanId span, std::string_view trace_state, uint32_t flags,
                             uint32_t dropped_attributes) {
  close_record();
  open_ = Open::link;
  append_link_head(
      nested_.head,
      LinkRecord{trace, span, batch_.vocabulary->text(trace_state), flags, kEmptyShape, dropped_attributes, {}});
  ++link_count_;
}

void SpanBuilder::close_record() {
  if (open_ == Open::span) return;
  nested_.head[open_ == Open::event ? kEventShapeWord : kLinkShapeWord] =
      batch_.vocabulary->shapes.intern(nested_.keys);
  auto& out = open_ == Open::event ? events_ : links_;
  out.insert(out.end(), nested_.head.begin(), nested_.head.end());
  out.insert(out.end(), nested_.values.begin(), nested_.values.end());
  nested_.head.clear();
  nested_.keys.clear();
  nested_.values.clear();
}

void SpanBuilder::finish() {
  close_record();
  auto& words = batch_.words;
  row_.shape = batch_.vocabulary->shapes.intern(span_.keys);
  row_.envelope = batch_.vocabulary->envelopes.intern(envelope_.words());
  row_.words = static_cast<uint32_t>(words.size());
  words.insert(words.end(), span_.values.begin(), span_.values.end());
  if (event_count_ + link_count_ > 0) {
    row_.bits |= kHasNested;
    words.push_back(event_count_);
    words.insert(words.end(), events_.begin(), events_.end());
    words.push_back(link_count_);
    words.insert(words.end(), links_.begin(), links_.end());
  }
  if (row_.end_ns < row_.start_ns) row_.bits |= kEndBeforeStart;
  row_.word_count = static_cast<uint32_t>(words.size() - row_.words);
  batch_.rows.push_back(row_);
  reset();
}

}  // namespace clew
