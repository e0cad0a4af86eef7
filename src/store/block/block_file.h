// A block's file opened and judged: footer and index agree with each other and with the file's length, so that every
// page's place is known to lie inside. What is in the pages is judged when they are read.
//
// Thread rule: immutable after open(); reads from any thread. The object store outlives the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "column/unit.h"
#include "env/object_store.h"
#include "store/block/block_index.h"
#include "store/block/block_schema.h"
#include "store/block/trace_lookup.h"
#include "store/parquet/metadata.h"

namespace clew::store {

class BlockFile {
 public:
  // Two requests for the size and the tail; one or two more when what is needed of index and footer is longer than
  // kTailBytes.
  static constexpr size_t kTailBytes = size_t{256} << 10;
  static Result<std::unique_ptr<const BlockFile>> open(env::ObjectStore& store, std::string key,
                                                       parquet::Checksums checksums = parquet::Checksums::verify);

  // One leaf in one row group.
  struct Chunk {
    parquet::Codec codec = parquet::Codec::uncompressed;
    ChunkEncoding encoding = ChunkEncoding::dictionary;
    uint32_t entries = 0;
    uint32_t code_base = 0;  // the unit's code of its entry 0: entries of the row groups before
    uint64_t dictionary_offset = 0;
    uint64_t dictionary_bytes = 0;
    std::vector<uint64_t> page_offsets;  // one more than pages
    std::vector<uint32_t> codes_ends;

    uint32_t codes_begin(uint32_t page) const { return page == 0 ? 0 : codes_ends[page - 1]; }
  };

  const std::string& key() const { return key_; }
  // The unit's: the folder the file lies in, which is the block's id, and the file's name unless it is "data".
  const std::string& name() const { return name_; }
  parquet::Checksums checksums() const { return checksums_; }
  uint64_t size() const { return size_; }
  // Where the pages end and the index begins.
  uint64_t data_end() const { return index_offset_; }
  const BlockCounts& counts() const { return counts_; }
  const TraceLookup& trace_lookup() const { return trace_lookup_; }
  const PageRanges& ranges_of_page(uint32_t page) const { return page_ranges_[page]; }
  const std::vector<Leaf>& leaves() const { return leaves_; }
  const std::vector<KeyEntry>& keys() const { return keys_; }
  const Chunk& chunk(uint32_t leaf, uint32_t group) const { return chunks_[leaf][group]; }
  // Entries of the leaf over all row groups; 2 for booleans.
  uint32_t entries(uint32_t leaf) const { return entries_[leaf]; }

  uint32_t rows() const { return static_cast<uint32_t>(counts_.rows); }
  uint32_t page_rows() const { return static_cast<uint32_t>(counts_.page_rows); }
  uint32_t groups() const { return groups_; }
  uint32_t pages() const { return (rows() + page_rows() - 1) / page_rows(); }
  uint32_t pages_per_group() const { return static_cast<uint32_t>(counts_.row_group_rows) / page_rows(); }
  uint32_t group_of_page(uint32_t page) const { return page / pages_per_group(); }
  uint32_t page_in_group(uint32_t page) const { return page % pages_per_group(); }
  // Where the entry of a unit's code of the leaf is. corruption when there is none.
  struct EntryPlace {
    bool is_plain = false;  // in a page, else in the dictionary of a row group
    uint32_t part = 0;      // that page (counted over the block) or row group
    uint32_t at = 0;
  };
  Result<EntryPlace> entry_place(uint32_t leaf, uint32_t code) const;
  RowRange rows_of_page(uint32_t page) const;
  RowRange rows_of_group(uint32_t group) const;

  Result<std::string> read(uint64_t offset, uint64_t count) const { return store_.get_range(key_, offset, count); }
  void announce(std::span<const env::ByteRange> ranges) const { store_.announce(key_, ranges); }
  // A section of the index; empty where there is none. Its stored bytes say what reading it costs.
  const IndexDirectory::Section* find_section(SectionId id) const { return directory_.find(id); }
  Result<std::string> read_section(SectionId id) const;
  // Some bytes of a section that is stored as it is, not verified.
  Result<std::string> read_in_section(SectionId id, uint64_t offset, uint64_t count) const;
  // What stays in memory as long as the block is open.
  size_t resident_bytes() const;
  // The error, with the block's and the leaf's name.
  Error in_leaf(Error error, uint32_t leaf) const;

 private:
  BlockFile(env::ObjectStore& store, std::string key, parquet::Checksums checksums)
      : store_(store), key_(std::move(key)), name_(name_in(key_)), checksums_(checksums) {}
  static std::string name_in(const std::string& key);
  Status load();
  Status check_columns(const parquet::FileMetadata& metadata, const PerLeaf<ChunkPages>& pages, uint64_t data_end);
  Status name_attribute_leaves(size_t leaves);
  Status check_chunk(uint32_t leaf, uint32_t group, const parquet::ColumnChunk& stored, const ChunkPages& pages,
                     uint64_t data_end);

  env::ObjectStore& store_;
  std::string key_;
  std::string name_;
  parquet::Checksums checksums_;
  uint64_t size_ = 0;
  uint32_t groups_ = 0;
  BlockCounts counts_;
  uint64_t index_offset_ = 0;
  IndexDirectory directory_;
  TraceLookup trace_lookup_;
  std::vector<PageRanges> page_ranges_;
  std::vector<KeyEntry> keys_;
  std::vector<Leaf> leaves_;
  std::vector<uint32_t> entries_;
  PerLeaf<Chunk> chunks_;
};

}  // namespace clew::store
