#include "store/block/block_salvage.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "column/span_table.h"
#include "store/block/block.h"
#include "store/block/block_merger.h"
#include "store/block/index_rebuild.h"
#include "store/block/leaf_reader.h"
#include "store/block/memory_objects.h"

namespace clew::store {
namespace {

constexpr size_t kCacheBytes = size_t{32} << 20;

// A block whose rows can be walked: the trace table and the listed traces are readable.
Result<std::shared_ptr<const Block>> open_walkable(env::ObjectStore& objects, const std::string& key,
                                                   ReadCache& cache) {
  ASSIGN_OR_RETURN(auto block, Block::open(objects, key, parquet::Checksums::verify, cache));
  ASSIGN_OR_RETURN(std::string raw, block->file().read_section({SectionKind::runs}));
  TRY(decode_runs(raw, block->file().counts()));
  return block;
}

// All rows of the pieces of a block that can be read, piece by piece.
class Salvager {
 public:
  // `is_rebuilt`: nothing is known of which traces are listed.
  Salvager(std::shared_ptr<const Block> block, bool is_rebuilt, const SalvageOptions& options)
      : block_(std::move(block)), is_rebuilt_(is_rebuilt), options_(options), unit_(block_->unit(nullptr)) {}

  Result<SalvagedBlock> run() {
    const uint32_t rows = block_->file().rows();
    for (uint32_t begin = 0; begin < rows;) {
      // What is held of dictionaries goes with the unit; a row group's are needed to its end.
      unit_ = block_->unit(nullptr);
      const uint32_t end = std::min(rows - begin, options_.piece_rows) + begin;
      TRY(add_piece({begin, end}));
      begin = end;
    }
    SalvagedBlock out;
    out.rows_lost = lost_;
    if (pieces_.empty()) return out;
    ASSIGN_OR_RETURN(out.bytes, join(&out.summary));
    out.summary.duplicates = block_->counts().duplicates;
    return out;
  }

 private:
  Status add_piece(RowRange range) {
    SpanTable spans;
    std::vector<uint32_t> rows;
    const uint32_t page_rows = block_->file().page_rows();
    for (uint32_t begin = range.begin; begin < range.end;) {
      const uint32_t end = std::min(range.end, (begin / page_rows + 1) * page_rows);
      if (is_rebuilt_ && !has_trace_ids(begin / page_rows)) {
        lost_ += end - begin;
        begin = end;
        continue;
      }
      rows.resize(end - begin);
      std::iota(rows.begin(), rows.end(), begin);
      copy(rows, spans);
      begin = end;
    }
    spans.publish();
    if (spans.rows() == 0) return {};
    ASSIGN_OR_RETURN(std::string piece, write_block(spans, spans.rows(), listed(spans), options_.block, &summary_));
    const std::string key = "piece-" + std::to_string(pieces_.size());
    TRY(objects_.put(key, piece));
    pieces_.push_back(key);
    return {};
  }

  // The rebuilt trace table only guesses where they cannot be read.
  bool has_trace_ids(uint32_t page) const {
    const BlockFile& file = block_->file();
    const uint32_t group = file.group_of_page(page), number = file.page_in_group(page);
    const auto& offsets = file.chunk(kTraceIdLeaf, group).page_offsets;
    auto bytes = file.read(offsets[number], offsets[number + 1] - offsets[number]);
    return bytes && read_leaf_page(file, kTraceIdLeaf, group, number, *bytes);
  }

  // A row is copied whole or not at all, so the first that is not there is the one that failed.
  void copy(std::span<const uint32_t> rows, SpanTable& spans) {
    while (!rows.empty()) {
      const uint32_t before = spans.pending_rows();
      if (unit_->copy_rows(rows, spans)) return;
      const uint32_t copied = spans.pending_rows() - before;
      ++lost_;
      rows = rows.subspan(copied + 1);
    }
  }

  // Traces of these spans that may go on elsewhere; all, when it is not known.
  std::vector<TraceId> listed(const SpanTable& spans) {
    std::vector<TraceId> out;
    const auto known = unit_->listed();
    for (uint32_t trace = 0; trace < spans.trace_count(spans.rows()); ++trace) {
      const TraceId id = spans.trace_id(trace);
      if (!is_rebuilt_ && known && !std::ranges::binary_search(*known, id)) continue;
      out.push_back(id);
    }
    std::ranges::sort(out);
    return out;
  }

  Result<std::string> join(BlockSummary* summary) {
    *summary = summary_;
    if (pieces_.size() == 1) return objects_.get(pieces_.front());
    std::vector<std::shared_ptr<const Block>> blocks;
    for (const std::string& key : pieces_) {
      ASSIGN_OR_RETURN(auto block, Block::open(objects_, key, parquet::Checksums::verify, cache_));
      blocks.push_back(std::move(block));
    }
    return merge_blocks(blocks, {.block = options_.block}, summary);
  }

  const std::shared_ptr<const Block> block_;
  const bool is_rebuilt_;
  const SalvageOptions& options_;
  std::shared_ptr<const Unit> unit_;
  MemoryObjects objects_;
  ReadCache cache_{kCacheBytes};
  std::vector<std::string> pieces_;
  BlockSummary summary_;
  uint64_t lost_ = 0;
};

}  // namespace

Result<SalvagedBlock> salvage_block(const std::string& key, std::string file, const SalvageOptions& options) {
  MemoryObjects objects;
  ReadCache cache(kCacheBytes);
  TRY(objects.put(key, file));
  auto block = open_walkable(objects, key, cache);
  const bool is_rebuilt = !block;
  if (is_rebuilt) {
    auto mended = rebuild_index(file);
    if (!mended) return std::unexpected(std::move(block.error()));
    TRY(objects.put(key, *mended));
    block = open_walkable(objects, key, cache);
    if (!block) return std::unexpected(std::move(block.error()));
  }
  return Salvager(std::move(*block), is_rebuilt, options).run();
}

}  // namespace clew::store
