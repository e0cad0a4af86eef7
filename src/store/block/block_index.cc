#include "store/block/block_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "store/parquet/compression.h"
#include "store/parquet/delta.h"

namespace clew::store {
namespace {

constexpr uint32_t kMagic = 0x49574c43;  // "CLWI"
constexpr uint32_t kCounts = 1, kPages = 2, kTraces = 3, kLookup = 4, kListed = 5, kKeys = 6, kPageSets = 7;
constexpr size_t kHeadBytes = 12;
constexpr size_t kEntryBytes = 32;
constexpr uint32_t kMaxSections = 64;
constexpr uint64_t kMaxSectionBytes = uint64_t{1} << 30;
constexpr size_t kWorthCompressing = 256;

template <typename T, typename Member>
void append_delta(std::string& out, const std::vector<T>& items, Member&& member) {
  std::vector<int64_t> values;
  values.reserve(items.size());
  for (const T& item : items) values.push_back(static_cast<int64_t>(member(item)));
  parquet::encode_delta(values, out);
}

// Reads one delta array of `count` numbers off the front of bytes.
Result<std::vector<int64_t>> take_delta(std::string_view& bytes, size_t count) {
  std::vector<int64_t> values(count);
  ASSIGN_OR_RETURN(size_t used, parquet::decode_delta(bytes, values));
  bytes.remove_prefix(used);
  return values;
}

std::unexpected<Error> malformed(std::string_view section) {
  return corrupt("the block index's section of " + std::string(section) + " is malformed");
}

}  // namespace

void IndexWriter::add(uint32_t id, std::string raw) {
  size_t raw_bytes = raw.size();
  if (raw_bytes >= kWorthCompressing) {
    std::string packed;
    parquet::Compressor().compress(raw, packed);
    if (packed.size() < raw_bytes) raw = std::move(packed);
  }
  sections_.push_back({id, std::move(raw), raw_bytes});
}

void IndexWriter::counts(const BlockCounts& counts) {
  std::string raw;
  ByteWriter writer(raw);
  for (uint64_t number : {counts.rows, counts.traces, counts.page_rows, counts.row_group_rows, counts.min_start_ns,
                          counts.max_end_ns, counts.min_receive_ns, counts.max_receive_ns, counts.duplicates}) {
    writer.varint(number);
  }
  add(kCounts, std::move(raw));
}

void IndexWriter::pages(const PerLeaf<ChunkPages>& leaves) {
  std::string raw;
  ByteWriter writer(raw);
  writer.varint(leaves.size());
  for (const auto& groups : leaves) {
    writer.varint(groups.size());
    for (const ChunkPages& chunk : groups) {
      writer.varint(static_cast<uint64_t>(chunk.encoding));
      writer.varint(chunk.entries);
      writer.varint(chunk.dictionary_bytes);
      writer.varint(chunk.pages.size());
      uint32_t last = 0;
      for (const ChunkPages::Page& page : chunk.pages) {
        writer.varint(page.bytes);
        writer.varint(page.codes_end - last);
        last = page.codes_end;
      }
    }
  }
  add(kPages, std::move(raw));
}

void IndexWriter::traces(const std::vector<TraceRun>& runs) {
  std::string raw;
  append_delta(raw, runs, [](const TraceRun& run) { return run.spans; });
  append_delta(raw, runs, [](const TraceRun& run) { return run.start_ns; });
  append_delta(raw, runs, [](const TraceRun& run) { return run.end_ns - run.start_ns; });
  append_delta(raw, runs, [](const TraceRun& run) { return run.errors; });
  append_delta(raw, runs, [](const TraceRun& run) { return run.root; });
  add(kTraces, std::move(raw));
}

void IndexWriter::lookup(const std::vector<TraceRun>& runs) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  pairs.reserve(runs.size());
  for (const TraceRun& run : runs) {
    pairs.emplace_back(TraceLookup::fingerprint(run.id), static_cast<uint32_t>(pairs.size()));
  }
  std::ranges::sort(pairs);
  std::string raw;
  append_delta(raw, pairs, [](const auto& pair) { return pair.first; });
  append_delta(raw, pairs, [](const auto& pair) { return pair.second; });
  add(kLookup, std::move(raw));
}

void IndexWriter::listed(const std::vector<TraceId>& ids) {
  std::string raw;
  for (TraceId id : ids) raw += id.bytes();
  add(kListed, std::move(raw));
}

void IndexWriter::keys(const std::vector<KeyEntry>& keys) {
  std::string raw;
  ByteWriter writer(raw);
  writer.varint(keys.size());
  for (const KeyEntry& key : keys) {
    writer.varint(static_cast<uint64_t>(key.scope));
    writer.sized(key.name);
    writer.varint(key.occurrences);
    writer.varint(key.residual);
    writer.varint(key.columns.size());
    for (const KeyEntry::Column& column : key.columns) {
      writer.varint(static_cast<uint64_t>(column.type));
      writer.varint(column.leaf);
    }
  }
  add(kKeys, std::move(raw));
}

void IndexWriter::page_sets(const PerLeaf<PageSets>& leaves) {
  std::string raw;
  ByteWriter writer(raw);
  writer.varint(leaves.size());
  for (const auto& groups : leaves) {
    writer.varint(groups.size());
    for (const PageSets& sets : groups) {
      writer.varint(sets.entries);
      if (sets.entries != 0) writer.sized(sets.bits);
    }
  }
  add(kPageSets, std::move(raw));
}

size_t IndexWriter::size() const {
  size_t total = kHeadBytes + sections_.size() * kEntryBytes + sizeof(uint32_t);
  for (const Section& section : sections_) total += section.stored.size();
  return total;
}

std::string IndexWriter::finish(std::string_view footer) const {
  std::string out;
  ByteWriter writer(out);
  writer.fixed(kMagic);
  writer.fixed(static_cast<uint32_t>(sections_.size()));
  writer.fixed(crc32c(footer));
  uint64_t offset = kHeadBytes + sections_.size() * kEntryBytes + sizeof(uint32_t);
  for (const Section& section : sections_) {
    writer.fixed(section.id);
    writer.fixed(crc32c(section.stored));
    writer.fixed(offset);
    writer.fixed(uint64_t{section.stored.size()});
    writer.fixed(section.raw_bytes);
    offset += section.stored.size();
  }
  writer.fixed(crc32c(out));
  for (const Section& section : sections_) out += section.stored;
  return out;
}

Result<IndexReader> IndexReader::open(std::string bytes, std::string_view footer, parquet::Checksums checksums) {
  const bool verify = checksums == parquet::Checksums::verify;
  IndexReader out;
  ByteReader reader(bytes);
  auto magic = reader.fixed<uint32_t>();
  auto count = reader.fixed<uint32_t>();
  auto footer_crc = reader.fixed<uint32_t>();
  if (!reader.ok() || magic != kMagic || count > kMaxSections) return malformed("contents");
  std::vector<uint32_t> expected_sums;
  for (uint32_t i = 0; i < count; ++i) {
    Section section{};
    section.id = reader.fixed<uint32_t>();
    expected_sums.push_back(reader.fixed<uint32_t>());
    section.offset = reader.fixed<uint64_t>();
    section.stored_bytes = reader.fixed<uint64_t>();
    section.raw_bytes = reader.fixed<uint64_t>();
    out.sections_.push_back(section);
  }
  uint32_t expected = crc32c(std::string_view(bytes).substr(0, reader.position()));
  auto stored = reader.fixed<uint32_t>();
  if (!reader.ok() || (verify && stored != expected)) return corrupt("the block index's contents are damaged");
  if (verify && crc32c(footer) != footer_crc) return corrupt("the Parquet footer is damaged: its checksum is wrong");
  for (uint32_t i = 0; i < count; ++i) {
    const Section& section = out.sections_[i];
    if (section.offset > bytes.size() || section.stored_bytes > bytes.size() - section.offset ||
        section.raw_bytes > kMaxSectionBytes) {
      return malformed("contents");
    }
    if (verify && crc32c(std::string_view(bytes).substr(section.offset, section.stored_bytes)) != expected_sums[i]) {
      return corrupt("section " + std::to_string(section.id) + " of the block index is damaged: its checksum is wrong");
    }
  }
  out.bytes_ = std::move(bytes);
  return out;
}

Result<std::string> IndexReader::section(uint32_t id) const {
  for (const Section& section : sections_) {
    if (section.id != id) continue;
    std::string_view stored = std::string_view(bytes_).substr(section.offset, section.stored_bytes);
    if (section.stored_bytes == section.raw_bytes) return std::string(stored);
    ASSIGN_OR_RETURN(parquet::Buffer raw, parquet::decompress_zstd(stored, section.raw_bytes));
    return std::string(raw.view());
  }
  return corrupt("the block index has no section " + std::to_string(id));
}

Result<BlockCounts> IndexReader::counts() const {
  ASSIGN_OR_RETURN(std::string raw, section(kCounts));
  BlockCounts out;
  ByteReader reader(raw);
  for (uint64_t* number : {&out.rows, &out.traces, &out.page_rows, &out.row_group_rows, &out.min_start_ns,
                           &out.max_end_ns, &out.min_receive_ns, &out.max_receive_ns, &out.duplicates}) {
    *number = reader.varint();
  }
  if (!reader.ok() || !reader.at_end()) return malformed("counts");
  if (out.rows > kMaxBlockRows || out.traces > out.rows || out.page_rows == 0 || out.page_rows > kMaxPageRows ||
      out.row_group_rows == 0 || out.row_group_rows > kMaxBlockRows || out.row_group_rows % out.page_rows != 0) {
    return malformed("counts");
  }
  return out;
}

Result<PerLeaf<ChunkPages>> IndexReader::pages() const {
  ASSIGN_OR_RETURN(std::string raw, section(kPages));
  ByteReader reader(raw);
  PerLeaf<ChunkPages> out;
  uint64_t leaves = reader.varint();
  if (leaves > reader.left()) return malformed("pages");
  for (uint64_t leaf = 0; leaf < leaves && reader.ok(); ++leaf) {
    uint64_t groups = reader.varint();
    if (groups > reader.left()) return malformed("pages");
    auto& chunks = out.emplace_back();
    for (uint64_t group = 0; group < groups && reader.ok(); ++group) {
      ChunkPages& chunk = chunks.emplace_back();
      uint64_t encoding = reader.varint();
      uint64_t entries = reader.varint();
      uint64_t dictionary_bytes = reader.varint();
      uint64_t count = reader.varint();
      if (encoding > 2 || entries > kMaxBlockRows || dictionary_bytes > kMaxSectionBytes * 2 || count > reader.left()) {
        return malformed("pages");
      }
      chunk.encoding = static_cast<ChunkEncoding>(encoding);
      chunk.entries = static_cast<uint32_t>(entries);
      chunk.dictionary_bytes = static_cast<uint32_t>(dictionary_bytes);
      uint64_t codes_end = 0;
      for (uint64_t page = 0; page < count; ++page) {
        uint64_t bytes = reader.varint();
        uint64_t more = reader.varint();
        if (bytes > kMaxSectionBytes * 2 || more > entries - codes_end) return malformed("pages");
        codes_end += more;
        chunk.pages.push_back({static_cast<uint32_t>(bytes), static_cast<uint32_t>(codes_end)});
      }
    }
  }
  if (!reader.ok() || !reader.at_end()) return malformed("pages");
  return out;
}

Result<std::vector<TraceRun>> IndexReader::traces(const BlockCounts& counts) const {
  ASSIGN_OR_RETURN(std::string raw, section(kTraces));
  std::string_view rest = raw;
  ASSIGN_OR_RETURN(auto spans, take_delta(rest, counts.traces));
  ASSIGN_OR_RETURN(auto starts, take_delta(rest, counts.traces));
  ASSIGN_OR_RETURN(auto durations, take_delta(rest, counts.traces));
  ASSIGN_OR_RETURN(auto errors, take_delta(rest, counts.traces));
  ASSIGN_OR_RETURN(auto roots, take_delta(rest, counts.traces));
  std::vector<TraceRun> out(counts.traces);
  uint64_t row = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    auto count = static_cast<uint64_t>(spans[i]);
    if (count == 0 || count > counts.rows - row || static_cast<uint64_t>(errors[i]) > count ||
        static_cast<uint64_t>(roots[i]) > count) {
      return malformed("traces");
    }
    out[i].first_row = static_cast<uint32_t>(row);
    out[i].spans = static_cast<uint32_t>(count);
    out[i].errors = static_cast<uint32_t>(errors[i]);
    out[i].root = static_cast<uint32_t>(roots[i]);
    out[i].start_ns = static_cast<uint64_t>(starts[i]);
    out[i].end_ns = out[i].start_ns + static_cast<uint64_t>(durations[i]);
    row += count;
  }
  if (row != counts.rows) return malformed("traces");
  return out;
}

Result<TraceLookup> IndexReader::lookup(const BlockCounts& counts) const {
  ASSIGN_OR_RETURN(std::string raw, section(kLookup));
  std::string_view rest = raw;
  ASSIGN_OR_RETURN(auto fingerprints, take_delta(rest, counts.traces));
  ASSIGN_OR_RETURN(auto traces, take_delta(rest, counts.traces));
  TraceLookup out;
  out.fingerprints.reserve(counts.traces);
  out.traces.reserve(counts.traces);
  int64_t last = 0;
  for (size_t i = 0; i < counts.traces; ++i) {
    if (fingerprints[i] < last || fingerprints[i] > 0xffffffffLL || traces[i] < 0 ||
        traces[i] >= static_cast<int64_t>(counts.traces)) {
      return malformed("trace lookup");
    }
    last = fingerprints[i];
    out.fingerprints.push_back(static_cast<uint32_t>(fingerprints[i]));
    out.traces.push_back(static_cast<uint32_t>(traces[i]));
  }
  return out;
}

Result<std::vector<TraceId>> IndexReader::listed() const {
  ASSIGN_OR_RETURN(std::string raw, section(kListed));
  if (raw.size() % 16 != 0) return malformed("listed traces");
  std::vector<TraceId> out;
  for (size_t at = 0; at < raw.size(); at += 16) {
    out.push_back(TraceId::from_bytes(raw.data() + at));
    if (out.size() > 1 && !(out[out.size() - 2] < out.back())) return malformed("listed traces");
  }
  return out;
}

Result<std::vector<KeyEntry>> IndexReader::keys() const {
  ASSIGN_OR_RETURN(std::string raw, section(kKeys));
  ByteReader reader(raw);
  std::vector<KeyEntry> out;
  uint64_t count = reader.varint();
  if (count > reader.left()) return malformed("keys");
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    KeyEntry key;
    uint64_t scope = reader.varint();
    key.name = reader.sized();
    key.occurrences = reader.varint();
    key.residual = reader.varint();
    uint64_t columns = reader.varint();
    if (scope >= kScopes || columns > kColumnTypes) return malformed("keys");
    key.scope = static_cast<Scope>(scope);
    for (uint64_t c = 0; c < columns; ++c) {
      uint64_t type = reader.varint();
      uint64_t leaf = reader.varint();
      if (type >= kColumnTypes || leaf > kFixedLeaves + kMaxAttributeColumns) return malformed("keys");
      key.columns.push_back({static_cast<ColumnType>(type), static_cast<uint32_t>(leaf)});
    }
    if (!out.empty() && std::pair(key.scope, std::string_view(key.name)) <=
                            std::pair(out.back().scope, std::string_view(out.back().name))) {
      return malformed("keys");
    }
    out.push_back(std::move(key));
  }
  if (!reader.ok() || !reader.at_end()) return malformed("keys");
  return out;
}

Result<PerLeaf<PageSets>> IndexReader::page_sets() const {
  ASSIGN_OR_RETURN(std::string raw, section(kPageSets));
  ByteReader reader(raw);
  PerLeaf<PageSets> out;
  uint64_t leaves = reader.varint();
  if (leaves > reader.left()) return malformed("page sets");
  for (uint64_t leaf = 0; leaf < leaves && reader.ok(); ++leaf) {
    uint64_t groups = reader.varint();
    if (groups > reader.left()) return malformed("page sets");
    auto& chunks = out.emplace_back();
    for (uint64_t group = 0; group < groups && reader.ok(); ++group) {
      PageSets sets;
      uint64_t entries = reader.varint();
      if (entries > kMaxSetEntries) return malformed("page sets");
      sets.entries = static_cast<uint32_t>(entries);
      if (entries != 0) sets.bits = reader.sized();
      chunks.push_back(std::move(sets));
    }
  }
  if (!reader.ok() || !reader.at_end()) return malformed("page sets");
  return out;
}

}  // namespace clew::store
