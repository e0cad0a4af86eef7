// The file of a block under construction: row groups one after the other, then index and footer
// (docs/internals/block.md, figure and §6). Sealing and merging end here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/block/block_index.h"
#include "store/block/block_schema.h"
#include "store/block/block_writer.h"
#include "store/block/leaf_writer.h"
#include "store/block/page_index.h"
#include "store/parquet/compression.h"
#include "store/parquet/metadata.h"

namespace clew::store {

class BlockAssembly {
 public:
  BlockAssembly();

  // A row group, and then a chunk for every leaf, in order.
  void begin_row_group(uint32_t rows);
  // Ends the writer's row group. `min_value`, `max_value`: the chunk's statistics, or empty.
  Status add_chunk(LeafWriter& writer, std::string min_value = {}, std::string max_value = {});
  // A chunk whose data pages are those of an earlier leaf of the row group, which is coded. `entries` are a dictionary
  // of as many entries as that has, as PLAIN has them. resource_exhausted when they have more than so many bytes.
  Status add_equal_chunk(const Leaf& leaf, std::string_view entries, uint32_t like, size_t max_bytes);

  // What the index says beside the pages.
  struct Contents {
    BlockCounts counts;
    std::span<const TraceRun> traces;
    std::vector<TraceId> listed;  // ascending
    std::vector<KeyEntry> keys;
    std::vector<Leaf> attribute_leaves;
  };
  std::string finish(const Contents& contents, BlockSummary* summary);

 private:
  std::string file_;
  parquet::FileMetadata metadata_;
  PerLeaf<ChunkPages> pages_;
  PerLeaf<PageSets> sets_;
  PageIndex page_index_;
  parquet::Compressor compressor_;
  size_t leaf_ = 0;
};

// Calls write(options) with smaller and smaller row groups and pages, until no column outgrows a page.
template <typename Write>
Result<std::string> write_fitting(BlockOptions options, Write&& write) {
  for (;;) {
    Result<std::string> written = write(options);
    const bool smallest = options.row_group_rows == 1;
    if (written || written.error().code != ErrorCode::resource_exhausted || smallest) return written;
    if (options.row_group_rows > options.page_rows) {
      uint32_t pages = options.row_group_rows / options.page_rows;
      options.row_group_rows = pages / 2 * options.page_rows;
    } else {
      options.page_rows /= 2;
      options.row_group_rows = options.page_rows;
    }
  }
}

}  // namespace clew::store
