#include "store/block/block.h"

#include <algorithm>

#include "store/block/block_unit.h"

namespace clew::store {

Block::Block(std::unique_ptr<const BlockFile> file) : file_(std::move(file)), group_traces_(file_->groups()) {
  dictionaries_.reserve(file_->leaves().size());
  for (size_t leaf = 0; leaf < file_->leaves().size(); ++leaf) dictionaries_.emplace_back(file_->groups());
}

Result<std::shared_ptr<const Block>> Block::open(env::ObjectStore& store, const std::string& key,
                                                 parquet::Checksums checksums) {
  ASSIGN_OR_RETURN(auto file, BlockFile::open(store, key, checksums));
  return std::shared_ptr<const Block>(new Block(std::move(file)));
}

std::shared_ptr<const Unit> Block::unit(std::shared_ptr<ReadBudget> budget) const {
  return std::make_shared<BlockUnit>(shared_from_this(), std::move(budget));
}

Result<const ChunkDictionary*> Block::dictionary(uint32_t leaf, uint32_t group) const {
  return dictionaries_[leaf][group].get([&] { return read_dictionary(*file_, leaf, group); });
}

const ChunkDictionary* Block::loaded_dictionary(uint32_t leaf, uint32_t group) const {
  return dictionaries_[leaf][group].peek();
}

Result<ValueView> Block::value(uint32_t leaf, uint32_t code) const {
  if (file_->leaves()[leaf].kind == LeafKind::boolean) return ValueView::of_bool(code != 0);
  for (uint32_t group = 0; group < file_->groups(); ++group) {
    const auto& chunk = file_->chunk(leaf, group);
    if (code - chunk.code_base >= chunk.entries) continue;
    ASSIGN_OR_RETURN(const ChunkDictionary* entries, dictionary(leaf, group));
    return entries->entries[code - chunk.code_base];
  }
  return corrupt("a code is beyond all dictionaries");
}

Result<const std::vector<TraceRun>*> Block::traces() const {
  return traces_.get([&] { return file_->index().traces(file_->counts()); });
}

Result<std::vector<TraceId>> Block::read_group_traces(uint32_t group) const {
  ASSIGN_OR_RETURN(auto entries, read_dictionary(*file_, kTraceIdLeaf, group));
  std::vector<TraceId> out;
  out.reserve(entries->entries.size());
  for (const ValueView& entry : entries->entries) out.push_back(TraceId::from_bytes(entry.text.data()));
  return out;
}

Result<const std::vector<TraceId>*> Block::group_traces(uint32_t group) const {
  return group_traces_[group].get([&] { return read_group_traces(group); });
}

Result<TraceId> Block::trace_id(uint32_t trace) const {
  ASSIGN_OR_RETURN(const auto* runs, traces());
  auto group = static_cast<uint32_t>((*runs)[trace].first_row / counts().row_group_rows);
  ASSIGN_OR_RETURN(const auto* ids, group_traces(group));
  // The first entry is the trace of the row group's first row.
  uint32_t first_row = file_->rows_of_group(group).begin;
  auto first = std::ranges::upper_bound(*runs, first_row, {}, &TraceRun::first_row) - runs->begin() - 1;
  size_t at = trace - static_cast<size_t>(first);
  if (at >= ids->size()) return corrupt("block " + file_->key() + ": a trace has no id");
  return (*ids)[at];
}

Result<const std::vector<TraceSummary>*> Block::summaries() const {
  return summaries_.get([&]() -> Result<std::vector<TraceSummary>> {
    ASSIGN_OR_RETURN(const auto* runs, traces());
    std::vector<TraceSummary> out;
    out.reserve(runs->size());
    for (uint32_t trace = 0; trace < runs->size();) {
      auto group = static_cast<uint32_t>((*runs)[trace].first_row / counts().row_group_rows);
      RowRange rows = file_->rows_of_group(group);
      ASSIGN_OR_RETURN(const auto* ids, group_traces(group));
      size_t at = (*runs)[trace].first_row > rows.begin ? 1 : 0;
      for (; trace < runs->size() && (*runs)[trace].first_row < rows.end; ++trace, ++at) {
        const TraceRun& run = (*runs)[trace];
        if (at >= ids->size()) return corrupt("block " + file_->key() + ": a trace has no id");
        out.push_back({(*ids)[at], run.start_ns, run.end_ns, run.spans, run.errors,
                       run.root == 0 ? kNoRow : run.first_row + run.root - 1});
      }
    }
    return out;
  });
}

Result<const std::vector<TraceId>*> Block::listed() const {
  return listed_.get([&] { return file_->index().listed(); });
}

Result<std::optional<uint32_t>> Block::find_trace(TraceId id) const {
  ASSIGN_OR_RETURN(const TraceLookup* lookup, lookup_.get([&] { return file_->index().lookup(file_->counts()); }));
  uint32_t fingerprint = TraceLookup::fingerprint(id);
  auto [begin, end] = std::ranges::equal_range(lookup->fingerprints, fingerprint);
  for (auto at = begin; at != end; ++at) {
    uint32_t trace = lookup->traces[static_cast<size_t>(at - lookup->fingerprints.begin())];
    ASSIGN_OR_RETURN(TraceId found, trace_id(trace));
    if (found == id) return std::optional<uint32_t>(trace);
  }
  return std::optional<uint32_t>{};
}

Result<const PerLeaf<PageSets>*> Block::page_sets() const {
  return page_sets_.get([&]() -> Result<PerLeaf<PageSets>> {
    ASSIGN_OR_RETURN(auto sets, file_->index().page_sets());
    bool fits = sets.size() == file_->leaves().size() || (file_->rows() == 0 && sets.empty());
    for (uint32_t leaf = 0; fits && leaf < sets.size(); ++leaf) {
      fits = sets[leaf].size() == file_->groups();
      for (uint32_t group = 0; fits && group < file_->groups(); ++group) {
        const PageSets& set = sets[leaf][group];
        size_t pages = file_->chunk(leaf, group).codes_ends.size();
        fits = set.entries == 0 ||
               (set.entries == file_->chunk(leaf, group).entries && set.bits.size() == pages * ((set.entries + 7) / 8));
      }
    }
    if (!fits) return corrupt("block " + file_->key() + ": page sets do not fit the columns");
    return sets;
  });
}

Result<const ResidualIndex*> Block::residual(ResidualPlace place) const {
  return residual_[static_cast<size_t>(place)].get([&]() -> Result<std::unique_ptr<ResidualIndex>> {
    auto index = ResidualIndex::scan(*this, place);
    if (!index) return std::unexpected(std::move(index.error()).context("block " + file_->key()));
    return index;
  });
}

}  // namespace clew::store
