#include "store/compactor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counters.h"
#include "base/log.h"
#include "store/block/read_cache.h"
#include "store/compaction_choice.h"
#include "store/erasures.h"
#include "store/masked_unit.h"
#include "store/readable_objects.h"

namespace clew::store {
namespace {

constexpr uint32_t kMostPauseLooks = 64;
// Of a tenant with an erasure that is due: many blocks may have some of its rows.
constexpr uint32_t kRewritesPerLook = 16;

struct CompactionCounters {
  Counter& merges = counter("clew_store_compactions_total", "Blocks made of several.");
  Counter& inputs = counter("clew_store_compacted_blocks_total", "Blocks that were replaced by one made of several.");
  Counter& spans = counter("clew_store_compacted_spans_total", "Spans written again by compaction.");
  Counter& failures = counter("clew_store_compaction_failures_total", "Merges that failed.");
  Counter& memory_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "compaction_memory"}});
  Counter& disk_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "compaction_disk"}});
};

CompactionCounters& counters() {
  static CompactionCounters* const instance = new CompactionCounters;
  return *instance;
}

bool is_displaced(const StoredBlock& block, const BlockPart& part) {
  return part.unit != block.id;
}

bool contains(const std::vector<std::shared_ptr<const StoredBlock>>& blocks,
              const std::shared_ptr<const StoredBlock>& block) {
  return std::ranges::find(blocks, block) != blocks.end();
}

std::vector<SegmentName> segments_of(const std::vector<std::shared_ptr<const StoredBlock>>& inputs) {
  std::vector<SegmentName> out;
  for (const auto& block : inputs) out.insert(out.end(), block->replaces.begin(), block->replaces.end());
  std::ranges::sort(out);
  auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

bool is_named(const std::string& id, const std::vector<std::shared_ptr<const StoredBlock>>& inputs) {
  return std::ranges::any_of(inputs, [&](const auto& block) {
    return block->id == id || std::ranges::find(block->replaces_blocks, id) != block->replaces_blocks.end();
  });
}

}  // namespace

void Compactor::look() {
  {
    std::lock_guard lock(merging_);
    if (looks_to_pause_ > 0) {
      --looks_to_pause_;
      return;
    }
  }
  for (const std::string& tenant : units_.tenants()) {
    const bool erased = is_erasure_due(*units_.of(tenant));
    auto merged = compact_once(tenant, erased);
    for (uint32_t more = 1; erased && merged && *merged && more < kRewritesPerLook; ++more) {
      merged = compact_once(tenant, true);
    }
    if (!merged && merged.error().code == ErrorCode::cancelled) return;
    std::lock_guard lock(merging_);
    failures_ = merged ? 0 : failures_ + 1;
    if (merged) continue;
    looks_to_pause_ = std::min(kMostPauseLooks, uint32_t{1} << std::min(failures_, 16U));
    counters().failures.add();
    log::error("blocks could not be merged; they stay as they are", {{"tenant", tenant}, {"reason", merged.error()}});
  }
}

Status Compactor::compact() {
  for (const std::string& tenant : units_.tenants()) {
    for (;;) {
      ASSIGN_OR_RETURN(bool merged, compact_once(tenant, false));
      if (!merged) break;
    }
  }
  return {};
}

Status Compactor::compact(const std::string& tenant) {
  for (;;) {
    ASSIGN_OR_RETURN(bool merged, compact_once(tenant, true));
    if (!merged) break;
  }
  const auto list = units_.of(tenant);
  auto left = std::ranges::count_if(list->blocks, [](const BlockPointer& block) { return block->has_mask(); });
  if (left == 0) return {};
  return fail(ErrorCode::resource_exhausted,
              fmt::format("{} blocks still hold erased spans: memory or disk is short, or they are damaged", left));
}

bool Compactor::is_erasure_due(const UnitList& list) const {
  return clew::store::is_erasure_due(list, options_, clock_.unix_ns());
}

Result<bool> Compactor::compact_once(const std::string& tenant, bool erased) {
  std::lock_guard lock(merging_);
  if (closing_.load(std::memory_order_acquire)) return fail(ErrorCode::cancelled, "the store is closing");
  TRY(remover_.remove_unfinished());
  const Choice choice = choose(tenant, erased);
  const Blocks& inputs = choice.inputs;
  if (inputs.empty()) return false;
  const uint64_t memory_bytes = compaction_memory_bytes(inputs);
  if (!has_room(inputs, memory_bytes)) return false;
  MemoryShare working(memory_, MemoryUse::compaction);
  working.set(memory_bytes);
  auto parts = merge(tenant, inputs);
  if (!parts && parts.error().code == ErrorCode::corruption) {
    set_apart_damaged(tenant, inputs);
    counters().failures.add();
    log::error("a block is damaged and is not merged with others", {{"tenant", tenant}, {"reason", parts.error()}});
    return true;  // the others may be merged
  }
  if (!parts) return std::unexpected(parts.error());
  return exchange(tenant, choice, *parts);
}

Compactor::Choice Compactor::choose(const std::string& tenant, bool erased) const {
  const auto list = units_.of(tenant);
  Choice out{{}, list->last_erasure};
  const auto may = [&](const StoredBlock& block) { return !damaged_.contains({block.tenant, block.id}); };
  if (options_.compaction_rows > 0) {
    const uint64_t now_ns = clock_.unix_ns();
    CompactionLimits limits;
    limits.rows = options_.compaction_rows;
    limits.memory_bytes = memory_->limit_bytes() / MemoryBudget::kCompactionShare;
    limits.window_ns = std::max<uint64_t>(1, options_.compaction_window_ns);
    limits.least_receive_ns = now_ns - std::min(now_ns, options_.retention_age_ns);
    out.inputs = choose_compaction(list->blocks, limits, may);
  }
  if (!erased || !out.inputs.empty()) return out;
  auto with_erased = std::ranges::find_if(
      list->blocks, [&](const BlockPointer& block) { return block->has_mask() && is_whole(*block) && may(*block); });
  if (with_erased != list->blocks.end()) out.inputs.push_back(*with_erased);
  return out;
}

bool Compactor::has_room(const Blocks& inputs, uint64_t memory_bytes) const {
  if (memory_->is_pressed() || !memory_->has_room(memory_bytes)) {
    counters().memory_limit.add();
    return false;
  }
  uint64_t bytes = options_.disk_reserve_bytes;
  for (const BlockPointer& block : inputs) bytes += block->bytes();
  auto free = files_.free_bytes(options_.folder);
  if (free && *free >= bytes) return true;
  counters().disk_limit.add();
  return false;
}

// Units that may hold spans of the traces being merged, beside those that are.
std::vector<std::shared_ptr<const Unit>> Compactor::others(const std::string& tenant, const Blocks& inputs,
                                                           bool displaced) const {
  std::vector<std::shared_ptr<const Unit>> out;
  auto list = units_.of(tenant);
  for (const auto& segment : list->segments) out.push_back(masked(segment->unit(), list->mask_of(*segment)));
  for (const BlockPointer& block : list->blocks) {
    const bool input = contains(inputs, block);
    for (const BlockPart& part : block->parts) {
      if (input && is_displaced(*block, part) == displaced) continue;
      if (auto unit = part.unit_for(nullptr)) out.push_back(std::move(unit));
    }
  }
  return out;
}

Result<std::vector<NewPart>> Compactor::merge(const std::string& tenant, const Blocks& inputs) {
  std::vector<NewPart> out;
  for (bool displaced : {false, true}) {
    std::vector<const BlockPart*> parts;
    for (const BlockPointer& block : inputs) {
      for (const BlockPart& part : block->parts) {
        if (is_displaced(*block, part) == displaced) parts.push_back(&part);
      }
    }
    if (parts.empty()) continue;
    const auto elsewhere = others(tenant, inputs, displaced);
    MergeOptions options;
    options.held_elsewhere = [&](TraceId id) {
      return std::ranges::any_of(elsewhere, [&](const auto& unit) {
        auto found = unit->find_trace(id);
        return !found || found->has_value();  // what cannot be read may hold it
      });
    };
    ASSIGN_OR_RETURN(NewPart merged, merge_parts(parts, std::move(options)));
    if (merged.summary.rows == 0) continue;
    merged.displaced = displaced;
    out.push_back(std::move(merged));
  }
  return out;
}

Result<NewPart> Compactor::merge_parts(const std::vector<const BlockPart*>& parts, MergeOptions options) {
  if (std::ranges::any_of(parts, [](const BlockPart* part) { return part->mask != nullptr; })) {
    options.dropped = [&](size_t input, TraceId id) { return parts[input]->mask && parts[input]->mask->hides_id(id); };
  }
  ReadableObjects objects(objects_, closing_);
  // What is read once does not drive out what queries read again.
  ReadCache cache(memory_->limit_bytes() / MemoryBudget::kReadsShare);
  std::vector<std::shared_ptr<const Block>> blocks;
  for (const BlockPart* part : parts) {
    ASSIGN_OR_RETURN(auto block, Block::open(objects, part->block->file().key(), parquet::Checksums::verify, cache));
    blocks.push_back(std::move(block));
  }
  NewPart out;
  ASSIGN_OR_RETURN(out.bytes, merge_blocks(blocks, options, &out.summary));
  return out;
}

Result<bool> Compactor::exchange(const std::string& tenant, const Choice& choice, const std::vector<NewPart>& parts) {
  const Blocks& inputs = choice.inputs;
  std::lock_guard lock(remover_.taking_out());
  const auto list = units_.of(tenant);
  // Retention took one, or more of one was erased: the rest is chosen anew.
  if (!std::ranges::all_of(inputs, [&](const BlockPointer& block) { return contains(list->blocks, block); })) {
    return true;
  }
  if (closing_.load(std::memory_order_acquire)) return fail(ErrorCode::cancelled, "the store is closing");
  if (list->erasure_unfinished) {
    return fail(ErrorCode::unavailable, "an erasure that failed could not be removed yet");
  }
  TRY(remover_.remove_unfinished());
  BlockPointer result;
  if (!parts.empty()) {
    ASSIGN_OR_RETURN(result, store(tenant, choice, parts));
  }
  units_.exchange(tenant, [&](UnitList& edited) {
    if (result) std::ranges::replace(edited.blocks, inputs.front(), result);
    std::erase_if(edited.blocks, [&](const BlockPointer& block) { return contains(inputs, block); });
  });
  for (const BlockPointer& block : inputs) result ? remover_.replace(block) : remover_.expire(block);
  counters().merges.add();
  counters().inputs.add(static_cast<int64_t>(inputs.size()));
  if (!result) {
    log::info("blocks with nothing but erased spans were removed", {{"inputs", inputs.size()}});
    return true;
  }
  uint64_t spans = 0;
  for (const NewPart& part : parts) spans += part.summary.rows;
  counters().spans.add(static_cast<int64_t>(spans));
  log::info("blocks merged",
            {{"block", result->id}, {"inputs", inputs.size()}, {"spans", spans}, {"bytes", result->bytes()}});
  return true;
}

Result<Compactor::BlockPointer> Compactor::store(const std::string& tenant, const Choice& choice,
                                                 const std::vector<NewPart>& parts) {
  uint64_t min_receive_ns = ~uint64_t{0};
  for (const NewPart& part : parts) min_receive_ns = std::min(min_receive_ns, part.summary.min_receive_ns);
  const std::vector<SegmentName> segments = segments_of(choice.inputs);
  std::string id = fmt::format("{:016x}-{}-x{}", min_receive_ns, segments.front().text(), segments.size());
  // A block that is rewritten alone has the same segments as before.
  if (choice.last_erasure > 0) id += fmt::format("-e{}", choice.last_erasure);
  // A repaired block may not know all its segments, and names the one that it was made of.
  while (is_named(id, choice.inputs)) id += "x";
  std::vector<std::string> replaced;
  for (const BlockPointer& block : choice.inputs) replaced.push_back(block->id);
  auto stored = store_block(objects_, tenant, id, segments, parts, std::move(replaced), choice.last_erasure);
  if (!stored) {
    remover_.note_unfinished(tenant, id);
    (void)remover_.remove_unfinished();
  }
  return stored;
}

// Which of them cannot be read is found by merging each alone.
void Compactor::set_apart_damaged(const std::string& tenant, const Blocks& inputs) {
  size_t found = 0;
  for (const BlockPointer& block : inputs) {
    auto alone = merge(tenant, {block});
    if (alone || alone.error().code != ErrorCode::corruption) continue;
    damaged_.emplace(tenant, block->id);
    note_damage(*block);
    ++found;
  }
  if (found > 0) return;
  for (const BlockPointer& block : inputs) damaged_.emplace(tenant, block->id);
}

// Of which part it is, reading each tells.
void Compactor::note_damage(const StoredBlock& block) {
  for (const BlockPart& part : block.parts) {
    if (part.is_damaged()) continue;
    auto read = merge_parts({&part}, {});
    if (!read && read.error().code == ErrorCode::corruption) part.block->note_damage(read.error().message);
  }
}

}  // namespace clew::store
