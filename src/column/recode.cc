#include "column/recode.h"

#include "base/check.h"
#include "column/nested_records.h"

namespace clew {
namespace {

// Look-ups under way at the same time: more than memory can serve at once, few enough for their lines to stay near.
constexpr size_t kTogether = 32;

// Values of a dictionary that were looked up before it is judged, and the most in one hundred of them that may have
// been there: ids pass, ports and addresses, which come back in the end, do not.
constexpr uint32_t kPlainFromValues = 16384;
constexpr uint32_t kPlainRepeatsPercent = 1;

// table[code], growing the table when a code is met for the first time.
uint32_t& slot(std::vector<uint32_t>& table, uint32_t code) {
  if (code >= table.size()) table.resize(std::max<size_t>(code + 1, table.size() * 2), kNoCode);
  return table[code];
}

uint32_t through(std::vector<uint32_t>& table, uint32_t code, const ValueDictionary& from, ValueDictionary& to) {
  uint32_t& known = slot(table, code);
  if (known == kNoCode) known = to.is_plain() ? to.append(from.at(code)) : to.intern(from.at(code));
  return known;
}

}  // namespace

uint32_t Recoder::name(uint32_t code) {
  return through(names_, code, from_.names, to_.names);
}
uint32_t Recoder::event_name(uint32_t code) {
  return through(event_names_, code, from_.event_names, to_.event_names);
}
uint32_t Recoder::text(uint32_t code) {
  return through(texts_, code, from_.texts, to_.texts);
}

uint32_t Recoder::key(uint32_t code) {
  if (code >= keys_.size()) keys_.resize(std::max<size_t>(code + 1, keys_.size() * 2));
  uint32_t& known = keys_[code].to_key;
  if (known == kNoCode) known = to_.intern_key(from_.key_at(code));
  return known;
}

uint32_t Recoder::new_value(KeyTable& table, uint32_t key_code, uint32_t code) {
  return through(table.values, code, from_.values(key_code), to_.values(table.to_key));
}

uint32_t Recoder::value(uint32_t key_code, uint32_t code) {
  key(key_code);
  return new_value(keys_[key_code], key_code, code);
}

const Recoder::Shape& Recoder::shape(uint32_t code) {
  if (code >= shapes_.size()) shapes_.resize(std::max<size_t>(code + 1, shapes_.size() * 2));
  Shape& table = shapes_[code];
  if (table.to == kNoCode) {
    auto keys = from_.shapes.at(code);
    table.keys.assign(keys.begin(), keys.end());
    std::vector<uint32_t> to_keys;
    for (uint32_t k : table.keys) to_keys.push_back(key(k));
    table.to = to_.shapes.intern(to_keys);
  }
  return table;
}

void Recoder::values(const Shape& shape, const uint32_t* in, uint32_t* out) {
  for (size_t i = 0; i < shape.keys.size(); ++i) {
    uint32_t key_code = shape.keys[i];
    KeyTable& table = keys_[key_code];
    uint32_t code = in[i];
    uint32_t known = code < table.values.size() ? table.values[code] : kNoCode;
    out[i] = known != kNoCode ? known : new_value(table, key_code, code);
  }
}

void Recoder::append_values(const Shape& shape, std::span<const uint32_t> in, std::vector<uint32_t>& words) {
  size_t at = words.size();
  words.resize(at + shape.keys.size());
  values(shape, in.data(), words.data() + at);
}

void Recoder::learn(const SpanBatch& batch, std::span<const uint32_t> rows) {
  new_values_.clear();
  for (uint32_t row : rows) {
    const SpanRow& span = batch.rows[row];
    const Shape& known = shape(span.shape);
    const uint32_t* codes = batch.words.data() + span.words;
    for (size_t i = 0; i < known.keys.size(); ++i) {
      KeyTable& table = keys_[known.keys[i]];
      if (slot(table.values, codes[i]) == kNoCode) new_values_.push_back({known.keys[i], codes[i], {}, 0, nullptr});
    }
  }
  for (size_t done = 0; done < new_values_.size(); done += kTogether) {
    learn(std::span(new_values_).subspan(done, std::min(kTogether, new_values_.size() - done)));
  }
}

void Recoder::learn(std::span<NewValue> values) {
  for (NewValue& value : values) {
    value.to = &to_.values(keys_[value.key].to_key);
    value.value = from_.values(value.key).at(value.code);
    value.hash = ValueDictionary::hash_of(value.value);
    value.to->prefetch_slot(value.hash);
  }
  for (NewValue& value : values) value.to->prefetch_entry(value.hash);
  for (NewValue& value : values) value.to->prefetch_text(value.hash);
  for (NewValue& value : values) {
    KeyTable& table = keys_[value.key];
    table.values[value.code] = enter(table, value);
  }
}

// A dictionary nearly all of whose values are new gives up looking for the others: that costs time, and its table
// memory.
uint32_t Recoder::enter(KeyTable& table, const NewValue& value) {
  ValueDictionary& to = *value.to;
  if (to.is_plain()) return to.append(value.value);
  if (!from_.values(value.key).is_plain()) return to.intern(value.value, value.hash);
  if (table.asked >= kPlainFromValues && table.fresh > table.asked / 100 * (100 - kPlainRepeatsPercent))
    return to.append(value.value);
  uint32_t before = to.size();
  uint32_t code = to.intern(value.value, value.hash);
  ++table.asked;
  table.fresh += to.size() - before;
  return code;
}

void Recoder::words(const Shape& shape, std::span<const uint32_t> in, uint8_t bits, std::vector<uint32_t>& out) {
  size_t count = shape.keys.size();
  append_values(shape, in.first(count), out);
  if (bits & kHasNested) nested(in.subspan(count), out);
}

uint32_t Recoder::entity(const TupleDictionary& from, TupleDictionary& to, uint32_t code, size_t pairs,
                         size_t first_text, Table& table) {
  uint32_t known = slot(table, code);
  if (known != kNoCode) return known;
  auto in = from.at(code);
  std::vector<uint32_t> out(in.begin(), in.end());
  if (in.size() >= pairs) {
    out[kSchemaUrlWord] = text(in[kSchemaUrlWord]);
    for (size_t i = first_text; i < pairs; ++i) out[i] = text(in[i]);
    for (size_t i = pairs; i + 1 < in.size(); i += 2) {
      out[i] = key(in[i]);
      out[i + 1] = value(in[i], in[i + 1]);
    }
  }
  return slot(table, code) = to.intern(out);
}

uint32_t Recoder::resource(uint32_t code) {
  return entity(from_.resources, to_.resources, code, kResourcePairs, kEntityRefsWord, resources_);
}

uint32_t Recoder::scope(uint32_t code) {
  return entity(from_.scopes, to_.scopes, code, kScopePairs, kScopeNameWord, scopes_);
}

uint32_t Recoder::envelope(uint32_t code) {
  uint32_t known = slot(envelopes_, code);
  if (known != kNoCode) return known;
  Envelope envelope = Envelope::from(from_.envelopes.at(code));
  envelope.trace_state = text(envelope.trace_state);
  envelope.status_message = text(envelope.status_message);
  return slot(envelopes_, code) = to_.envelopes.intern(envelope.words());
}

void Recoder::nested(std::span<const uint32_t> in, std::vector<uint32_t>& words) {
  words.push_back(in.empty() ? 0 : in[0]);
  bool in_links = false;
  uint32_t links = 0;
  size_t links_at = 0;
  auto open_links = [&] {
    if (in_links) return;
    in_links = true;
    links_at = words.size();
    words.push_back(0);
  };
  bool well_formed = walk_nested(
      in, from_.shapes,
      [&](EventRecord event) {
        const Shape& table = shape(event.shape);
        event.name = event_name(event.name);
        event.shape = table.to;
        append_event_head(words, event);
        append_values(table, event.values, words);
      },
      [&](LinkRecord link) {
        open_links();
        const Shape& table = shape(link.shape);
        link.trace_state = text(link.trace_state);
        link.shape = table.to;
        append_link_head(words, link);
        append_values(table, link.values, words);
        ++links;
      });
  DCHECK(well_formed);
  (void)well_formed;
  open_links();
  words[links_at] = links;
}

SpanRow Recoder::row(const SpanRow& in, std::span<const uint32_t> in_words, std::vector<uint32_t>& words) {
  SpanRow out = in;
  out.words = static_cast<uint32_t>(words.size());
  out.resource = resource(in.resource);
  out.scope = scope(in.scope);
  out.name = name(in.name);
  out.envelope = envelope(in.envelope);
  const Shape& table = shape(in.shape);
  out.shape = table.to;
  this->words(table, in_words, in.bits, words);
  out.word_count = static_cast<uint32_t>(words.size() - out.words);
  return out;
}

size_t Recoder::allocated_bytes() const {
  size_t codes = names_.capacity() + event_names_.capacity() + texts_.capacity() + resources_.capacity() +
                 scopes_.capacity() + envelopes_.capacity();
  for (const KeyTable& key : keys_) codes += key.values.capacity();
  for (const Shape& shape : shapes_) codes += shape.keys.capacity();
  return codes * sizeof(uint32_t) + keys_.capacity() * sizeof(KeyTable) + shapes_.capacity() * sizeof(Shape);
}

}  // namespace clew
