// What the index says of a block's pages beyond their places, gathered from each column chunk when it is finished,
// however it was made: value filters of coded chunks, ranges of times (docs/internals/block.md §6).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/block/block_index.h"
#include "store/block/leaf_writer.h"
#include "store/parquet/metadata.h"

namespace clew::store {

class PageIndex {
 public:
  // The chunks of a row group in order of leaves.
  void add_chunk(uint32_t leaf, parquet::PhysicalType type, const ChunkPages& pages, const LeafWriter::RawChunk& raw);
  void write(IndexWriter& index);

 private:
  void add_filter(uint32_t leaf, size_t width, const ChunkPages& pages, const LeafWriter::RawChunk& raw);
  void add_ranges(uint32_t leaf, std::span<const NumberRange> pages);

  struct Filter {
    uint32_t leaf;
    uint32_t group;
    std::string raw;
  };
  uint32_t group_ = 0;
  size_t first_page_ = 0;  // of the row group
  std::vector<Filter> filters_;
  std::vector<PageRanges> ranges_;
};

}  // namespace clew::store
