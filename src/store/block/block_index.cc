#include "store/block/block_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "store/block/trace_lookup.h"
#include "store/parquet/compression.h"
#include "store/parquet/delta.h"

namespace clew::store {
namespace {

constexpr uint32_t kMagic = 0x49574c43;  // "CLWI"
constexpr size_t kEntryBytes = 40;
constexpr uint64_t kMaxSectionBytes = uint64_t{1} << 30;
constexpr size_t kWorthCompressing = 256;

template <typename Items, typename Member>
void append_delta(std::string& out, const Items& items, Member&& member) {
  std::vector<int64_t> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(static_cast<int64_t>(member(item)));
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

void IndexWriter::add(SectionId id, std::string raw, bool compress) {
  size_t raw_bytes = raw.size();
  if (compress && raw_bytes >= kWorthCompressing) {
    const std::string_view packed = compressor_.compress(raw);
    if (packed.size() < raw_bytes) raw.assign(packed);
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
  add({SectionKind::counts}, std::move(raw));
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
  add({SectionKind::pages}, std::move(raw));
}

void IndexWriter::page_ranges(const std::vector<PageRanges>& pages) {
  std::string raw;
  for (auto member : {&PageRanges::min_start_ns, &PageRanges::max_start_ns, &PageRanges::min_duration_ns,
                      &PageRanges::max_duration_ns}) {
    append_delta(raw, pages, [member](const PageRanges& page) { return page.*member; });
  }
  add({SectionKind::page_ranges}, std::move(raw));
}

void IndexWriter::traces(std::span<const TraceRun> runs) {
  std::string lengths, facts;
  append_delta(lengths, runs, [](const TraceRun& run) { return run.spans; });
  append_delta(facts, runs, [](const TraceRun& run) { return run.start_ns; });
  append_delta(facts, runs, [](const TraceRun& run) { return run.end_ns - run.start_ns; });
  append_delta(facts, runs, [](const TraceRun& run) { return run.errors; });
  append_delta(facts, runs, [](const TraceRun& run) { return run.root; });
  add({SectionKind::runs}, std::move(lengths));
  add({SectionKind::trace_facts}, std::move(facts));
}

void IndexWriter::lookup(std::span<const TraceRun> runs) {
  auto [fingerprints, numbers] = TraceLookup::encode(runs);
  add({SectionKind::fingerprints}, std::move(fingerprints), false);
  add({SectionKind::trace_numbers}, std::move(numbers), false);
}

void IndexWriter::value_filter(uint32_t leaf, uint32_t group, std::string raw) {
  add({SectionKind::value_filter, leaf, group}, std::move(raw), false);
}

void IndexWriter::listed(const std::vector<TraceId>& ids) {
  std::string raw;
  for (TraceId id : ids) raw += id.bytes();
  add({SectionKind::listed}, std::move(raw));
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
  add({SectionKind::keys}, std::move(raw));
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
  add({SectionKind::page_sets}, std::move(raw));
}

size_t IndexWriter::size() const {
  size_t total = IndexDirectory::kEndBytes + sections_.size() * kEntryBytes;
  for (const Section& section : sections_) total += section.stored.size();
  return total;
}

std::string IndexWriter::finish(std::string_view footer) {
  std::ranges::sort(sections_, {}, &Section::id);
  std::string out, directory;
  ByteWriter writer(directory);
  for (const Section& section : sections_) {
    writer.fixed(static_cast<uint32_t>(section.id.kind));
    writer.fixed(section.id.leaf);
    writer.fixed(section.id.group);
    writer.fixed(crc32c(section.stored));
    writer.fixed(static_cast<uint64_t>(out.size()));
    writer.fixed(static_cast<uint64_t>(section.stored.size()));
    writer.fixed(section.raw_bytes);
    out += section.stored;
  }
  writer.fixed(static_cast<uint32_t>(sections_.size()));
  writer.fixed(crc32c(footer));
  writer.fixed(crc32c(directory));
  writer.fixed(kMagic);
  return out + directory;
}

Result<uint64_t> IndexDirectory::bytes_of(std::string_view end, uint64_t index_bytes) {
  ByteReader reader(end);
  uint64_t sections = reader.fixed<uint32_t>();
  reader.take(2 * sizeof(uint32_t));
  auto magic = reader.fixed<uint32_t>();
  uint64_t bytes = sections * kEntryBytes + kEndBytes;
  if (!reader.ok() || magic != kMagic || bytes > index_bytes) return malformed("sections");
  return bytes;
}

Result<IndexDirectory> IndexDirectory::decode(std::string_view directory, uint64_t index_bytes, std::string_view footer,
                                              parquet::Checksums checksums) {
  const bool verify = checksums == parquet::Checksums::verify;
  IndexDirectory out;
  out.sections_bytes_ = index_bytes - directory.size();
  ByteReader reader(directory);
  size_t count = (directory.size() - kEndBytes) / kEntryBytes;
  uint64_t end = 0;
  for (size_t i = 0; i < count; ++i) {
    Section section;
    section.id.kind = static_cast<SectionKind>(reader.fixed<uint32_t>());
    section.id.leaf = reader.fixed<uint32_t>();
    section.id.group = reader.fixed<uint32_t>();
    section.crc = reader.fixed<uint32_t>();
    section.offset = reader.fixed<uint64_t>();
    section.stored_bytes = reader.fixed<uint64_t>();
    section.raw_bytes = reader.fixed<uint64_t>();
    if (section.offset != end || section.stored_bytes > out.sections_bytes_ - end ||
        section.raw_bytes > kMaxSectionBytes || (i > 0 && section.id <= out.sections_.back().id)) {
      return malformed("sections");
    }
    end += section.stored_bytes;
    out.sections_.push_back(section);
  }
  reader.fixed<uint32_t>();
  auto footer_crc = reader.fixed<uint32_t>();
  size_t covered = reader.position();
  auto own_crc = reader.fixed<uint32_t>();
  if (end != out.sections_bytes_) return malformed("sections");
  if (verify && own_crc != crc32c(directory.substr(0, covered))) {
    return corrupt("the block index's directory is damaged: its checksum is wrong");
  }
  if (verify && footer_crc != crc32c(footer)) {
    return corrupt("the Parquet footer is damaged: its checksum is wrong");
  }
  return out;
}

const IndexDirectory::Section* IndexDirectory::find(SectionId id) const {
  auto found = std::ranges::lower_bound(sections_, id, {}, &Section::id);
  return found == sections_.end() || found->id != id ? nullptr : &*found;
}

Result<std::string> open_section(const IndexDirectory::Section& section, std::string_view stored,
                                 parquet::Checksums checksums) {
  if (checksums == parquet::Checksums::verify && crc32c(stored) != section.crc) {
    return corrupt("section " + std::to_string(static_cast<uint32_t>(section.id.kind)) +
                   " of the block index is damaged: its checksum is wrong");
  }
  if (section.stored_bytes == section.raw_bytes) return std::string(stored);
  ASSIGN_OR_RETURN(parquet::Buffer raw, parquet::decompress_zstd(stored, section.raw_bytes));
  return std::string(raw.view());
}

Result<BlockCounts> decode_counts(std::string_view raw) {
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

Result<PerLeaf<ChunkPages>> decode_pages(std::string_view raw) {
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

Result<std::vector<PageRanges>> decode_page_ranges(std::string_view raw, size_t pages) {
  std::vector<PageRanges> out(pages);
  for (auto member : {&PageRanges::min_start_ns, &PageRanges::max_start_ns, &PageRanges::min_duration_ns,
                      &PageRanges::max_duration_ns}) {
    ASSIGN_OR_RETURN(auto numbers, take_delta(raw, pages));
    for (size_t i = 0; i < pages; ++i) out[i].*member = numbers[i];
  }
  if (!raw.empty()) return malformed("page ranges");
  return out;
}

Result<std::vector<uint32_t>> decode_runs(std::string_view raw, const BlockCounts& counts) {
  ASSIGN_OR_RETURN(auto lengths, take_delta(raw, counts.traces));
  std::vector<uint32_t> out;
  out.reserve(counts.traces + 1);
  uint64_t row = 0;
  for (int64_t length : lengths) {
    out.push_back(static_cast<uint32_t>(row));
    if (length <= 0 || static_cast<uint64_t>(length) > counts.rows - row) return malformed("runs");
    row += static_cast<uint64_t>(length);
  }
  out.push_back(static_cast<uint32_t>(row));
  if (row != counts.rows || !raw.empty()) return malformed("runs");
  return out;
}

Result<std::vector<TraceFacts>> decode_trace_facts(std::string_view raw, const BlockCounts& counts) {
  ASSIGN_OR_RETURN(auto starts, take_delta(raw, counts.traces));
  ASSIGN_OR_RETURN(auto durations, take_delta(raw, counts.traces));
  ASSIGN_OR_RETURN(auto errors, take_delta(raw, counts.traces));
  ASSIGN_OR_RETURN(auto roots, take_delta(raw, counts.traces));
  std::vector<TraceFacts> out(counts.traces);
  for (size_t i = 0; i < out.size(); ++i) {
    if (static_cast<uint64_t>(errors[i]) > counts.rows || static_cast<uint64_t>(roots[i]) > counts.rows) {
      return malformed("traces");
    }
    out[i].start_ns = static_cast<uint64_t>(starts[i]);
    out[i].end_ns = out[i].start_ns + static_cast<uint64_t>(durations[i]);
    out[i].errors = static_cast<uint32_t>(errors[i]);
    out[i].root = static_cast<uint32_t>(roots[i]);
  }
  if (!raw.empty()) return malformed("traces");
  return out;
}

Result<std::vector<TraceId>> decode_listed(std::string_view raw) {
  if (raw.size() % 16 != 0) return malformed("listed traces");
  std::vector<TraceId> out;
  for (size_t at = 0; at < raw.size(); at += 16) {
    out.push_back(TraceId::from_bytes(raw.data() + at));
    if (out.size() > 1 && !(out[out.size() - 2] < out.back())) return malformed("listed traces");
  }
  return out;
}

Result<std::vector<KeyEntry>> decode_keys(std::string_view raw) {
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

Result<PerLeaf<PageSets>> decode_page_sets(std::string_view raw) {
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
