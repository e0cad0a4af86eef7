#include "store/block_repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>

#include "base/counters.h"
#include "base/log.h"
#include "store/block/block_salvage.h"
#include "store/erasures.h"
#include "store/readable_objects.h"
#include "store/store_verify.h"

namespace clew::store {
namespace {

struct RepairCounters {
  Counter& blocks = counter("clew_store_repaired_blocks_total", "Damaged blocks that were replaced by what was saved.");
  Counter& lost = counter("clew_store_repair_lost_spans_total", "Spans of damaged blocks that could not be saved.");
};

RepairCounters& counters() {
  static RepairCounters* const instance = new RepairCounters;
  return *instance;
}

std::string folder_of_damaged(const StoredBlock& block) {
  return fmt::format("damaged/{}/{}/", block.tenant, block.id);
}

// "<receive time>-<lane>-<number>…": of a merged block the least of its segments.
std::optional<SegmentName> segment_of_id(const StoredBlock& block) {
  SegmentName out{block.tenant, 0, 0};
  const char* end = block.id.data() + block.id.size();
  const char* at = std::find(block.id.data(), end, '-');
  if (at == end) return std::nullopt;
  auto lane = std::from_chars(at + 1, end, out.lane);
  if (lane.ec != std::errc{} || lane.ptr == end || *lane.ptr != '-') return std::nullopt;
  auto number = std::from_chars(lane.ptr + 1, end, out.number);
  if (number.ec != std::errc{}) return std::nullopt;
  return out;
}

bool is_merged(std::string_view id) {
  return id.find("-x") != id.npos;
}

// Of a block whose meta cannot be read: the files that are there, and the segment that its id names.
Result<std::shared_ptr<StoredBlock>> known_by_files(env::ObjectStore& objects, const StoredBlock& block) {
  auto out = std::make_shared<StoredBlock>();
  out->tenant = block.tenant;
  out->id = block.id;
  const std::string folder = folder_of_block(block);
  ASSIGN_OR_RETURN(const auto keys, objects.list(folder));
  for (const std::string& key : keys) {
    const std::string file = key.substr(folder.size());
    if (file.ends_with(".parquet")) out->parts.emplace_back().file = file;
  }
  if (auto segment = segment_of_id(block)) out->replaces.push_back(*segment);
  return out;
}

BlockSummary summary_of(const Block& block) {
  const BlockCounts& counts = block.counts();
  return {counts.rows,         counts.traces,     block.bytes(),         counts.duplicates,
          counts.min_start_ns, counts.max_end_ns, counts.min_receive_ns, counts.max_receive_ns};
}

}  // namespace

std::string repaired_id(std::string_view id) {
  uint64_t number = 0;
  if (const size_t at = id.rfind("-r"); at != id.npos) {
    const char* end = id.data() + id.size();
    auto [next, error] = std::from_chars(id.data() + at + 2, end, number);
    if (error == std::errc{} && next == end) return fmt::format("{}-r{}", id.substr(0, at), number + 1);
  }
  return fmt::format("{}-r1", id);
}

Result<RepairReport> BlockRepairer::repair(const std::string& tenant) {
  TRY(remover_.remove_unfinished());
  RepairReport report;
  const auto list = units_.of(tenant);
  for (const BlockPointer& block : list->blocks) {
    Status looked = look_at(block, report);
    if (looked) continue;
    if (looked.error().code == ErrorCode::cancelled) return std::unexpected(looked.error());
    report.failures.push_back(
        fmt::format("block {} stays as it is and can be repaired later: {}", block->id, looked.error().message));
  }
  return report;
}

Status BlockRepairer::look_at(const BlockPointer& block, RepairReport& report) {
  const auto list = units_.of(block->tenant);
  auto same_id = [&](const BlockPointer& other) { return other != block && other->id == block->id; };
  if (std::ranges::any_of(list->blocks, same_id)) {
    // Its log was replayed for want of a meta, and sealed to the same place.
    units_.exchange(block->tenant, [&](UnitList& edited) { std::erase(edited.blocks, block); });
    forget_damage(*block);
    report.actions.push_back(fmt::format("block {} was written again from the log; nothing is lost", block->id));
    return {};
  }
  std::vector<bool> parts;
  ASSIGN_OR_RETURN(const bool intact, is_intact(*block, parts));
  if (intact) return {};
  const auto segment = block->damage.empty() ? std::nullopt : segment_of_id(*block);
  if (segment && std::ranges::any_of(list->segments, [&](const auto& live) { return live->name == *segment; })) {
    report.actions.push_back(
        fmt::format("block {}: the log has its spans, which will be written to it again; nothing is lost", block->id));
    return {};
  }
  return repair_block(block, parts, report);
}

// Also which parts are.
Result<bool> BlockRepairer::is_intact(const StoredBlock& block, std::vector<bool>& parts) const {
  ReadableObjects objects(objects_, ended_);
  bool intact = block.damage.empty();
  for (const BlockPart& part : block.parts) {
    ASSIGN_OR_RETURN(const BlockCheck checked, check_part(objects, block, part));
    parts.push_back(checked.intact());
    intact = intact && checked.intact();
  }
  return intact;
}

Status BlockRepairer::repair_block(const BlockPointer& block, const std::vector<bool>& intact, RepairReport& report) {
  std::shared_ptr<const StoredBlock> known = block;
  if (!block->damage.empty()) {
    ASSIGN_OR_RETURN(known, known_by_files(objects_, *block));
  }
  MemoryShare working(memory_, MemoryUse::compaction);
  working.set(3 * known->bytes());
  ASSIGN_OR_RETURN(Saved saved, save(*known, intact));
  TRY(keep_files(*known, saved));
  const std::string id = repaired_id(block->id);
  const uint64_t rows_saved = saved.rows_saved, rows_lost = saved.rows_lost;
  const bool loss_known = saved.loss_known;
  ASSIGN_OR_RETURN(const bool exchanged, exchange(block, *known, id, std::move(saved)));
  if (!exchanged) return {};
  report.rows_saved += rows_saved;
  report.rows_lost += rows_lost;
  counters().blocks.add();
  counters().lost.add(static_cast<int64_t>(rows_lost));
  std::string action =
      fmt::format("block {}: {} spans saved{}, {} lost; the damaged files are in {}", block->id, rows_saved,
                  rows_saved > 0 ? " to block " + id : "",
                  loss_known ? fmt::format("{}", rows_lost) : "an unknown number", folder_of_damaged(*block));
  if (!block->damage.empty() && is_merged(block->id)) {
    action += "; what else it replaced is not known, so that spans may be stored twice until blocks are merged";
  }
  log::warn("a damaged block was repaired",
            {{"block", block->id}, {"spans_saved", rows_saved}, {"spans_lost", rows_lost}});
  report.actions.push_back(std::move(action));
  return {};
}

Result<BlockRepairer::Saved> BlockRepairer::save(const StoredBlock& block, const std::vector<bool>& intact) const {
  Saved out;
  for (size_t i = 0; i < block.parts.size(); ++i) {
    TRY(save_part(block, block.parts[i], i < intact.size() && intact[i], out));
  }
  if (block.parts.empty()) out.loss_known = false;
  auto meta = objects_.get(key_of_meta(block));
  if (meta) out.files.emplace_back("meta.json", std::move(*meta));
  return out;
}

Status BlockRepairer::save_part(const StoredBlock& block, const BlockPart& part, bool intact, Saved& out) const {
  ReadableObjects objects(objects_, ended_);
  const std::string key = key_of_part(block, part);
  auto bytes = objects.get(key);
  if (!bytes && bytes.error().code == ErrorCode::not_found) {
    out.rows_lost += part.summary.rows;
    return {};
  }
  if (!bytes) return std::unexpected(bytes.error());
  out.files.emplace_back(part.file, *bytes);
  NewPart saved;
  saved.displaced = part.file != "data.parquet";
  if (intact) {
    ASSIGN_OR_RETURN(auto opened, Block::open(objects, key));
    saved.summary = summary_of(*opened);
    saved.bytes = std::move(*bytes);
  } else {
    auto salvaged = salvage_block(key, std::move(*bytes));
    if (!salvaged && salvaged.error().code != ErrorCode::corruption) return std::unexpected(salvaged.error());
    if (!salvaged) {
      log::error("nothing can be read of a damaged block", {{"block", block.id}, {"reason", salvaged.error()}});
      out.rows_lost += part.summary.rows;
      out.loss_known = out.loss_known && part.summary.rows > 0;
      return {};
    }
    out.rows_lost += salvaged->rows_lost;
    saved.bytes = std::move(salvaged->bytes);
    saved.summary = salvaged->summary;
  }
  if (saved.bytes.empty()) return {};
  out.rows_saved += saved.summary.rows;
  out.parts.push_back(std::move(saved));
  return {};
}

Status BlockRepairer::keep_files(const StoredBlock& block, const Saved& saved) {
  for (const auto& [name, bytes] : saved.files) TRY(objects_.put(folder_of_damaged(block) + name, bytes));
  return {};
}

// False when retention or compaction took the block meanwhile.
Result<bool> BlockRepairer::exchange(const BlockPointer& block, const StoredBlock& known, const std::string& id,
                                     Saved saved) {
  std::lock_guard lock(remover_.taking_out());
  const auto list = units_.of(block->tenant);
  if (std::ranges::find(list->blocks, block) == list->blocks.end()) return false;
  if (ended_.load(std::memory_order_acquire)) return fail(ErrorCode::cancelled, "the store is closing");
  if (list->erasure_unfinished) {
    return fail(ErrorCode::unavailable, "an erasure that failed could not be removed yet");
  }
  TRY(remover_.remove_unfinished());
  // None is made meanwhile; what they hide in the damaged block they hide in the new one.
  FoundErasures erasures(memory_);
  TRY(erasures.read(objects_));
  BlockPointer fresh;
  if (!saved.parts.empty()) {
    auto stored =
        store_block(objects_, block->tenant, id, known.replaces, saved.parts, {block->id}, known.erased_until);
    if (stored) stored = erasures.mask(*stored);
    if (!stored) {
      remover_.note_unfinished(block->tenant, id);
      (void)remover_.remove_unfinished();
      return std::unexpected(stored.error());
    }
    fresh = std::move(*stored);
  }
  units_.exchange(block->tenant, [&](UnitList& edited) {
    if (fresh) {
      std::ranges::replace(edited.blocks, block, fresh);
    } else {
      std::erase(edited.blocks, block);
    }
  });
  forget_damage(*block);
  // Of a block that is known by its files only, those are to be removed.
  BlockPointer leaving = block->damage.empty() ? block : std::make_shared<const StoredBlock>(known);
  if (fresh) {
    remover_.replace(std::move(leaving));
  } else {
    remover_.expire(std::move(leaving));
  }
  return true;
}

}  // namespace clew::store
