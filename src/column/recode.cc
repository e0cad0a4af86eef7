#include "column/recode.h"

#include <algorithm>

#include "base/check.h"
#include "column/nested_records.h"

namespace clew {
namespace {

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

uint32_t Recoder::value(uint32_t key_code, uint32_t code) {
  uint32_t to_key = key(key_code);
  return through(keys_[key_code].values, code, from_.values(key_code), to_.values(to_key));
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
    const Table& known = keys_[shape.keys[i]].values;
    uint32_t code = in[i];
    out[i] = code < known.size() ? known[code] : kNoCode;
    if (out[i] == kNoCode) leave_gap(shape.keys[i], code, out + i);
  }
}

void Recoder::leave_gap(uint32_t key_code, uint32_t code, uint32_t* out) {
  ValueDictionary& to = to_.values(keys_[key_code].to_key);
  bool is_own = (code & kOwnValue) != 0;
  Gap& gap = gaps_[gap_count_];
  gap = {
      key_code, code, kNoCode, out, &to, 0, is_own ? own_values_[code & ~kOwnValue] : from_.values(key_code).at(code)};
  if (to.is_plain()) return fill(gap);
  gap.hash = ValueDictionary::hash_of(gap.value);
  to.prefetch_slot(gap.hash);
  if (++gap_count_ == kTogether) settle();
}

// Each step brings near what the next one reads.
void Recoder::settle() {
  std::span<Gap> gaps(gaps_.data(), gap_count_);
  for (Gap& gap : gaps) gap.likely = gap.to->prefetch_entry(gap.hash);
  for (const Gap& gap : gaps) gap.to->prefetch_text(gap.likely);
  for (const Gap& gap : gaps) fill(gap);
  gap_count_ = 0;
}

void Recoder::fill(const Gap& gap) {
  KeyTable& table = keys_[gap.key];
  if (gap.code & kOwnValue) {
    *gap.out = enter(table, gap);
    return;
  }
  // The same value may have left several gaps.
  uint32_t& known = slot(table.values, gap.code);
  if (known == kNoCode) known = enter(table, gap);
  *gap.out = known;
}

// A dictionary nearly all of whose values are new gives up looking for the others: that costs time, and its table
// memory.
uint32_t Recoder::enter(KeyTable& table, const Gap& gap) {
  ValueDictionary& to = *gap.to;
  if (to.is_plain()) return to.append(gap.value);
  bool is_looked_up = !(gap.code & kOwnValue) && !from_.values(gap.key).is_plain();
  if (is_looked_up) return to.intern(gap.value, gap.hash, gap.likely);
  if (table.asked >= kPlainFromValues && table.fresh > table.asked / 100 * (100 - kPlainRepeatsPercent))
    return to.append(gap.value);
  uint32_t before = to.size();
  uint32_t code = to.intern(gap.value, gap.hash, gap.likely);
  ++table.asked;
  table.fresh += to.size() - before;
  return code;
}

void Recoder::words(const Shape& shape, std::span<const uint32_t> in, uint8_t bits, uint32_t* out) {
  size_t count = shape.keys.size();
  values(shape, in.data(), out);
  if (bits & kHasNested) nested(in.subspan(count), out + count);
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

void Recoder::nested(std::span<const uint32_t> in, uint32_t* out) {
  // Counts, times, ids and flags stay as they are.
  std::ranges::copy(in, out);
  auto record_at = [&](std::span<const uint32_t> record_values, size_t head) {
    return out + (record_values.data() - in.data()) - head;
  };
  bool well_formed = walk_nested(
      in, from_.shapes,
      [&](const EventRecord& event) {
        uint32_t* record = record_at(event.values, kEventHeadWords);
        const Shape& table = shape(event.shape);
        record[kEventNameWord] = event_name(event.name);
        record[kEventShapeWord] = table.to;
        values(table, event.values.data(), record + kEventHeadWords);
      },
      [&](const LinkRecord& link) {
        uint32_t* record = record_at(link.values, kLinkHeadWords);
        const Shape& table = shape(link.shape);
        record[kLinkTraceStateWord] = text(link.trace_state);
        record[kLinkShapeWord] = table.to;
        values(table, link.values.data(), record + kLinkHeadWords);
      });
  DCHECK(well_formed);
  (void)well_formed;
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
  words.resize(words.size() + in_words.size());
  this->words(table, in_words, in.bits, words.data() + out.words);
  settle();
  out.word_count = static_cast<uint32_t>(in_words.size());
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
