#include "store/log_decoder.h"

#include <algorithm>

#include "column/nested_records.h"
#include "model/tenant.h"
#include "store/log_frame.h"

namespace clew::store {
namespace {

// Beyond what any segment can hold; a larger number is damage, not a reason to allocate.
constexpr uint64_t kMaxCode = uint64_t{1} << 28;

bool has(const std::vector<bool>& known, uint32_t code) {
  return code < known.size() && known[code];
}

void learn(std::vector<bool>& known, uint32_t code) {
  if (code >= known.size()) known.resize(std::max<size_t>(code + 1, known.size() * 2));
  known[code] = true;
}

Result<ValueView> read_value(ByteReader& reader) {
  auto type = reader.fixed<uint8_t>();
  ValueView value{static_cast<ValueType>(type), 0, {}};
  switch (value.type) {
    case ValueType::none: break;
    case ValueType::string:
    case ValueType::bytes:
    case ValueType::array:
    case ValueType::kvlist: value.text = reader.sized(); break;
    case ValueType::boolean:
    case ValueType::integer:
    case ValueType::real: value.scalar = reader.fixed<uint64_t>(); break;
    default: return corrupt("a value of the unknown type " + std::to_string(type));
  }
  return value;
}

// The columns of a frame, side by side.
struct Columns {
  std::vector<char> traces;
  std::vector<uint64_t> spans, parents, starts, durations, receives;
  std::vector<uint32_t> resources, scopes, names, shapes, envelopes;
  std::string_view kinds, statuses, bits;
};

void read_codes(ByteReader& reader, std::vector<uint32_t>& out) {
  for (uint32_t& code : out) code = static_cast<uint32_t>(std::min<uint64_t>(reader.varint(), kMaxCode));
}

Status read_columns(ByteReader& reader, size_t rows, Columns& out) {
  // Every row takes 43 bytes at the least (ids 32, times 2, codes 5, marks 3, words 1), so a wrong count cannot make
  // this allocate much.
  if (rows > reader.left() / 43) return corrupt("a row count beyond the frame's length");
  out.traces.resize(rows * 16);
  reader.array(std::span<char>(out.traces));
  for (auto* column : {&out.spans, &out.parents}) {
    column->resize(rows);
    reader.array(std::span<uint64_t>(*column));
  }
  out.starts.resize(rows);
  uint64_t before = 0;
  for (uint64_t& start : out.starts) before = start = before + static_cast<uint64_t>(reader.zigzag());
  out.durations.resize(rows);
  for (uint64_t& duration : out.durations) duration = static_cast<uint64_t>(reader.zigzag());
  uint64_t runs = reader.varint();
  for (uint64_t i = 0; i < runs && reader.ok(); ++i) {
    uint64_t count = reader.varint();
    auto receive = reader.fixed<uint64_t>();
    if (count > rows - out.receives.size()) return corrupt("runs of receive times beyond the rows");
    out.receives.insert(out.receives.end(), count, receive);
  }
  for (auto* column : {&out.resources, &out.scopes, &out.names, &out.shapes, &out.envelopes}) {
    column->resize(rows);
    read_codes(reader, *column);
  }
  out.kinds = reader.take(rows);
  out.statuses = reader.take(rows);
  out.bits = reader.take(rows);
  if (!reader.ok() || out.receives.size() != rows) return corrupt("columns end early");
  return {};
}

}  // namespace

Result<SegmentName> read_segment_name(ByteReader& reader) {
  SegmentName name;
  name.tenant = std::string(reader.sized());
  uint64_t lane = reader.varint();
  name.number = reader.varint();
  if (!reader.ok() || lane > 1 << 16) return corrupt("a frame without the name of its segment");
  name.lane = static_cast<uint32_t>(lane);
  if (!check_tenant_name(name.tenant)) return corrupt("a frame of an impossible tenant");
  return name;
}

Result<RowsHead> read_rows_head(ByteReader& reader) {
  RowsHead head;
  ASSIGN_OR_RETURN(head.segment, read_segment_name(reader));
  head.first_row = reader.varint();
  head.rows = reader.varint();
  if (!reader.ok()) return corrupt("a frame without its row count");
  return head;
}

Status SegmentRebuilder::read_entry(ByteReader& reader) {
  Vocabulary& vocabulary = segment_->table->vocabulary;
  uint64_t dictionary = reader.varint();
  uint64_t wide_code = reader.varint();
  if (!reader.ok() || wide_code >= kMaxCode || dictionary >= kMaxCode)
    return corrupt("an entry with an impossible code");
  auto code = static_cast<uint32_t>(wide_code);
  if (!take_holes(dictionary, code)) return corrupt("an entry far beyond the others of its dictionary");
  switch (dictionary) {
    case kLogKeys: {
      auto scope = reader.fixed<uint8_t>();
      std::string_view name = reader.sized();
      if (!reader.ok() || scope >= kScopes) return corrupt("a key without a scope");
      if (vocabulary.place_key(code, {static_cast<Scope>(scope), name})) learn(known_.keys, code);
      return {};
    }
    case kLogShapes:
    case kLogResources:
    case kLogScopes:
    case kLogEnvelopes: {
      uint64_t count = reader.varint();
      if (count > reader.left()) return corrupt("a tuple longer than its frame");
      std::vector<uint32_t> words(count);
      for (uint32_t& word : words) word = static_cast<uint32_t>(reader.varint());
      if (!reader.ok()) return corrupt("a tuple that ends early");
      place_tuple(dictionary, code, words);
      return {};
    }
    default: return read_value_entry(reader, dictionary, code);
  }
}

uint32_t SegmentRebuilder::size_of(uint64_t dictionary) const {
  const Vocabulary& vocabulary = segment_->table->vocabulary;
  switch (dictionary) {
    case kLogNames: return vocabulary.names.size();
    case kLogEventNames: return vocabulary.event_names.size();
    case kLogTexts: return vocabulary.texts.size();
    case kLogKeys: return vocabulary.key_count();
    case kLogShapes: return vocabulary.shapes.size();
    case kLogResources: return vocabulary.resources.size();
    case kLogScopes: return vocabulary.scopes.size();
    case kLogEnvelopes: return vocabulary.envelopes.size();
    default: break;
  }
  auto key = static_cast<uint32_t>(dictionary - kLogValues);
  return key < vocabulary.key_count() ? vocabulary.values(key).size() : kNoCode;
}

bool SegmentRebuilder::take_holes(uint64_t dictionary, uint32_t code) {
  uint32_t size = size_of(dictionary);
  if (code <= size) return true;
  // An entry takes 16 bytes; one of a key a dictionary of values as well.
  uint64_t bytes = uint64_t{code - size} * (dictionary == kLogKeys ? sizeof(ValueDictionary) + 64 : 16);
  if (bytes > holes_left_bytes_) return false;
  holes_left_bytes_ -= bytes;
  return true;
}

Status SegmentRebuilder::read_value_entry(ByteReader& reader, uint64_t dictionary, uint32_t code) {
  Vocabulary& vocabulary = segment_->table->vocabulary;
  ASSIGN_OR_RETURN(ValueView value, read_value(reader));
  if (!reader.ok()) return corrupt("a value that ends early");
  switch (dictionary) {
    case kLogNames:
      if (vocabulary.names.place(code, value)) learn(known_.names, code);
      return {};
    case kLogEventNames:
      if (vocabulary.event_names.place(code, value)) learn(known_.event_names, code);
      return {};
    case kLogTexts:
      if (vocabulary.texts.place(code, value)) learn(known_.texts, code);
      return {};
    default: break;
  }
  auto key = static_cast<uint32_t>(dictionary - kLogValues);
  // An unknown key: its entry was lost, and with it whatever uses this one.
  if (!has(known_.keys, key)) return {};
  if (key >= known_.values.size()) known_.values.resize(key + 1);
  if (vocabulary.values(key).place(code, value)) learn(known_.values[key], code);
  return {};
}

bool SegmentRebuilder::has_value(uint32_t key, uint32_t code) const {
  return key < known_.values.size() && has(known_.values[key], code);
}

void SegmentRebuilder::place_tuple(uint64_t dictionary, uint32_t code, const std::vector<uint32_t>& words) {
  Vocabulary& vocabulary = segment_->table->vocabulary;
  auto has_entity = [&](size_t first_text, size_t pairs) {
    if (words.size() < pairs || (words.size() - pairs) % 2 != 0) return false;
    if (!has(known_.texts, words[kSchemaUrlWord])) return false;
    for (size_t i = first_text; i < pairs; ++i) {
      if (!has(known_.texts, words[i])) return false;
    }
    for (size_t i = pairs; i < words.size(); i += 2) {
      if (!has_value(words[i], words[i + 1])) return false;
    }
    return true;
  };
  switch (dictionary) {
    case kLogShapes:
      if (!std::ranges::all_of(words, [&](uint32_t key) { return has(known_.keys, key); })) return;
      if (vocabulary.shapes.place(code, words)) learn(known_.shapes, code);
      return;
    case kLogResources:
      if (has_entity(kEntityRefsWord, kResourcePairs) && vocabulary.resources.place(code, words)) {
        learn(known_.resources, code);
      }
      return;
    case kLogScopes:
      if (has_entity(kScopeNameWord, kScopePairs) && vocabulary.scopes.place(code, words)) learn(known_.scopes, code);
      return;
    default: {
      if (words.size() != Envelope{}.words().size()) return;
      Envelope envelope = Envelope::from(words);
      if (!has(known_.texts, envelope.trace_state) || !has(known_.texts, envelope.status_message)) return;
      if (vocabulary.envelopes.place(code, words)) learn(known_.envelopes, code);
    }
  }
}

bool SegmentRebuilder::has_shape_values(uint32_t shape, std::span<const uint32_t> codes) const {
  auto keys = segment_->table->vocabulary.shapes.at(shape);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!has_value(keys[i], codes[i])) return false;
  }
  return true;
}

bool SegmentRebuilder::is_whole(const SpanRow& row, std::span<const uint32_t> words) const {
  if (!has(known_.resources, row.resource) || !has(known_.scopes, row.scope) || !has(known_.names, row.name) ||
      !has(known_.shapes, row.shape) || !has(known_.envelopes, row.envelope)) {
    return false;
  }
  const TupleDictionary& shapes = segment_->table->vocabulary.shapes;
  size_t attributes = shapes.at(row.shape).size();
  if (attributes > words.size() || !has_shape_values(row.shape, words)) return false;
  auto nested = words.subspan(attributes);
  if (!(row.bits & kHasNested)) return nested.empty();
  bool whole = true;
  bool well_formed = walk_nested(
      nested, shapes,
      [&](const EventRecord& event) {
        whole = whole && has(known_.event_names, event.name) && has(known_.shapes, event.shape) &&
                has_shape_values(event.shape, event.values);
      },
      [&](const LinkRecord& link) {
        whole = whole && has(known_.texts, link.trace_state) && has(known_.shapes, link.shape) &&
                has_shape_values(link.shape, link.values);
      });
  return whole && well_formed;
}

Result<SegmentRebuilder::Outcome> SegmentRebuilder::add(const RowsHead& head, ByteReader& reader) {
  uint64_t entries = reader.varint();
  for (uint64_t i = 0; i < entries && reader.ok(); ++i) TRY(read_entry(reader));
  Columns columns;
  TRY(read_columns(reader, head.rows, columns));
  SpanTable& table = *segment_->table;
  Outcome outcome;
  std::vector<uint32_t> words;
  for (size_t i = 0; i < head.rows; ++i) {
    uint64_t count = reader.varint();
    if (count > reader.left()) return corrupt("a row with more words than its frame has bytes");
    words.resize(count);
    for (uint32_t& word : words) word = static_cast<uint32_t>(reader.varint());
    if (!reader.ok()) return corrupt("words end early");
    SpanRow row;
    row.trace = TraceId::from_bytes(columns.traces.data() + i * 16);
    row.span = columns.spans[i];
    row.parent = columns.parents[i];
    row.start_ns = columns.starts[i];
    row.end_ns = columns.starts[i] + columns.durations[i];
    row.receive_ns = columns.receives[i];
    row.resource = columns.resources[i];
    row.scope = columns.scopes[i];
    row.name = columns.names[i];
    row.shape = columns.shapes[i];
    row.envelope = columns.envelopes[i];
    row.kind = static_cast<SpanKind>(columns.kinds[i]);
    row.status = static_cast<StatusCode>(columns.statuses[i]);
    row.bits = static_cast<uint8_t>(columns.bits[i]);
    if (outcome.first_receive_ns == 0) outcome.first_receive_ns = row.receive_ns;
    outcome.last_receive_ns = std::max(outcome.last_receive_ns, row.receive_ns);
    if (!is_whole(row, words)) {
      ++outcome.lost;
      continue;
    }
    table.append(row, words);
    ++outcome.rows;
  }
  table.publish();
  if (segment_->first_receive_ns == 0) segment_->first_receive_ns = outcome.first_receive_ns;
  segment_->last_receive_ns = std::max(segment_->last_receive_ns, outcome.last_receive_ns);
  return outcome;
}

}  // namespace clew::store
