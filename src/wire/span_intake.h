// Puts decoded spans into a batch as codes, by OTLP's rules and the limits, whatever encoding they came in. The
// decoders find the fields and code the attributes; everything that must be the same for protobuf and JSON is here.
//
//   begin_span(); attribute(…)…; end_record(shape);
//   begin_event(…); attribute(…)…; end_record(shape); …      events before links
//   begin_link(…); …
//   end_span(fields, name);
//
// A span whose ids are unusable leaves no trace in the batch but a rejection.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "column/nested_records.h"
#include "column/span_batch.h"
#include "wire/admission.h"
#include "wire/text_sketch.h"

namespace clew::wire {

// Stands for an id that could not be read; no usable id has its length.
inline constexpr char kNotHexText[] = "not hex";  // told by its address
inline constexpr std::string_view kNotHexId = kNotHexText;

// Ids are raw bytes of any length.
struct SpanFields {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view parent_span_id;
  std::string_view trace_state;
  std::string_view status_message;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  uint64_t kind = 0;
  uint64_t status = 0;
  uint32_t flags = 0;
  uint32_t dropped_attributes = 0;
  uint32_t dropped_events = 0;
  uint32_t dropped_links = 0;
};

struct LinkFields {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view trace_state;
  uint32_t flags = 0;
  uint32_t dropped_attributes = 0;
};

// The attributes of a resource or scope as words, (key, value) …
struct EntityFields {
  uint32_t dropped_attributes = 0;
  std::vector<uint32_t> pairs;
  std::string entity_refs;  // each with its length
  void clear() {
    dropped_attributes = 0;
    pairs.clear();
    entity_refs.clear();
  }
};

class SpanIntake {
 public:
  SpanIntake(const Limits& limits, Vocabulary& vocabulary) : admission(limits), vocabulary_(vocabulary) {}

  Admission admission;
  Vocabulary& vocabulary() { return vocabulary_; }

  void begin_request(SpanBatch& batch, uint64_t receive_ns, std::string_view body);

  // How many of these are within the limit; what is beyond is added to `dropped` and counted.
  size_t admit_attributes(size_t count, uint32_t& dropped);
  size_t admit_events(size_t count, uint32_t& dropped);
  size_t admit_links(size_t count, uint32_t& dropped);
  void drop_attribute(uint32_t& dropped) { add_dropped(dropped, 1); }

  // The word of an attribute's value. Values of a key of which hardly one repeats become the batch's own.
  uint32_t value_word(uint32_t key, ValueView value);
  // The word of a text that was met lately, as it came: nothing needs to be cut or repaired then. Else kNoCode.
  uint32_t recent_word(uint32_t key, std::string_view raw) {
    if (key >= keys_in_use_.size() || !keys_in_use_[key].recent) return kNoCode;
    KeyUse& use = keys_in_use_[key];
    uint32_t code = (*use.recent)[sketch_of(raw) % kRecentTexts];
    if (code == kNoCode || vocabulary_.values(key).at(code) != ValueView::of_string(raw)) return kNoCode;
    ++use.lookups;
    return code;
  }
  uint32_t text_code(std::string_view raw) { return raw.empty() ? kEmptyText : vocabulary_.text(admission.name(raw)); }
  // False when the references exceed their limit and are left out.
  bool add_entity_ref(EntityFields& entity, std::string_view encoded);

  void begin_span();
  void begin_event(uint64_t time_ns, uint64_t span_start_ns, uint32_t name);
  // False: the ids are unusable and the link is dropped, into `dropped`.
  bool begin_link(const LinkFields& fields, uint32_t& dropped);
  void attribute(uint32_t key, uint32_t value) {
    keys_.push_back(key);
    batch_->words.push_back(value);
  }
  // Room for the attributes of a record, of which close_attributes() keeps the first `taken`.
  struct Attributes {
    uint32_t* keys;
    uint32_t* words;
  };
  Attributes open_attributes(size_t count) {
    keys_.resize(count);
    batch_->words.resize(batch_->words.size() + count);
    return {keys_.data(), batch_->words.data() + batch_->words.size() - count};
  }
  void close_attributes(size_t taken) {
    batch_->words.resize(batch_->words.size() - (keys_.size() - taken));
    keys_.resize(taken);
  }
  std::span<const uint32_t> keys() const { return keys_; }
  // `dropped` matters for events and links; the span's is in its fields.
  void end_record(uint32_t shape, uint32_t dropped);

  // False when the span takes more room than any sender's span would: the request is to be refused.
  bool end_span(const SpanFields& fields, uint32_t name);

  size_t allocated_bytes() const;

  // The resource and the scope come after their spans: rows from `first_row` on get them.
  size_t rows() const { return batch_->rows.size(); }
  uint32_t resource_code(const EntityFields& entity, uint32_t schema_url);
  uint32_t scope_code(const EntityFields& entity, uint32_t schema_url, uint32_t name, uint32_t version);
  void set_resource(size_t first_row, uint32_t code, uint8_t bits);
  void set_scope(size_t first_row, uint32_t code, uint8_t bits);

 private:
  static void add_dropped(uint32_t& dropped, size_t count);
  size_t admit(size_t count, size_t limit, Counter& reached, uint32_t& dropped);
  void open_section();
  bool ids_are_usable(const SpanFields& fields);
  void reject(Counter& reason, std::string_view what, std::string_view id, std::string_view rule);
  uint32_t envelope_code(const SpanFields& fields);
  uint32_t own_value(ValueView value);

  Vocabulary& vocabulary_;
  SpanBatch* batch_ = nullptr;
  std::string_view body_;
  uint64_t receive_ns_ = 0;
  size_t words_limit_ = 0;

  // The span under construction: where its words begin, where its counts of events and links stand (0: not yet).
  enum class Section : uint8_t { attributes, events, links };
  Section section_ = Section::attributes;
  size_t first_word_ = 0;
  size_t count_at_ = 0;
  size_t shape_at_ = 0;
  uint32_t shape_ = 0;
  std::vector<uint32_t> keys_;

  // The last of each: senders repeat themselves.
  Envelope::Words envelope_words_{};
  uint32_t envelope_ = kNoCode;
  static constexpr size_t kRecentTexts = 256;
  using RecentTexts = std::array<uint32_t, kRecentTexts>;  // codes, by sketch
  struct KeyUse {
    uint64_t lookups = 0;  // of values
    bool has_own_values = false;
    std::unique_ptr<RecentTexts> recent;  // of a key that is looked up often
  };
  std::vector<KeyUse> keys_in_use_;  // by key
};

}  // namespace clew::wire
