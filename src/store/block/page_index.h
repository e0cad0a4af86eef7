// What the index says of a block's pages beyond their places, gathered from the bytes of each column chunk when it is
// finished, however it was made: value filters of coded chunks, ranges of times (docs/internals/block.md §6).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/block/block_index.h"
#include "store/parquet/metadata.h"

namespace clew::store {

class PageIndex {
 public:
  // The chunks of a row group in order of leaves. `file` holds them at their offsets.
  Status add_chunk(std::string_view file, uint32_t leaf, const parquet::ColumnChunk& chunk, const ChunkPages& pages);
  void write(IndexWriter& index);

 private:
  Status add_filter(std::string_view file, uint32_t leaf, const parquet::ColumnChunk& chunk, const ChunkPages& pages);
  Status add_ranges(std::string_view file, uint32_t leaf, const parquet::ColumnChunk& chunk, const ChunkPages& pages);

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
