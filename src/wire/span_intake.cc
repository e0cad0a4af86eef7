#include "wire/span_intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "base/bytes.h"
#include "wire/wire_counters.h"

namespace clew::wire {
namespace {

// A dictionary of this size of which every second look-up was new has values that hardly come back.
constexpr uint32_t kOwnFromEntries = 4096;
// A key whose values were looked up this often is worth a table of its recent texts.
constexpr uint32_t kRecentFromLookups = 256;

bool has_length(std::string_view id, size_t length) {
  return id.size() == length;
}
bool is_all_zero(std::string_view id) {
  return std::ranges::all_of(id, [](char c) { return c == 0; });
}

// OTLP's enums are open; what no byte can hold is unknown to everybody.
uint8_t small_enum(uint64_t number) {
  return number > 0xff ? 0 : static_cast<uint8_t>(number);
}

}  // namespace

void SpanIntake::begin_request(SpanBatch& batch, uint64_t receive_ns, std::string_view body) {
  batch.vocabulary = &vocabulary_;
  batch.clear();
  batch_ = &batch;
  receive_ns_ = receive_ns;
  body_ = body;
  // Real spans take a word per four bytes or less; see end_span().
  words_limit_ = body.size() + 1024;
  admission.take_bits();
}

void SpanIntake::add_dropped(uint32_t& dropped, size_t count) {
  uint64_t sum = uint64_t{dropped} + count;
  dropped = static_cast<uint32_t>(std::min<uint64_t>(sum, std::numeric_limits<uint32_t>::max()));
}

size_t SpanIntake::admit(size_t count, size_t limit, Counter& reached, uint32_t& dropped) {
  if (count <= limit) return count;
  reached.add();
  admission.note_incident();
  add_dropped(dropped, count - limit);
  return limit;
}
size_t SpanIntake::admit_attributes(size_t count, uint32_t& dropped) {
  return admit(count, admission.limits().attributes_per_span, wire_counters().attributes_per_span, dropped);
}
size_t SpanIntake::admit_events(size_t count, uint32_t& dropped) {
  return admit(count, admission.limits().events_per_span, wire_counters().events_per_span, dropped);
}
size_t SpanIntake::admit_links(size_t count, uint32_t& dropped) {
  return admit(count, admission.limits().links_per_span, wire_counters().links_per_span, dropped);
}

uint32_t SpanIntake::value_word(uint32_t key, ValueView value) {
  if (key >= keys_in_use_.size()) keys_in_use_.resize(std::max<size_t>(key + 1, keys_in_use_.size() * 2));
  KeyUse& use = keys_in_use_[key];
  if (use.has_own_values) return own_value(value);
  ValueDictionary& values = vocabulary_.values(key);
  ++use.lookups;
  if (values.size() >= kOwnFromEntries && values.size() > use.lookups / 2) {
    Scope scope = vocabulary_.key_at(key).scope;
    // Resources and scopes are interned by the codes of their values.
    use.has_own_values = scope != Scope::resource && scope != Scope::instrumentation;
    if (use.has_own_values) {
      use.recent.reset();
      return own_value(value);
    }
  }
  uint32_t code = values.intern(value);
  if (value.type == ValueType::string && use.lookups >= kRecentFromLookups) {
    if (!use.recent) {
      use.recent = std::make_unique<RecentTexts>();
      use.recent->fill(kNoCode);
    }
    (*use.recent)[sketch_of(value.text) % kRecentTexts] = code;
  }
  return code;
}

size_t SpanIntake::allocated_bytes() const {
  size_t total = keys_in_use_.capacity() * sizeof(KeyUse);
  for (const KeyUse& use : keys_in_use_) total += use.recent ? sizeof(RecentTexts) : 0;
  return total;
}

uint32_t SpanIntake::own_value(ValueView value) {
  std::less<const char*> before;
  bool is_in_body = !before(value.text.data(), body_.data()) && before(value.text.data(), body_.data() + body_.size());
  if (!value.text.empty() && !is_in_body) value.text = batch_->kept.emplace_back(value.text);
  batch_->own_values.push_back(value);
  return kOwnValue | static_cast<uint32_t>(batch_->own_values.size() - 1);
}

bool SpanIntake::add_entity_ref(EntityFields& entity, std::string_view encoded) {
  if (entity.entity_refs.size() + encoded.size() > admission.limits().value_bytes) {
    wire_counters().entity_ref_bytes.add();
    admission.note_incident();
    return false;
  }
  ByteWriter(entity.entity_refs).sized(encoded);
  return true;
}

void SpanIntake::begin_span() {
  section_ = Section::attributes;
  first_word_ = batch_->words.size();
  keys_.clear();
  admission.forget_kept();
}

void SpanIntake::begin_event(uint64_t time_ns, uint64_t span_start_ns, uint32_t name) {
  open_section();
  ++batch_->words[count_at_];
  EventRecord event{static_cast<int64_t>(time_ns - span_start_ns), name, 0, 0, {}};
  append_event_head(batch_->words, event);
  shape_at_ = batch_->words.size() - 2;
  keys_.clear();
}

bool SpanIntake::begin_link(const LinkFields& fields, uint32_t& dropped) {
  bool usable = (fields.trace_id.empty() || has_length(fields.trace_id, 16)) &&
                (fields.span_id.empty() || has_length(fields.span_id, 8));
  if (!usable) {
    wire_counters().dropped_links.add();
    add_dropped(dropped, 1);
    return false;
  }
  if (section_ != Section::links) {
    open_section();
    if (section_ != Section::links) {
      section_ = Section::links;
      count_at_ = batch_->words.size();
      batch_->words.push_back(0);
    }
  }
  ++batch_->words[count_at_];
  LinkRecord link;
  if (!fields.trace_id.empty()) link.trace = TraceId::from_bytes(fields.trace_id.data());
  if (!fields.span_id.empty()) link.span = SpanId::from_bytes(fields.span_id.data());
  link.trace_state = text_code(fields.trace_state);
  link.flags = fields.flags;
  append_link_head(batch_->words, link);
  shape_at_ = batch_->words.size() - 2;
  keys_.clear();
  return true;
}

void SpanIntake::open_section() {
  if (section_ != Section::attributes) return;
  section_ = Section::events;
  count_at_ = batch_->words.size();
  batch_->words.push_back(0);
}

void SpanIntake::end_record(uint32_t shape, uint32_t dropped) {
  if (section_ == Section::attributes) {
    shape_ = shape;
    return;
  }
  batch_->words[shape_at_] = shape;
  batch_->words[shape_at_ + 1] = dropped;
}

void SpanIntake::reject(Counter& reason, std::string_view what, std::string_view id, std::string_view rule) {
  reason.add();
  if (batch_->rejected.spans++ > 0) return;
  if (id.data() == kNotHexId.data()) {
    batch_->rejected.reason = fmt::format("a span whose {} is not hexadecimal: {}", what, rule);
    return;
  }
  batch_->rejected.reason = id.empty()        ? fmt::format("a span without {}: {}", what, rule)
                            : is_all_zero(id) ? fmt::format("a span whose {} is all zero: {}", what, rule)
                                              : fmt::format("a span with a {} of {} bytes: {}", what, id.size(), rule);
}

bool SpanIntake::ids_are_usable(const SpanFields& fields) {
  WireCounters& counters = wire_counters();
  if (!has_length(fields.trace_id, 16) || is_all_zero(fields.trace_id)) {
    reject(counters.bad_trace_id, "trace id", fields.trace_id, "it must be 16 bytes that are not all zero");
    return false;
  }
  if (!has_length(fields.span_id, 8) || is_all_zero(fields.span_id)) {
    reject(counters.bad_span_id, "span id", fields.span_id, "it must be 8 bytes that are not all zero");
    return false;
  }
  if (!fields.parent_span_id.empty() && !has_length(fields.parent_span_id, 8)) {
    reject(counters.bad_parent_id, "parent span id", fields.parent_span_id, "it must be empty or 8 bytes");
    return false;
  }
  return true;
}

uint32_t SpanIntake::envelope_code(const SpanFields& fields) {
  Envelope envelope;
  envelope.trace_state = text_code(fields.trace_state);
  envelope.flags = fields.flags;
  envelope.dropped_attributes = fields.dropped_attributes;
  envelope.dropped_events = fields.dropped_events;
  envelope.dropped_links = fields.dropped_links;
  envelope.status_message = text_code(fields.status_message);
  Envelope::Words words = envelope.words();
  if (envelope_ == kNoCode || words != envelope_words_) {
    envelope_words_ = words;
    envelope_ = vocabulary_.envelopes.intern(words);
  }
  return envelope_;
}

bool SpanIntake::end_span(const SpanFields& fields, uint32_t name) {
  auto& words = batch_->words;
  if (!ids_are_usable(fields)) [[unlikely]] {
    words.resize(first_word_);
    admission.take_bits();
    return true;
  }
  if (section_ == Section::events) words.push_back(0);
  SpanRow& row = batch_->rows.emplace_back();
  row.trace = TraceId::from_bytes(fields.trace_id.data());
  row.span = SpanId::from_bytes(fields.span_id.data()).value;
  if (!fields.parent_span_id.empty()) row.parent = SpanId::from_bytes(fields.parent_span_id.data()).value;
  row.start_ns = fields.start_ns;
  row.end_ns = fields.end_ns;
  row.receive_ns = receive_ns_;
  row.name = name;
  row.shape = shape_;
  row.envelope = envelope_code(fields);
  row.words = static_cast<uint32_t>(first_word_);
  row.word_count = static_cast<uint32_t>(words.size() - first_word_);
  row.kind = static_cast<SpanKind>(small_enum(fields.kind));
  row.status = static_cast<StatusCode>(small_enum(fields.status));
  row.bits = admission.take_bits();
  if (section_ != Section::attributes) row.bits |= kHasNested;
  if (row.end_ns < row.start_ns) row.bits |= kEndBeforeStart;
  return words.size() <= words_limit_;
}

uint32_t SpanIntake::resource_code(const EntityFields& entity, uint32_t schema_url) {
  std::vector<uint32_t> words{schema_url, entity.dropped_attributes, vocabulary_.text(entity.entity_refs)};
  words.insert(words.end(), entity.pairs.begin(), entity.pairs.end());
  return vocabulary_.resources.intern(words);
}

uint32_t SpanIntake::scope_code(const EntityFields& entity, uint32_t schema_url, uint32_t name, uint32_t version) {
  std::vector<uint32_t> words{schema_url, entity.dropped_attributes, name, version};
  words.insert(words.end(), entity.pairs.begin(), entity.pairs.end());
  return vocabulary_.scopes.intern(words);
}

void SpanIntake::set_resource(size_t first_row, uint32_t code, uint8_t bits) {
  for (size_t i = first_row; i < batch_->rows.size(); ++i) {
    batch_->rows[i].resource = code;
    batch_->rows[i].bits |= bits;
  }
}

void SpanIntake::set_scope(size_t first_row, uint32_t code, uint8_t bits) {
  for (size_t i = first_row; i < batch_->rows.size(); ++i) {
    batch_->rows[i].scope = code;
    batch_->rows[i].bits |= bits;
  }
}

}  // namespace clew::wire
