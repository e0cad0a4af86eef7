#include "store/log_encoder.h"

#include "base/bytes.h"
#include "column/nested_records.h"
#include "store/log_frame.h"

namespace clew::store {
namespace {

// True the first time it is asked for a code.
bool mark(std::vector<uint8_t>& seen, uint32_t code) {
  if (code >= seen.size()) seen.resize(std::max<size_t>(code + 1, seen.size() * 2));
  return seen[code] == 0 && (seen[code] = 1) != 0;
}

// Varints straight into memory: they are most of a frame.
class Varints {
 public:
  Varints(std::string& out, size_t count_max) : out_(out), begin_(out.size()) {
    out_.resize(begin_ + count_max * kMaxBytes);
    at_ = out_.data() + begin_;
  }
  ~Varints() { out_.resize(static_cast<size_t>(at_ - out_.data())); }
  Varints(const Varints&) = delete;
  Varints& operator=(const Varints&) = delete;

  void put(uint64_t value) {
    while (value >= 0x80) {
      *at_++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at_++ = static_cast<char>(value);
  }
  void put_zigzag(uint64_t difference) {
    auto value = static_cast<int64_t>(difference);
    put(difference << 1 ^ static_cast<uint64_t>(value >> 63));
  }

 private:
  static constexpr size_t kMaxBytes = 10;
  std::string& out_;
  size_t begin_;
  char* at_;
};

void put_name(ByteWriter& writer, const SegmentName& name) {
  writer.sized(name.tenant);
  writer.varint(name.lane);
  writer.varint(name.number);
}

void put_value(ByteWriter& writer, ValueView value) {
  writer.fixed(static_cast<uint8_t>(value.type));
  switch (value.type) {
    case ValueType::string:
    case ValueType::bytes:
    case ValueType::array:
    case ValueType::kvlist: writer.sized(value.text); break;
    case ValueType::none: break;
    case ValueType::boolean:
    case ValueType::integer:
    case ValueType::real: writer.fixed(value.scalar); break;
  }
}

void put_columns(const SpanTable& table, RowRange rows, std::string& out) {
  ByteWriter writer(out);
  for (uint32_t i = rows.begin; i < rows.end; ++i) {
    char id[16];
    table.trace_id(table.trace_of(i)).copy_to(id);
    writer.raw({id, 16});
  }
  for (uint32_t i = rows.begin; i < rows.end; ++i) writer.fixed(table.span(i));
  for (uint32_t i = rows.begin; i < rows.end; ++i) writer.fixed(table.parent(i));
  {
    Varints varints(out, rows.size() * 7);
    uint64_t before = 0;
    for (uint32_t i = rows.begin; i < rows.end; ++i) {
      varints.put_zigzag(table.start_ns(i) - before);
      before = table.start_ns(i);
    }
    for (uint32_t i = rows.begin; i < rows.end; ++i) varints.put_zigzag(table.end_ns(i) - table.start_ns(i));
  }
  std::vector<std::pair<uint64_t, uint64_t>> runs;
  for (uint32_t i = rows.begin; i < rows.end;) {
    uint32_t end = std::min(rows.end, table.receive_run_end(i));
    runs.emplace_back(end - i, table.receive_ns(i));
    i = end;
  }
  writer.varint(runs.size());
  for (auto [count, receive] : runs) {
    writer.varint(count);
    writer.fixed(receive);
  }
  {
    Varints varints(out, rows.size() * 5);
    for (uint32_t i = rows.begin; i < rows.end; ++i) varints.put(table.resource(i));
    for (uint32_t i = rows.begin; i < rows.end; ++i) varints.put(table.scope(i));
    for (uint32_t i = rows.begin; i < rows.end; ++i) varints.put(table.name(i));
    for (uint32_t i = rows.begin; i < rows.end; ++i) varints.put(table.shape(i));
    for (uint32_t i = rows.begin; i < rows.end; ++i) varints.put(table.envelope(i));
  }
  for (uint32_t i = rows.begin; i < rows.end; ++i) out.push_back(static_cast<char>(table.kind(i)));
  for (uint32_t i = rows.begin; i < rows.end; ++i) out.push_back(static_cast<char>(table.status(i)));
  for (uint32_t i = rows.begin; i < rows.end; ++i) out.push_back(static_cast<char>(table.bits(i)));
  size_t words = rows.size();
  for (uint32_t i = rows.begin; i < rows.end; ++i) words += table.words(i).size();
  Varints varints(out, words);
  for (uint32_t i = rows.begin; i < rows.end; ++i) {
    auto row = table.words(i);
    varints.put(row.size());
    for (uint32_t word : row) varints.put(word);
  }
}

}  // namespace

// Appends what is missing of the entries of some rows.
class LogEncoder::Entries {
 public:
  Entries(const Vocabulary& vocabulary, Written& written, std::string& out)
      : vocabulary_(vocabulary), written_(written), writer_(out) {}

  uint64_t count() const { return count_; }

  void of_row(const SpanTable& table, uint32_t row) {
    entity(written_.resources, vocabulary_.resources, kLogResources, table.resource(row), kEntityRefsWord,
           kResourcePairs);
    entity(written_.scopes, vocabulary_.scopes, kLogScopes, table.scope(row), kScopeNameWord, kScopePairs);
    text_like(written_.names, vocabulary_.names, kLogNames, table.name(row));
    envelope(table.envelope(row));
    auto keys = shape(table.shape(row));
    auto words = table.words(row);
    values(keys, words);
    if (!(table.bits(row) & kHasNested)) return;
    walk_nested(
        words.subspan(keys.size()), vocabulary_.shapes,
        [&](const EventRecord& event) {
          text_like(written_.event_names, vocabulary_.event_names, kLogEventNames, event.name);
          values(shape(event.shape), event.values);
        },
        [&](const LinkRecord& link) {
          text(link.trace_state);
          values(shape(link.shape), link.values);
        });
  }

 private:
  void open(uint64_t dictionary, uint32_t code) {
    writer_.varint(dictionary);
    writer_.varint(code);
    ++count_;
  }
  void text_like(std::vector<uint8_t>& seen, const ValueDictionary& from, uint64_t dictionary, uint32_t code) {
    if (!mark(seen, code)) return;
    open(dictionary, code);
    put_value(writer_, from.at(code));
  }
  void text(uint32_t code) { text_like(written_.texts, vocabulary_.texts, kLogTexts, code); }
  void key(uint32_t code) {
    if (!mark(written_.keys, code)) return;
    KeyView view = vocabulary_.key_at(code);
    open(kLogKeys, code);
    writer_.fixed(static_cast<uint8_t>(view.scope));
    writer_.sized(view.name);
  }
  void value(uint32_t key_code, uint32_t code) {
    key(key_code);
    if (key_code >= written_.values.size()) written_.values.resize(std::max<size_t>(key_code + 1, key_code * 2));
    text_like(written_.values[key_code], vocabulary_.values(key_code), kLogValues + key_code, code);
  }
  void values(std::span<const uint32_t> keys, std::span<const uint32_t> codes) {
    for (size_t i = 0; i < keys.size(); ++i) value(keys[i], codes[i]);
  }
  void tuple(uint64_t dictionary, uint32_t code, std::span<const uint32_t> words) {
    open(dictionary, code);
    writer_.varint(words.size());
    for (uint32_t word : words) writer_.varint(word);
  }
  std::span<const uint32_t> shape(uint32_t code) {
    auto keys = vocabulary_.shapes.at(code);
    if (mark(written_.shapes, code)) {
      for (uint32_t k : keys) key(k);
      tuple(kLogShapes, code, keys);
    }
    return keys;
  }
  void entity(std::vector<uint8_t>& seen, const TupleDictionary& from, uint64_t dictionary, uint32_t code,
              size_t first_text, size_t pairs) {
    if (!mark(seen, code)) return;
    auto words = from.at(code);
    if (words.size() >= pairs) {
      text(words[kSchemaUrlWord]);
      for (size_t i = first_text; i < pairs; ++i) text(words[i]);
      for (size_t i = pairs; i + 1 < words.size(); i += 2) value(words[i], words[i + 1]);
    }
    tuple(dictionary, code, words);
  }
  void envelope(uint32_t code) {
    if (!mark(written_.envelopes, code)) return;
    Envelope envelope = Envelope::from(vocabulary_.envelopes.at(code));
    text(envelope.trace_state);
    text(envelope.status_message);
    tuple(kLogEnvelopes, code, vocabulary_.envelopes.at(code));
  }

  const Vocabulary& vocabulary_;
  Written& written_;
  ByteWriter writer_;
  uint64_t count_ = 0;
};

void LogEncoder::encode_rows(const Segment& segment, uint32_t first_row, uint32_t rows, std::string& out) {
  const SpanTable& table = *segment.table;
  ByteWriter writer(out);
  put_name(writer, segment.name);
  writer.varint(first_row);
  writer.varint(rows);
  entries_.clear();
  Entries entries(table.vocabulary, written_[&segment], entries_);
  for (uint32_t i = first_row; i < first_row + rows; ++i) entries.of_row(table, i);
  writer.varint(entries.count());
  writer.raw(entries_);
  put_columns(table, {first_row, first_row + rows}, out);
}

size_t LogEncoder::Written::allocated_bytes() const {
  size_t total = names.capacity() + event_names.capacity() + texts.capacity() + keys.capacity() + shapes.capacity() +
                 resources.capacity() + scopes.capacity() + envelopes.capacity();
  for (const auto& of_key : values) total += of_key.capacity();
  return total;
}

size_t LogEncoder::allocated_bytes() const {
  size_t total = entries_.capacity();
  for (const auto& [segment, written] : written_) total += written.allocated_bytes();
  return total;
}

void LogEncoder::encode_cut(const SegmentName& name, uint32_t rows, std::string& out) {
  ByteWriter writer(out);
  put_name(writer, name);
  writer.varint(rows);
}

}  // namespace clew::store
