#include "store/log_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "column/nested_records.h"
#include "store/log_frame.h"

namespace clew::store {
namespace {

using Seen = std::vector<uint64_t>;  // a bit a code

// True the first time it is asked for a code.
bool mark(Seen& seen, uint32_t code) {
  size_t word = code / 64;
  if (word >= seen.size()) seen.resize(std::max(word + 1, seen.size() * 2));
  uint64_t bit = uint64_t{1} << code % 64;
  bool is_new = (seen[word] & bit) == 0;
  seen[word] |= bit;
  return is_new;
}

constexpr size_t kMaxVarintBytes = 10;
constexpr size_t kMaxVarint32Bytes = 5;

[[gnu::noinline]] char* put_long_varint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

// Writes a varint and answers its end; up to kMaxVarintBytes there, kMaxVarint32Bytes when the value is of 32 bits, may
// be overwritten. Codes of all sizes follow each other, so those of four bytes and less are written without a branch.
[[gnu::always_inline]] inline char* put_varint(char* to, uint64_t value) {
  if (value >= uint64_t{1} << 28) [[unlikely]]
    return put_long_varint(to, value);
  auto v = static_cast<uint32_t>(value);
  uint32_t groups = (v & 0x7f) | (v & 0x3f80) << 1 | (v & 0x1fc000) << 2 | (v & 0xfe00000) << 3;
  auto bytes_after_first = static_cast<unsigned>(31 - std::countl_zero(v | 1)) / 7;
  groups |= 0x808080U & ((1U << 8 * bytes_after_first) - 1);
  std::memcpy(to, &groups, sizeof groups);
  return to + 1 + bytes_after_first;
}

// Many varints straight into a string's memory: they are most of a frame.
class Varints {
 public:
  // At most so many bytes in all, counting each varint as the longest of its type.
  Varints(std::string& out, size_t bytes_max) : out_(out) {
    size_t begin = out_.size();
    out_.resize(begin + bytes_max);
    at_ = out_.data() + begin;
  }
  ~Varints() { out_.resize(static_cast<size_t>(at_ - out_.data())); }
  Varints(const Varints&) = delete;
  Varints& operator=(const Varints&) = delete;

  void put(uint64_t value) { at_ = put_varint(at_, value); }
  void put_zigzag(uint64_t difference) {
    auto value = static_cast<int64_t>(difference);
    put(difference << 1 ^ static_cast<uint64_t>(value >> 63));
  }

 private:
  std::string& out_;
  char* at_;
};

void put_name(ByteWriter& writer, const SegmentName& name) {
  writer.sized(name.tenant);
  writer.varint(name.lane);
  writer.varint(name.number);
}

// Calls visit(cells) for the runs of a column's cells, in order.
template <SpanTable::Column kColumn, typename Visit>
void each_run(const SpanTable& table, RowRange rows, Visit&& visit) {
  for (uint32_t at = rows.begin; at < rows.end;) {
    auto cells = table.piece<kColumn>(at, rows.end);
    visit(cells);
    at += static_cast<uint32_t>(cells.size());
  }
}

template <SpanTable::Column kColumn>
void put_fixed(const SpanTable& table, RowRange rows, std::string& out) {
  ByteWriter writer(out);
  each_run<kColumn>(table, rows, [&](auto cells) { writer.array(cells); });
}

template <SpanTable::Column kColumn>
void put_codes(const SpanTable& table, RowRange rows, Varints& varints) {
  each_run<kColumn>(table, rows, [&](auto cells) {
    for (uint32_t code : cells) varints.put(code);
  });
}

void put_origins(const SpanTable& table, RowRange rows, uint32_t SpanTable::Origin::* part, Varints& varints) {
  each_run<SpanTable::kOrigin>(table, rows, [&](auto origins) {
    for (uint32_t origin : origins) varints.put(table.origin(origin).*part);
  });
}

void put_times(const SpanTable& table, RowRange rows, std::string& out) {
  Varints varints(out, rows.size() * 2 * kMaxVarintBytes);
  uint64_t before = 0;
  each_run<SpanTable::kStart>(table, rows, [&](auto starts) {
    for (uint64_t start : starts) varints.put_zigzag(start - std::exchange(before, start));
  });
  for (uint32_t at = rows.begin; at < rows.end;) {
    auto starts = table.piece<SpanTable::kStart>(at, rows.end);
    auto ends = table.piece<SpanTable::kEnd>(at, rows.end);
    for (size_t i = 0; i < starts.size(); ++i) varints.put_zigzag(ends[i] - starts[i]);
    at += static_cast<uint32_t>(starts.size());
  }
}

void put_receive_runs(const SpanTable& table, RowRange rows, std::string& out) {
  ByteWriter writer(out);
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
}

void put_marks(const SpanTable& table, RowRange rows, std::string& out) {
  for (auto byte : {&SpanTable::Marks::kind, &SpanTable::Marks::status, &SpanTable::Marks::bits}) {
    each_run<SpanTable::kMarks>(table, rows, [&](auto cells) {
      for (const SpanTable::Marks& marks : cells) out.push_back(static_cast<char>(marks.*byte));
    });
  }
}

void put_columns(const SpanTable& table, RowRange rows, std::string& out) {
  ByteWriter writer(out);
  each_run<SpanTable::kTrace>(table, rows, [&](auto traces) {
    for (uint32_t trace : traces) {
      char id[16];
      table.trace_id(trace).copy_to(id);
      writer.raw({id, sizeof id});
    }
  });
  put_fixed<SpanTable::kSpan>(table, rows, out);
  put_fixed<SpanTable::kParent>(table, rows, out);
  put_times(table, rows, out);
  put_receive_runs(table, rows, out);
  {
    Varints varints(out, rows.size() * 5 * kMaxVarint32Bytes);
    put_origins(table, rows, &SpanTable::Origin::resource, varints);
    put_origins(table, rows, &SpanTable::Origin::scope, varints);
    put_codes<SpanTable::kName>(table, rows, varints);
    put_codes<SpanTable::kShape>(table, rows, varints);
    put_origins(table, rows, &SpanTable::Origin::envelope, varints);
  }
  put_marks(table, rows, out);
  size_t words = rows.size();
  for (uint32_t i = rows.begin; i < rows.end; ++i) words += table.words(i).size();
  Varints varints(out, words * kMaxVarint32Bytes);
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
      : vocabulary_(vocabulary), written_(written), out_(out) {}

  uint64_t count() const { return count_; }

  // Whole after settle().
  void of_row(const SpanTable& table, uint32_t row) {
    origin(table, table.origin_code(row));
    text_like(written_.names, vocabulary_.names, kLogNames, table.name(row));
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

  void settle() {
    std::span<Value> values(values_.data(), value_count_);
    for (const Value& value : values) value.from->prefetch(value.code);
    for (Value& value : values) {
      value.view = value.from->at(value.code);
      __builtin_prefetch(value.view.text.data());
    }
    for (const Value& value : values) put(kLogValues + value.key, value.code, value.view);
    value_count_ = 0;
  }

 private:
  // An entry to be put. Another processor has just written it, so that reading it waits; many wait together.
  struct Value {
    const ValueDictionary* from;
    uint32_t key;
    uint32_t code;
    ValueView view;
  };
  static constexpr size_t kTogether = 32;

  // What an entry begins with, gathered so that it is appended at once.
  struct Head {
    Head(uint64_t dictionary, uint32_t code) { varint(dictionary), varint(code); }
    void varint(uint64_t value) { end = put_varint(end, value); }
    std::string_view view() const { return {bytes, static_cast<size_t>(end - bytes)}; }
    char bytes[4 * kMaxVarintBytes];
    char* end = bytes;
  };
  void append(const Head& head, std::string_view content) {
    out_.append(head.view());
    out_.append(content);
    ++count_;
  }
  void text_like(Seen& seen, const ValueDictionary& from, uint64_t dictionary, uint32_t code) {
    if (mark(seen, code)) put(dictionary, code, from.at(code));
  }
  void put(uint64_t dictionary, uint32_t code, ValueView value) {
    Head head(dictionary, code);
    *head.end++ = static_cast<char>(value.type);
    switch (value.type) {
      case ValueType::string:
      case ValueType::bytes:
      case ValueType::array:
      case ValueType::kvlist: head.varint(value.text.size()); break;
      case ValueType::none: break;
      case ValueType::boolean:
      case ValueType::integer:
      case ValueType::real: std::memcpy(head.end, &value.scalar, sizeof value.scalar); head.end += sizeof value.scalar;
    }
    append(head, value.text);
  }
  void text(uint32_t code) { text_like(written_.texts, vocabulary_.texts, kLogTexts, code); }
  void key(uint32_t code) {
    if (!mark(written_.keys, code)) return;
    KeyView view = vocabulary_.key_at(code);
    Head head(kLogKeys, code);
    *head.end++ = static_cast<char>(view.scope);
    head.varint(view.name.size());
    append(head, view.name);
    if (code >= written_.values.size()) written_.values.resize(std::max<size_t>(code + 1, written_.values.size() * 2));
  }
  // Precondition: the key is in the chapter. It is put at the latest by settle(), before what refers to it.
  void value(uint32_t key_code, uint32_t code) {
    if (!mark(written_.values[key_code], code)) return;
    values_[value_count_] = {&vocabulary_.values(key_code), key_code, code, {}};
    if (++value_count_ == kTogether) settle();
  }
  void values(std::span<const uint32_t> keys, std::span<const uint32_t> codes) {
    for (size_t i = 0; i < keys.size(); ++i) value(keys[i], codes[i]);
  }
  void tuple(uint64_t dictionary, uint32_t code, std::span<const uint32_t> words) {
    Head head(dictionary, code);
    head.varint(words.size());
    append(head, {});
    Varints varints(out_, words.size() * kMaxVarint32Bytes);
    for (uint32_t word : words) varints.put(word);
  }
  std::span<const uint32_t> shape(uint32_t code) {
    auto keys = vocabulary_.shapes.at(code);
    if (mark(written_.shapes, code)) {
      for (uint32_t k : keys) key(k);
      tuple(kLogShapes, code, keys);
    }
    return keys;
  }
  void entity(Seen& seen, const TupleDictionary& from, uint64_t dictionary, uint32_t code, size_t first_text,
              size_t pairs) {
    if (!mark(seen, code)) return;
    auto words = from.at(code);
    if (words.size() >= pairs) {
      text(words[kSchemaUrlWord]);
      for (size_t i = first_text; i < pairs; ++i) text(words[i]);
      for (size_t i = pairs; i + 1 < words.size(); i += 2) {
        key(words[i]);
        value(words[i], words[i + 1]);
      }
      settle();
    }
    tuple(dictionary, code, words);
  }
  void origin(const SpanTable& table, uint32_t code) {
    if (code == last_origin_) return;
    last_origin_ = code;
    const SpanTable::Origin& origin = table.origin(code);
    entity(written_.resources, vocabulary_.resources, kLogResources, origin.resource, kEntityRefsWord, kResourcePairs);
    entity(written_.scopes, vocabulary_.scopes, kLogScopes, origin.scope, kScopeNameWord, kScopePairs);
    envelope(origin.envelope);
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
  std::string& out_;
  uint64_t count_ = 0;
  uint32_t last_origin_ = kNoCode;
  std::array<Value, kTogether> values_;
  size_t value_count_ = 0;
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
  entries.settle();
  writer.varint(entries.count());
  writer.raw(entries_);
  put_columns(table, {first_row, first_row + rows}, out);
}

size_t LogEncoder::Written::allocated_bytes() const {
  size_t total = names.capacity() + event_names.capacity() + texts.capacity() + keys.capacity() + shapes.capacity() +
                 resources.capacity() + scopes.capacity() + envelopes.capacity();
  for (const auto& of_key : values) total += of_key.capacity();
  return total * sizeof(uint64_t);
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
