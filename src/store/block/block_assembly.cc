#include "store/block/block_assembly.h"

#include "base/bytes.h"
#include "base/huge_pages.h"
#include "store/parquet/page.h"

namespace clew::store {
namespace {

constexpr std::string_view kMagic = "PAR1";
// Room made at once for a row group, so that the file is not moved while it grows. What is not used is never touched.
constexpr size_t kUsualRowBytes = 48;

}  // namespace

BlockAssembly::BlockAssembly() : file_(kMagic) {}

void BlockAssembly::begin_row_group(uint32_t rows) {
  parquet::RowGroup group;
  reserve_large(file_, file_.size() + size_t{rows} * kUsualRowBytes);
  group.rows = rows;
  group.file_offset = static_cast<int64_t>(file_.size());
  metadata_.row_groups.push_back(std::move(group));
  metadata_.rows += rows;
  leaf_ = 0;
}

Status BlockAssembly::add_chunk(LeafWriter& writer, std::string min_value, std::string max_value) {
  if (leaf_ == pages_.size()) {
    pages_.emplace_back();
    sets_.emplace_back();
  }
  ASSIGN_OR_RETURN(auto chunk,
                   writer.end_row_group(file_, compressor_, pages_[leaf_].emplace_back(), sets_[leaf_].emplace_back()));
  page_index_.add_chunk(static_cast<uint32_t>(leaf_), chunk.type, pages_[leaf_].back(), writer.raw());
  writer.release();
  chunk.min_value = std::move(min_value);
  chunk.max_value = std::move(max_value);
  parquet::RowGroup& group = metadata_.row_groups.back();
  group.raw_bytes += chunk.raw_bytes;
  group.stored_bytes += chunk.stored_bytes;
  group.columns.push_back(std::move(chunk));
  ++leaf_;
  return {};
}

Status BlockAssembly::add_equal_chunk(const Leaf& leaf, std::string_view entries, uint32_t like, size_t max_bytes) {
  if (entries.size() > max_bytes) return LeafWriter::too_large(leaf);
  if (leaf_ == pages_.size()) {
    pages_.emplace_back();
    sets_.emplace_back();
  }
  parquet::RowGroup& group = metadata_.row_groups.back();
  const parquet::ColumnChunk other = group.columns[like];
  ChunkPages pages = pages_[like].back();
  const auto begin = static_cast<int64_t>(file_.size());
  const int64_t other_end = other.offset() + other.stored_bytes;
  parquet::ColumnChunk chunk = other;
  chunk.type = physical_type(leaf.kind);
  chunk.path = leaf.path;
  if (other.dictionary_page_offset != 0) {
    ASSIGN_OR_RETURN(const auto replaced,
                     parquet::PageHeader::decode(std::string_view(file_).substr(static_cast<size_t>(other.offset()))));
    parquet::PageHeader header = replaced.first;
    const bool compressed = other.codec == parquet::Codec::zstd;
    const std::string_view stored = compressed ? compressor_.compress(entries) : entries;
    parquet::append_page(header, entries.size(), stored, file_);
    pages.dictionary_bytes = static_cast<uint32_t>(static_cast<int64_t>(file_.size()) - begin);
    chunk.dictionary_page_offset = begin;
    chunk.raw_bytes -= header.raw_bytes + static_cast<int64_t>(replaced.second);
    chunk.raw_bytes += pages.dictionary_bytes + static_cast<int64_t>(entries.size() - stored.size());
  }
  chunk.data_page_offset = static_cast<int64_t>(file_.size());
  file_.append(file_, static_cast<size_t>(other.data_page_offset),
               static_cast<size_t>(other_end - other.data_page_offset));
  chunk.stored_bytes = static_cast<int64_t>(file_.size()) - begin;
  page_index_.add_chunk(static_cast<uint32_t>(leaf_), chunk.type, pages, {entries, {}, {}});
  PageSets sets = sets_[like].back();
  pages_[leaf_].push_back(std::move(pages));
  sets_[leaf_].push_back(std::move(sets));
  group.raw_bytes += chunk.raw_bytes;
  group.stored_bytes += chunk.stored_bytes;
  group.columns.push_back(std::move(chunk));
  ++leaf_;
  return {};
}

std::string BlockAssembly::finish(const Contents& contents, BlockSummary* summary) {
  IndexWriter index;
  index.counts(contents.counts);
  index.pages(pages_);
  index.traces(contents.traces);
  index.lookup(contents.traces);
  index.listed(contents.listed);
  index.keys(contents.keys);
  index.page_sets(sets_);
  page_index_.write(index);

  metadata_.schema = file_schema(contents.attribute_leaves);
  metadata_.created_by = "clew version 1.0.0 (build 0)";
  metadata_.key_values.emplace_back(kIndexKey, std::to_string(kIndexVersion) + " " + std::to_string(file_.size()) +
                                                   " " + std::to_string(index.size()));
  std::string footer = metadata_.encode();
  file_ += index.finish(footer);
  file_ += footer;
  ByteWriter(file_).fixed(static_cast<uint32_t>(footer.size()));
  file_ += kMagic;
  if (summary != nullptr) {
    const BlockCounts& counts = contents.counts;
    *summary = {counts.rows,         counts.traces,     file_.size(),          counts.duplicates,
                counts.min_start_ns, counts.max_end_ns, counts.min_receive_ns, counts.max_receive_ns};
  }
  return std::move(file_);
}

}  // namespace clew::store
