// A block in object storage, opened: what all queries share of it. Footer and index are read by open(); dictionaries,
// trace tables and the like when somebody first needs them, and then kept as long as the block.
//
// Thread rule: any thread. The object store outlives the block; the block outlives nothing, its units hold it.
// Errors: corruption for whatever does not fit together, naming block and column; else the object store's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "column/budget.h"
#include "column/unit.h"
#include "env/object_store.h"
#include "store/block/block_file.h"
#include "store/block/lazy.h"
#include "store/block/leaf_reader.h"
#include "store/block/residual_index.h"

namespace clew::store {

class Block : public std::enable_shared_from_this<Block> {
 public:
  static Result<std::shared_ptr<const Block>> open(env::ObjectStore& store, const std::string& key,
                                                   parquet::Checksums checksums = parquet::Checksums::verify);

  // The block as one query sees it: reads are charged to the budget, which may be null.
  std::shared_ptr<const Unit> unit(std::shared_ptr<ReadBudget> budget) const;

  const BlockCounts& counts() const { return file_->counts(); }
  uint64_t bytes() const { return file_->size(); }

  // --- of the unit ---
  const BlockFile& file() const { return *file_; }
  Result<const ChunkDictionary*> dictionary(uint32_t leaf, uint32_t group) const;
  // Null unless dictionary() has answered it before.
  const ChunkDictionary* loaded_dictionary(uint32_t leaf, uint32_t group) const;
  // The value of a code of the leaf; loads what it needs.
  Result<ValueView> value(uint32_t leaf, uint32_t code) const;

  Result<const std::vector<TraceRun>*> traces() const;  // without ids
  Result<const std::vector<TraceSummary>*> summaries() const;
  Result<const std::vector<TraceId>*> listed() const;
  Result<TraceId> trace_id(uint32_t trace) const;
  Result<std::optional<uint32_t>> find_trace(TraceId id) const;
  Result<const PerLeaf<PageSets>*> page_sets() const;
  // Entries of residual attributes of spans, or of events, or of links.
  Result<const ResidualIndex*> residual(ResidualPlace place) const;

 private:
  explicit Block(std::unique_ptr<const BlockFile> file);
  Result<const std::vector<TraceId>*> group_traces(uint32_t group) const;
  Result<std::vector<TraceId>> read_group_traces(uint32_t group) const;

  const std::unique_ptr<const BlockFile> file_;
  std::vector<std::vector<Lazy<ChunkDictionary>>> dictionaries_;  // [leaf][row group]
  std::vector<Lazy<std::vector<TraceId>>> group_traces_;
  Lazy<std::vector<TraceRun>> traces_;
  Lazy<std::vector<TraceSummary>> summaries_;
  Lazy<TraceLookup> lookup_;
  Lazy<std::vector<TraceId>> listed_;
  Lazy<PerLeaf<PageSets>> page_sets_;
  Lazy<ResidualIndex> residual_[3];
};

}  // namespace clew::store
