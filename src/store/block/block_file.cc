#include "store/block/block_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace clew::store {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr uint64_t kEndBytes = 8;  // footer length, magic

struct IndexPlace {
  uint64_t offset = 0;
  uint64_t length = 0;
};

Result<IndexPlace> index_place(const parquet::FileMetadata& metadata) {
  auto text = metadata.value_of(kIndexKey);
  if (!text) return corrupt("the Parquet file has no Clew index: it is not a block");
  uint64_t numbers[3] = {};
  const char* at = text->data();
  const char* end = at + text->size();
  for (uint64_t& number : numbers) {
    while (at != end && *at == ' ') ++at;
    auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return corrupt("the place of the Clew index is malformed");
    at = next;
  }
  if (numbers[0] != kIndexVersion) {
    return corrupt(
        fmt::format("the Clew index has version {}, this program reads version {}", numbers[0], kIndexVersion));
  }
  return IndexPlace{numbers[1], numbers[2]};
}

bool is_coded_only(LeafKind kind) {
  return kind == LeafKind::text || kind == LeafKind::bytes || kind == LeafKind::uuid || kind == LeafKind::hex ||
         kind == LeafKind::real || kind == LeafKind::uint32 || kind == LeafKind::single;
}

// What the leaf's values may be encoded as: the writer's choice within the format.
bool may_be(uint32_t leaf, LeafKind kind, ChunkEncoding encoding) {
  switch (leaf) {
    case kTraceIdLeaf: return encoding == ChunkEncoding::dictionary;
    case kSpanIdLeaf:
    case kParentIdLeaf:
    case kLinkTraceLeaf:
    case kLinkSpanLeaf: return encoding == ChunkEncoding::plain;
    case kParentRowLeaf:
    case kStartLeaf:
    case kDurationLeaf:
    case kEndBeforeStartLeaf:
    case kEventTimeLeaf: return encoding == ChunkEncoding::numbers;
    default: break;
  }
  if (kind == LeafKind::boolean) return encoding == ChunkEncoding::plain;
  return (is_coded_only(kind) || kind == LeafKind::integer || kind == LeafKind::timestamp) &&
         encoding != ChunkEncoding::numbers;
}

}  // namespace

Result<std::unique_ptr<const BlockFile>> BlockFile::open(env::ObjectStore& store, std::string key,
                                                         parquet::Checksums checksums) {
  std::unique_ptr<BlockFile> file(new BlockFile(store, std::move(key), checksums));
  if (Status status = file->load(); !status) {
    return std::unexpected(std::move(status.error()).context("block " + file->key_));
  }
  return file;
}

RowRange BlockFile::rows_of_page(uint32_t page) const {
  uint32_t begin = page * page_rows();
  return {begin, begin + std::min(page_rows(), rows() - begin)};
}

RowRange BlockFile::rows_of_group(uint32_t group) const {
  uint64_t begin = group * counts_.row_group_rows;
  return {static_cast<uint32_t>(begin), static_cast<uint32_t>(std::min(counts_.rows, begin + counts_.row_group_rows))};
}

Error BlockFile::in_leaf(Error error, uint32_t leaf) const {
  return std::move(error).context(fmt::format("block {}, column {}", key_, fmt::join(leaves_[leaf].path, ".")));
}

std::string BlockFile::name_in(const std::string& key) {
  std::string_view folder = std::string_view(key).substr(0, std::min(key.rfind('/'), key.size()));
  if (folder.size() == key.size()) return key;
  std::string_view file = std::string_view(key).substr(folder.size() + 1);
  std::string id(folder.substr(folder.rfind('/') + 1));
  file = file.substr(0, file.rfind('.'));
  return file == "data" ? id : fmt::format("{}-{}", id, file);
}

// The end of the file, as far as it has been read.
class FileTail {
 public:
  FileTail(const BlockFile& file, uint64_t end) : file_(file), begin_(end), end_(end) {}

  // Views [from, to) until the next call.
  Result<std::string_view> view(uint64_t from, uint64_t to) {
    if (from < begin_) {
      ASSIGN_OR_RETURN(std::string more, file_.read(from, begin_ - from));
      bytes_.insert(0, more);
      begin_ = from;
    }
    return std::string_view(bytes_).substr(from - begin_, to - from);
  }
  uint64_t end() const { return end_; }

 private:
  const BlockFile& file_;
  uint64_t begin_, end_;
  std::string bytes_;
};

Status BlockFile::load() {
  ASSIGN_OR_RETURN(size_, store_.size(key_));
  if (size_ < kMagic.size() + kEndBytes) return corrupt("the file is too short for a Parquet file");
  FileTail tail(*this, size_);
  TRY(tail.view(size_ - std::min<uint64_t>(size_, kTailBytes), size_));
  ASSIGN_OR_RETURN(std::string_view end, tail.view(size_ - kEndBytes, size_));
  if (!end.ends_with(kMagic)) return corrupt("the file does not end as a Parquet file");
  uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, end.data(), sizeof footer_bytes);
  if (footer_bytes > size_ - kEndBytes - kMagic.size()) return corrupt("the Parquet footer's length is wrong");
  const uint64_t footer_begin = size_ - kEndBytes - footer_bytes;
  ASSIGN_OR_RETURN(std::string_view in_tail, tail.view(footer_begin, size_ - kEndBytes));
  const std::string footer(in_tail);
  ASSIGN_OR_RETURN(parquet::FileMetadata metadata, parquet::FileMetadata::decode(footer));
  ASSIGN_OR_RETURN(IndexPlace place, index_place(metadata));
  if (place.offset < kMagic.size() || place.offset > footer_begin || place.length != footer_begin - place.offset ||
      place.length < IndexDirectory::kEndBytes) {
    return corrupt("the Clew index does not lie before the footer");
  }
  index_offset_ = place.offset;
  ASSIGN_OR_RETURN(std::string_view index_end, tail.view(footer_begin - IndexDirectory::kEndBytes, footer_begin));
  ASSIGN_OR_RETURN(uint64_t directory_bytes, IndexDirectory::bytes_of(index_end, place.length));
  ASSIGN_OR_RETURN(std::string_view directory, tail.view(footer_begin - directory_bytes, footer_begin));
  ASSIGN_OR_RETURN(directory_, IndexDirectory::decode(directory, place.length, footer, checksums_));
  auto section = [&](SectionKind kind) -> Result<std::string> {
    const auto* found = directory_.find({kind});
    if (found == nullptr) return std::string();
    uint64_t begin = index_offset_ + found->offset;
    ASSIGN_OR_RETURN(std::string_view stored, tail.view(begin, begin + found->stored_bytes));
    return open_section(*found, stored, checksums_);
  };
  // From the end on: the tail grows to the front.
  ASSIGN_OR_RETURN(std::string counts, section(SectionKind::counts));
  ASSIGN_OR_RETURN(counts_, decode_counts(counts));
  // Span ids are never compressed: the file's length bounds the rows, and with them all that is ever allocated for
  // them.
  if (counts_.rows > size_ / 8) return corrupt("the file is too short for its rows");
  groups_ = static_cast<uint32_t>((counts_.rows + counts_.row_group_rows - 1) / counts_.row_group_rows);
  ASSIGN_OR_RETURN(std::string ranges, section(SectionKind::page_ranges));
  ASSIGN_OR_RETURN(page_ranges_, decode_page_ranges(ranges, this->pages()));
  ASSIGN_OR_RETURN(std::string raw_pages, section(SectionKind::pages));
  ASSIGN_OR_RETURN(auto pages, decode_pages(raw_pages));
  ASSIGN_OR_RETURN(std::string raw_keys, section(SectionKind::keys));
  ASSIGN_OR_RETURN(keys_, decode_keys(raw_keys));
  ASSIGN_OR_RETURN(std::string fingerprints, section(SectionKind::fingerprints));
  ASSIGN_OR_RETURN(trace_lookup_, TraceLookup::decode(fingerprints, counts_.traces));
  return check_columns(metadata, pages, place.offset);
}

Result<std::string> BlockFile::read_section(SectionId id) const {
  const auto* section = directory_.find(id);
  if (section == nullptr || section->stored_bytes == 0) return std::string();
  ASSIGN_OR_RETURN(std::string stored, read(index_offset_ + section->offset, section->stored_bytes));
  auto raw = open_section(*section, stored, checksums_);
  if (!raw) return std::unexpected(std::move(raw.error()).context("block " + key_));
  return raw;
}

Result<std::string> BlockFile::read_in_section(SectionId id, uint64_t offset, uint64_t count) const {
  const auto* section = directory_.find(id);
  if (section == nullptr || section->stored_bytes != section->raw_bytes || offset > section->stored_bytes ||
      count > section->stored_bytes - offset) {
    return corrupt("block " + key_ + ": a section of its index is too short");
  }
  return read(index_offset_ + section->offset + offset, count);
}

size_t BlockFile::resident_bytes() const {
  size_t total = sizeof *this + directory_.memory_bytes() + trace_lookup_.bytes();
  total += page_ranges_.capacity() * sizeof(PageRanges) + entries_.capacity() * sizeof(uint32_t);
  for (const KeyEntry& key : keys_) total += sizeof key + key.name.capacity() + sizeof(KeyEntry::Column) * 2;
  for (const Leaf& leaf : leaves_) total += sizeof leaf + leaf.path.size() * sizeof(std::string);
  for (const auto& groups : chunks_) {
    for (const Chunk& chunk : groups) {
      total += sizeof chunk + chunk.page_offsets.capacity() * sizeof(uint64_t) +
               chunk.codes_ends.capacity() * sizeof(uint32_t);
    }
  }
  return total;
}

Result<BlockFile::EntryPlace> BlockFile::entry_place(uint32_t leaf, uint32_t code) const {
  for (uint32_t group = 0; group < groups_; ++group) {
    const Chunk& chunk = chunks_[leaf][group];
    uint32_t local = code - chunk.code_base;
    if (local >= chunk.entries) continue;
    if (chunk.encoding != ChunkEncoding::plain) return EntryPlace{false, group, local};
    auto page = static_cast<uint32_t>(std::ranges::upper_bound(chunk.codes_ends, local) - chunk.codes_ends.begin());
    if (page >= chunk.codes_ends.size()) break;
    return EntryPlace{true, group * pages_per_group() + page, local - chunk.codes_begin(page)};
  }
  return std::unexpected(in_leaf({ErrorCode::corruption, "a code is beyond all dictionaries"}, leaf));
}

Status BlockFile::name_attribute_leaves(size_t leaves) {
  leaves_ = fixed_leaves();
  leaves_.resize(leaves);
  std::vector<bool> named(leaves);
  for (const KeyEntry& key : keys_) {
    for (const KeyEntry::Column& column : key.columns) {
      if (column.leaf < kFixedLeaves || column.leaf >= leaves || named[column.leaf] || key.scope == Scope::event ||
          key.scope == Scope::link) {
        return corrupt("the key catalogue names a wrong column");
      }
      named[column.leaf] = true;
      leaves_[column.leaf] = attribute_leaf(key.scope, key.name, column.type);
    }
  }
  for (size_t leaf = kFixedLeaves; leaf < leaves; ++leaf) {
    if (!named[leaf]) return corrupt("an attribute column is not in the key catalogue");
  }
  return {};
}

Status BlockFile::check_columns(const parquet::FileMetadata& metadata, const PerLeaf<ChunkPages>& pages,
                                uint64_t data_end) {
  if (counts_.rows == 0 && pages.empty()) {
    leaves_ = fixed_leaves();
    entries_.assign(leaves_.size(), 0);
    chunks_.resize(leaves_.size());
    if (!keys_.empty() || counts_.traces != 0) return corrupt("a block without rows has traces or keys");
    return {};
  }
  if (pages.size() < kFixedLeaves || pages.size() > kFixedLeaves + kMaxAttributeColumns) {
    return corrupt("the index has another number of columns than the format");
  }
  TRY(name_attribute_leaves(pages.size()));
  if (metadata.row_groups.size() != groups_ || metadata.rows != static_cast<int64_t>(counts_.rows)) {
    return corrupt("footer and index disagree about the rows");
  }
  chunks_.resize(leaves_.size());
  entries_.resize(leaves_.size());
  for (uint32_t group = 0; group < groups_; ++group) {
    const auto& stored = metadata.row_groups[group];
    if (stored.columns.size() != leaves_.size() || stored.rows != static_cast<int64_t>(rows_of_group(group).size())) {
      return corrupt("footer and index disagree about a row group");
    }
    for (uint32_t leaf = 0; leaf < leaves_.size(); ++leaf) {
      if (pages[leaf].size() != groups_) return corrupt("footer and index disagree about a column's row groups");
      TRY(check_chunk(leaf, group, stored.columns[leaf], pages[leaf][group], data_end));
    }
  }
  for (uint32_t leaf = 0; leaf < leaves_.size(); ++leaf) {
    if (leaves_[leaf].kind == LeafKind::boolean) entries_[leaf] = 2;
  }
  // The codes of a key's columns side by side must stay below kNoCode.
  for (const KeyEntry& key : keys_) {
    uint64_t total = 0;
    for (const auto& column : key.columns) total += entries_[column.leaf];
    if (total > kMaxBlockRows) return corrupt("a key has too many dictionary entries");
  }
  return {};
}

Status BlockFile::check_chunk(uint32_t leaf, uint32_t group, const parquet::ColumnChunk& stored,
                              const ChunkPages& pages, uint64_t data_end) {
  const Leaf& expected = leaves_[leaf];
  auto bad = [&](std::string_view what) -> Status {
    return corrupt(fmt::format("column {}: {}", fmt::join(expected.path, "."), what));
  };
  if (stored.path != expected.path) return bad("the footer has another column in its place");
  if (stored.type != physical_type(expected.kind)) return bad("the footer has another type");
  if (stored.codec != parquet::Codec::uncompressed && stored.codec != parquet::Codec::zstd) {
    return bad("unknown compression");
  }
  if (!may_be(leaf, expected.kind, pages.encoding)) {
    return bad("the encoding is not one of this column");
  }
  if (leaf == kSpanIdLeaf && stored.codec != parquet::Codec::uncompressed) return bad("it is compressed");
  RowRange rows = rows_of_group(group);
  if (pages.pages.size() != (rows.size() + page_rows() - 1) / page_rows()) return bad("pages are missing");
  bool has_dictionary = pages.encoding == ChunkEncoding::dictionary;
  if (has_dictionary != (pages.dictionary_bytes != 0) || (!has_dictionary && stored.dictionary_page_offset != 0)) {
    return bad("the dictionary page is missing");
  }
  if (stored.offset() < 4 || static_cast<uint64_t>(stored.offset()) > data_end) return bad("it lies outside the file");
  Chunk chunk;
  chunk.codec = stored.codec;
  chunk.encoding = pages.encoding;
  chunk.entries = expected.kind == LeafKind::boolean ? 0 : pages.entries;
  chunk.code_base = entries_[leaf];
  chunk.dictionary_offset = static_cast<uint64_t>(stored.offset());
  chunk.dictionary_bytes = pages.dictionary_bytes;
  uint64_t at = chunk.dictionary_offset + chunk.dictionary_bytes;
  chunk.page_offsets.push_back(at);
  for (const ChunkPages::Page& page : pages.pages) {
    at += page.bytes;
    chunk.page_offsets.push_back(at);
    chunk.codes_ends.push_back(page.codes_end);
  }
  if (at > data_end || static_cast<uint64_t>(stored.data_page_offset) != chunk.page_offsets[0]) {
    return bad("it lies outside the file");
  }
  if (leaf == kSpanIdLeaf && at - chunk.page_offsets[0] < uint64_t{rows.size()} * 8) return bad("it is too short");
  if (uint64_t{entries_[leaf]} + chunk.entries > kMaxBlockRows) return bad("it has too many entries");
  entries_[leaf] += chunk.entries;
  chunks_[leaf].push_back(std::move(chunk));
  return {};
}

}  // namespace clew::store
