#include "store/block/index_rebuild.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "store/block/block_file.h"
#include "store/block/block_index.h"
#include "store/block/leaf_reader.h"
#include "store/block/memory_objects.h"
#include "store/parquet/rle.h"

namespace clew::store {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kIndexMagic = "CLWI";
constexpr size_t kDirectoryEntryBytes = 40;
constexpr std::string_view kKey = "rebuilt";

// Where everything is, however it was found out.
struct Layout {
  parquet::FileMetadata metadata;
  PerLeaf<ChunkPages> pages;
  std::vector<KeyEntry> keys;
  BlockCounts counts;  // rows and their division only
  uint64_t data_end = 0;
};

std::optional<std::string_view> footer_of(std::string_view file) {
  constexpr size_t kEndBytes = 8;
  if (file.size() < kMagic.size() + kEndBytes || !file.ends_with(kMagic)) return std::nullopt;
  uint32_t bytes = 0;
  std::memcpy(&bytes, file.data() + file.size() - kEndBytes, sizeof bytes);
  if (bytes > file.size() - kEndBytes - kMagic.size()) return std::nullopt;
  return file.substr(file.size() - kEndBytes - bytes, bytes);
}

// --- from the footer ---------------------------------------------------------------------------------------------

// "span.http.status_code:int" back to scope, key and type.
std::optional<std::pair<KeyEntry, ColumnType>> key_of_column(std::string_view name) {
  for (Scope scope : {Scope::span, Scope::resource, Scope::instrumentation}) {
    for (size_t type = kColumnTypes; type-- > 0;) {
      const auto column = static_cast<ColumnType>(type);
      const std::string affixes = attribute_column_name(scope, {}, column);
      const size_t prefix = affixes.size() - suffix_of(column).size();
      if (name.size() < affixes.size() || !name.starts_with(std::string_view(affixes).substr(0, prefix))) continue;
      if (!name.ends_with(suffix_of(column))) continue;
      KeyEntry key;
      key.scope = scope;
      key.name = std::string(name.substr(prefix, name.size() - affixes.size()));
      return std::pair(std::move(key), column);
    }
  }
  return std::nullopt;
}

Result<std::vector<KeyEntry>> keys_of(const parquet::RowGroup& group) {
  std::map<std::pair<Scope, std::string>, KeyEntry> keys;
  for (uint32_t leaf = kFixedLeaves; leaf < group.columns.size(); ++leaf) {
    const auto& path = group.columns[leaf].path;
    auto named = path.size() == 1 ? key_of_column(path.front()) : std::nullopt;
    if (!named) return corrupt("an attribute column has no key's name");
    auto [key, fresh] = keys.try_emplace({named->first.scope, named->first.name}, named->first);
    key->second.columns.push_back({named->second, leaf});
  }
  std::vector<KeyEntry> out;
  for (auto& [name, key] : keys) {
    std::ranges::sort(key.columns, {}, &KeyEntry::Column::type);
    out.push_back(std::move(key));
  }
  return out;
}

ChunkEncoding encoding_of(parquet::Encoding encoding) {
  if (encoding == parquet::Encoding::delta_binary_packed) return ChunkEncoding::numbers;
  return encoding == parquet::Encoding::rle_dictionary ? ChunkEncoding::dictionary : ChunkEncoding::plain;
}

// How many values a plain page has; of one that cannot be opened nothing is read later either.
uint32_t present_values(const Leaf& leaf, const parquet::OpenPage& page) {
  const auto values = static_cast<size_t>(page.header.values);
  if (leaf.max_definition == 0 && leaf.is_flat()) return static_cast<uint32_t>(values);
  if (values > kMaxPageValues) return 0;
  ByteReader reader(page.payload);
  if (!leaf.is_flat()) reader.take(reader.fixed<uint32_t>());
  std::vector<uint32_t> levels(values, leaf.max_definition);
  if (leaf.max_definition > 0) {
    const std::string_view runs = reader.take(reader.fixed<uint32_t>());
    if (!reader.ok() || !parquet::decode_rle(runs, leaf.max_definition > 1 ? 2 : 1, levels)) return 0;
  }
  return static_cast<uint32_t>(std::ranges::count(levels, uint32_t{leaf.max_definition}));
}

Result<ChunkPages> walk_chunk(std::string_view file, const Leaf& leaf, const parquet::ColumnChunk& chunk) {
  ChunkPages out;
  if (chunk.offset() < 4 || chunk.stored_bytes < 0 ||
      static_cast<uint64_t>(chunk.offset()) + static_cast<uint64_t>(chunk.stored_bytes) > file.size()) {
    return corrupt("a column lies outside the file");
  }
  std::string_view left = file.substr(static_cast<size_t>(chunk.offset()), static_cast<size_t>(chunk.stored_bytes));
  uint32_t codes_end = 0;
  while (!left.empty()) {
    ASSIGN_OR_RETURN(auto head, parquet::PageHeader::decode(left));
    const uint64_t bytes = head.second + static_cast<uint64_t>(head.first.stored_bytes);
    if (bytes > left.size()) return corrupt("a page reaches beyond its column");
    const auto page = parquet::open_page(left.substr(0, bytes), chunk.codec);
    left.remove_prefix(bytes);
    if (head.first.is_dictionary) {
      out.dictionary_bytes = static_cast<uint32_t>(bytes);
      out.entries = static_cast<uint32_t>(head.first.values);
      continue;
    }
    out.encoding = encoding_of(head.first.encoding);
    if (out.encoding == ChunkEncoding::dictionary) codes_end = out.entries;
    if (out.encoding == ChunkEncoding::plain && page) codes_end += present_values(leaf, *page);
    out.pages.push_back({static_cast<uint32_t>(bytes), codes_end});
  }
  if (out.encoding == ChunkEncoding::plain) out.entries = codes_end;
  return out;
}

// Rows of the first page: the length of all but a row group's last.
Result<uint64_t> first_page_rows(std::string_view file, const parquet::ColumnChunk& span_ids) {
  if (span_ids.data_page_offset < 4 || static_cast<uint64_t>(span_ids.data_page_offset) > file.size()) {
    return corrupt("a column lies outside the file");
  }
  ASSIGN_OR_RETURN(auto head, parquet::PageHeader::decode(file.substr(static_cast<size_t>(span_ids.data_page_offset))));
  return static_cast<uint64_t>(head.first.values);
}

Result<Layout> layout_of_footer(std::string_view file) {
  const auto footer = footer_of(file);
  if (!footer) return corrupt("the file does not end as a Parquet file");
  Layout out;
  ASSIGN_OR_RETURN(out.metadata, parquet::FileMetadata::decode(*footer));
  std::erase_if(out.metadata.key_values, [](const auto& pair) { return pair.first == kIndexKey; });
  const auto& groups = out.metadata.row_groups;
  if (groups.empty()) return corrupt("there are no rows");
  ASSIGN_OR_RETURN(out.keys, keys_of(groups.front()));
  std::vector<Leaf> leaves = fixed_leaves();
  if (groups.front().columns.size() < leaves.size()) return corrupt("columns are missing");
  leaves.resize(groups.front().columns.size());
  for (const KeyEntry& key : out.keys) {
    for (const auto& column : key.columns) leaves[column.leaf] = attribute_leaf(key.scope, key.name, column.type);
  }
  out.pages.resize(leaves.size());
  for (const parquet::RowGroup& group : groups) {
    if (group.columns.size() != leaves.size()) return corrupt("row groups have different columns");
    for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      const parquet::ColumnChunk& chunk = group.columns[leaf];
      ASSIGN_OR_RETURN(auto pages, walk_chunk(file, leaves[leaf], chunk));
      out.pages[leaf].push_back(std::move(pages));
      out.data_end = std::max(out.data_end, static_cast<uint64_t>(chunk.offset() + chunk.stored_bytes));
    }
  }
  out.counts.rows = static_cast<uint64_t>(out.metadata.rows);
  ASSIGN_OR_RETURN(out.counts.page_rows, first_page_rows(file, groups.front().columns[kSpanIdLeaf]));
  if (out.counts.page_rows == 0 || out.counts.page_rows > kMaxPageRows) return corrupt("a page has no rows");
  const auto rows = static_cast<uint64_t>(groups.front().rows);
  out.counts.row_group_rows = (rows + out.counts.page_rows - 1) / out.counts.page_rows * out.counts.page_rows;
  return out;
}

// --- from the index ----------------------------------------------------------------------------------------------

struct FoundIndex {
  IndexDirectory directory;
  uint64_t begin = 0;
  uint32_t footer_crc = 0;
};

// What stands at the end of a directory.
struct DirectoryEnd {
  uint32_t footer_crc;
  uint32_t own_crc;
  uint32_t magic;
};

// The directory ends in its magic and says how long it is: the last such place whose checksum is right.
std::optional<FoundIndex> find_index(std::string_view file) {
  for (size_t magic = file.rfind(kIndexMagic); magic != file.npos && magic > 0;
       magic = file.rfind(kIndexMagic, magic - 1)) {
    const size_t end = magic + kIndexMagic.size();
    if (end < IndexDirectory::kEndBytes) break;
    auto bytes = IndexDirectory::bytes_of(file.substr(end - IndexDirectory::kEndBytes, IndexDirectory::kEndBytes), end);
    if (!bytes || *bytes < IndexDirectory::kEndBytes + kDirectoryEntryBytes) continue;
    const std::string_view directory = file.substr(end - *bytes, *bytes);
    DirectoryEnd said{};
    std::memcpy(&said, directory.data() + directory.size() - sizeof said, sizeof said);
    const size_t covered = directory.size() - sizeof said + sizeof said.footer_crc;
    if (said.own_crc != crc32c(directory.substr(0, covered))) continue;
    ByteReader last(directory.substr(directory.size() - IndexDirectory::kEndBytes - kDirectoryEntryBytes));
    last.take(4 * sizeof(uint32_t));
    const auto offset = last.fixed<uint64_t>();
    const uint64_t sections_bytes = offset + last.fixed<uint64_t>();
    if (sections_bytes < offset || sections_bytes > end - *bytes) continue;
    auto decoded = IndexDirectory::decode(directory, sections_bytes + *bytes, {}, parquet::Checksums::ignore);
    if (decoded) return FoundIndex{std::move(*decoded), end - *bytes - sections_bytes, said.footer_crc};
  }
  return std::nullopt;
}

// Stored and raw length differ in a compressed page; of a chunk whose pages happen not to, each begins as zstd does.
parquet::Codec codec_of(std::string_view file, uint64_t offset, const ChunkPages& chunk) {
  constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
  std::vector<uint64_t> lengths;
  if (chunk.dictionary_bytes > 0) lengths.push_back(chunk.dictionary_bytes);
  for (const auto& page : chunk.pages) lengths.push_back(page.bytes);
  bool all_zstd = !lengths.empty();
  for (uint64_t length : lengths) {
    const std::string_view stored = file.substr(offset, length);
    offset += length;
    auto head = parquet::PageHeader::decode(stored);
    if (!head) continue;
    if (head->first.stored_bytes != head->first.raw_bytes) return parquet::Codec::zstd;
    all_zstd = all_zstd && stored.substr(head->second).starts_with(kZstd);
  }
  return all_zstd ? parquet::Codec::zstd : parquet::Codec::uncompressed;
}

Result<Layout> layout_of_index(std::string_view file, const FoundIndex& index) {
  auto section = [&](SectionKind kind) -> Result<std::string> {
    const auto* found = index.directory.find({kind});
    if (found == nullptr) return corrupt("the index lacks a section");
    return open_section(*found, file.substr(index.begin + found->offset, found->stored_bytes),
                        parquet::Checksums::verify);
  };
  Layout out;
  out.data_end = index.begin;
  ASSIGN_OR_RETURN(std::string raw, section(SectionKind::counts));
  ASSIGN_OR_RETURN(out.counts, decode_counts(raw));
  ASSIGN_OR_RETURN(raw, section(SectionKind::pages));
  ASSIGN_OR_RETURN(out.pages, decode_pages(raw));
  ASSIGN_OR_RETURN(raw, section(SectionKind::keys));
  ASSIGN_OR_RETURN(out.keys, decode_keys(raw));
  std::vector<Leaf> leaves = fixed_leaves();
  if (out.pages.size() < leaves.size()) return corrupt("columns are missing");
  leaves.resize(out.pages.size());
  for (const KeyEntry& key : out.keys) {
    for (const auto& column : key.columns) {
      if (column.leaf < kFixedLeaves || column.leaf >= leaves.size()) return corrupt("a key has no column");
      leaves[column.leaf] = attribute_leaf(key.scope, key.name, column.type);
    }
  }
  out.metadata.schema = file_schema({leaves.begin() + kFixedLeaves, leaves.end()});
  out.metadata.rows = static_cast<int64_t>(out.counts.rows);
  uint64_t at = kMagic.size();
  for (uint64_t row = 0, group = 0; row < out.counts.rows; row += out.counts.row_group_rows, ++group) {
    parquet::RowGroup& rows = out.metadata.row_groups.emplace_back();
    rows.rows = static_cast<int64_t>(std::min(out.counts.row_group_rows, out.counts.rows - row));
    for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      if (group >= out.pages[leaf].size()) return corrupt("a row group is missing");
      const ChunkPages& pages = out.pages[leaf][group];
      uint64_t end = at + pages.dictionary_bytes;
      for (const auto& page : pages.pages) end += page.bytes;
      if (end > index.begin) return corrupt("a column lies outside the file");
      parquet::ColumnChunk& chunk = rows.columns.emplace_back();
      chunk.type = physical_type(leaves[leaf].kind);
      chunk.path = leaves[leaf].path;
      chunk.codec = codec_of(file, at, pages);
      chunk.stored_bytes = static_cast<int64_t>(end - at);
      chunk.data_page_offset = static_cast<int64_t>(at + pages.dictionary_bytes);
      if (pages.dictionary_bytes > 0) chunk.dictionary_page_offset = static_cast<int64_t>(at);
      at = end;
    }
  }
  return out;
}

// --- the file ----------------------------------------------------------------------------------------------------

std::string assemble(std::string_view file, Layout layout, const std::vector<TraceRun>& runs) {
  std::string out(file.substr(0, layout.data_end));
  layout.counts.traces = runs.size();
  IndexWriter index;
  index.counts(layout.counts);
  index.pages(layout.pages);
  const uint64_t pages = (layout.counts.rows + layout.counts.page_rows - 1) / layout.counts.page_rows;
  index.page_ranges(std::vector<PageRanges>(pages, {INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX}));
  index.traces(runs);
  index.lookup(runs);
  index.listed({});
  index.keys(layout.keys);
  index.page_sets({});
  layout.metadata.key_values.emplace_back(
      kIndexKey, std::to_string(kIndexVersion) + " " + std::to_string(out.size()) + " " + std::to_string(index.size()));
  const std::string footer = layout.metadata.encode();
  out += index.finish(footer);
  out += footer;
  ByteWriter(out).fixed(static_cast<uint32_t>(footer.size()));
  out += kMagic;
  return out;
}

// The traces of the rows, numbered as the dictionaries of their ids are: where a page cannot be read, each trace that
// only it has gets a row of it.
class RunFinder {
 public:
  explicit RunFinder(const BlockFile& file) : file_(file) {}

  std::vector<TraceRun> find() {
    for (uint32_t group = 0; group < file_.groups(); ++group) add_group(group);
    return std::move(runs_);
  }

 private:
  Result<std::vector<uint32_t>> codes_of_page(uint32_t page) const {
    const uint32_t group = file_.group_of_page(page);
    const auto& chunk = file_.chunk(kTraceIdLeaf, group);
    const uint32_t number = file_.page_in_group(page);
    const uint64_t begin = chunk.page_offsets[number];
    ASSIGN_OR_RETURN(std::string bytes, file_.read(begin, chunk.page_offsets[number + 1] - begin));
    ASSIGN_OR_RETURN(LeafPage decoded, read_leaf_page(file_, kTraceIdLeaf, group, number, bytes));
    for (uint32_t& code : decoded.codes) code -= chunk.code_base;
    return std::move(decoded.codes);
  }

  void add_group(uint32_t group) {
    const RowRange rows = file_.rows_of_group(group);
    const auto entries = read_entries(file_, kTraceIdLeaf, group);
    if (!entries || (*entries)->size() == 0) {
      // None of these rows can be read.
      runs_.push_back({{}, rows.begin, rows.size()});
      last_.reset();
      return;
    }
    std::vector<uint32_t> codes;
    codes.reserve(rows.size());
    for (uint32_t row = rows.begin; row < rows.end; row += file_.page_rows()) {
      auto page = codes_of_page(row / file_.page_rows());
      if (!page) page = std::vector<uint32_t>(std::min(file_.page_rows(), rows.end - row), kNoCode);
      codes.insert(codes.end(), page->begin(), page->end());
    }
    fill_gaps(codes, (*entries)->size());
    uint32_t before = kNoCode;
    for (uint32_t i = 0; i < codes.size(); ++i) {
      if (codes[i] != before) {
        const TraceId id = TraceId::from_bytes((*entries)->stored(codes[i]).data());
        if (i > 0 || last_ != id) runs_.push_back({id, rows.begin + i, 0});
        last_ = id;
      }
      before = codes[i];
      ++runs_.back().spans;
    }
  }

  static void fill_gaps(std::vector<uint32_t>& codes, uint32_t entries) {
    for (size_t begin = 0; begin < codes.size(); ++begin) {
      if (codes[begin] != kNoCode) continue;
      size_t end = begin;
      while (end < codes.size() && codes[end] == kNoCode) ++end;
      uint32_t next = begin == 0 ? 0 : codes[begin - 1] + 1;
      const uint32_t most = end == codes.size() ? entries - 1 : codes[end];
      for (; begin < end; ++begin) codes[begin] = std::min(next++, most);
    }
  }

  const BlockFile& file_;
  std::vector<TraceRun> runs_;
  std::optional<TraceId> last_;  // of the row before
};

}  // namespace

Result<std::string> rebuild_index(std::string_view file) {
  const auto index = find_index(file);
  const auto footer = footer_of(file);
  // Nothing but the directory says whether the footer is as it was: a wrong one would give columns other names.
  const bool footer_is_good = footer && (!index || index->footer_crc == crc32c(*footer));
  auto layout = footer_is_good ? layout_of_footer(file) : Result<Layout>(corrupt("the Parquet footer is damaged"));
  if (!layout && index) layout = layout_of_index(file, *index);
  if (!layout) return std::unexpected(std::move(layout.error()));
  MemoryObjects objects;
  TRY(objects.put(std::string(kKey), assemble(file, *layout, {})));
  ASSIGN_OR_RETURN(auto opened, BlockFile::open(objects, std::string(kKey)));
  return assemble(file, std::move(*layout), RunFinder(*opened).find());
}

}  // namespace clew::store
