#include "store/erasures.h"

#include <algorithm>

#include "base/counters.h"
#include "base/log.h"
#include "model/tenant.h"
#include "store/read_again.h"

namespace clew::store {
namespace {

struct ErasureCounters {
  Counter& traces = counter("clew_store_erased_traces_total", "Traces erased on request.");
  Counter& finished = counter("clew_store_erasures_finished_total", "Erasures of which no file holds a span any more.");
  Counter& ids_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "erasure_ids"}});
  Counter& records_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "erasure_records"}});
  Counter& memory_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "erasure_memory"}});
};

ErasureCounters& counters() {
  static ErasureCounters* const instance = new ErasureCounters;
  return *instance;
}

// What a mask takes for each trace at least.
constexpr uint64_t kMaskBytesPerTrace = 32;

bool is_damaged(const StoredBlock& block) {
  return !block.damage.empty() ||
         std::ranges::any_of(block.parts, [](const BlockPart& part) { return part.is_damaged(); });
}

bool may_hold(const StoredBlock& block, const Erasure& erasure) {
  auto of_part = [&](const BlockPart& part) { return part.mask && part.mask->has(erasure.number); };
  return std::ranges::any_of(block.parts, of_part) ||
         (is_damaged(block) && block.is_before(erasure.number, erasure.segments_below));
}

// Of the ids those that `mask` hides and `before` (null: nothing) did not.
void append_newly_hidden(std::span<const TraceId> ids, const UnitMask& mask, const MaskPointer& before,
                         std::vector<TraceId>& out) {
  for (TraceId id : mask.ids()) {
    if (std::ranges::binary_search(ids, id) && !(before && before->hides_id(id))) out.push_back(id);
  }
}

// Masks the parts that have some of the ids, which are appended to `found`. A part in which that cannot be found out
// because it is damaged is shown no more.
Result<std::shared_ptr<const StoredBlock>> mask_block(std::shared_ptr<const StoredBlock> block, uint64_t erasure,
                                                      std::span<const TraceId> ids,
                                                      const std::shared_ptr<MemoryBudget>& memory,
                                                      std::vector<TraceId>* found) {
  for (size_t i = 0; i < block->parts.size(); ++i) {
    const BlockPart& part = block->parts[i];
    if (part.is_damaged()) continue;
    const auto unit = part.block->unit(nullptr);
    auto mask = mask_unit(*unit, erasure, ids, part.mask, memory);
    if (!mask && mask.error().code == ErrorCode::corruption) {
      block = with_damage(*block, i, mask.error());
      continue;
    }
    if (!mask) return std::unexpected(mask.error());
    if (*mask == part.mask) continue;
    if (found != nullptr) append_newly_hidden(ids, **mask, part.mask, *found);
    auto fresh = std::make_shared<StoredBlock>(*block);
    fresh->parts[i].mask = std::move(*mask);
    block = std::move(fresh);
  }
  return block;
}

}  // namespace

bool is_erasure_due(const UnitList& list, const StoreOptions& options, uint64_t now_ns) {
  if (list.erasures.empty()) return false;
  return list.erasures.front().received_ns + options.erasure_delay_ns <= now_ns ||
         list.erasures.size() >= (options.erasure_records + 1) / 2;
}

Result<std::shared_ptr<const StoredBlock>> FoundErasures::mask(const std::shared_ptr<const StoredBlock>& block) const {
  auto found = records_.find(block->tenant);
  if (found == records_.end()) return block;
  std::shared_ptr<const StoredBlock> out = block;
  for (const auto& [number, record] : found->second) {
    if (!block->is_before(number, record.segments_below)) continue;
    auto masked = read_again([&] { return mask_block(out, number, record.ids, memory_, nullptr); });
    if (masked) {
      out = std::move(*masked);
      continue;
    }
    if (masked.error().code == ErrorCode::not_found) return masked;
    for (size_t i = 0; i < out->parts.size(); ++i) {
      if (!out->parts[i].is_damaged()) out = with_damage(*out, i, masked.error());
    }
  }
  return out;
}

MaskPointer FoundErasures::mask(const Segment& segment) const {
  MaskPointer out;
  auto found = records_.find(segment.name.tenant);
  if (found == records_.end()) return out;
  const auto unit = segment.unit();
  for (const auto& [number, record] : found->second) {
    if (segment.name.number >= record.segments_below) continue;
    if (auto mask = mask_unit(*unit, number, record.ids, out, memory_)) out = std::move(*mask);
  }
  return out;
}

void FoundErasures::show(UnitLists& units) const {
  for (const auto& [tenant, records] : records_) {
    if (records.empty()) continue;
    units.exchange(tenant, [&](UnitList& list) {
      list.erasures.clear();
      for (const auto& [number, record] : records) {
        list.erasures.push_back({number, record.received_ns, record.segments_below, record.ids.size(), 0});
        list.last_erasure = std::max(list.last_erasure, number);
      }
    });
  }
}

uint64_t FoundErasures::next_segment() const {
  uint64_t next = 1;
  for (const auto& [tenant, records] : records_) {
    for (const auto& [number, record] : records) next = std::max(next, record.segments_below);
  }
  return next;
}

Erasures::Erasures(const StoreOptions& options, const env::Clock& clock, env::ObjectStore& objects, UnitLists& units,
                   LogWriter& log, Sealer& sealer, BlockRemover& remover, std::shared_ptr<MemoryBudget> memory, Cut cut)
    : options_(options),
      clock_(clock),
      objects_(objects),
      units_(units),
      log_(log),
      sealer_(sealer),
      remover_(remover),
      memory_(std::move(memory)),
      cut_(std::move(cut)) {}

Result<Erased> Erasures::erase(std::string_view tenant, std::span<const TraceId> ids) {
  TRY(check_tenant_name(tenant));
  Making making;
  making.tenant = tenant;
  making.wanted.assign(ids.begin(), ids.end());
  std::ranges::sort(making.wanted);
  auto repeated = std::ranges::unique(making.wanted);
  making.wanted.erase(repeated.begin(), repeated.end());
  if (making.wanted.empty() || !units_.has(tenant)) return Erased{};
  if (making.wanted.size() > options_.erasure_ids) {
    counters().ids_limit.add();
    return fail(ErrorCode::resource_exhausted,
                "at most " + std::to_string(options_.erasure_ids) +
                    " traces can be erased at once (erasure.max_traces): erase fewer, more often");
  }
  std::lock_guard lock(making_);
  if (closed_) return fail(ErrorCode::unavailable, "the server is shutting down");
  TRY(remove_unfinished(making.tenant));
  if (units_.of(tenant)->erasures.size() >= options_.erasure_records) {
    counters().records_limit.add();
    return fail(ErrorCode::resource_exhausted,
                std::to_string(options_.erasure_records) +
                    " erasures wait for their spans to leave the files: have the store compacted (clew store compact)");
  }
  if (!memory_->has_room(making.wanted.size() * kMaskBytesPerTrace)) {
    counters().memory_limit.add();
    return fail(ErrorCode::resource_exhausted, "the memory is full (memory.limit): retry later, or erase fewer traces");
  }
  return make(making);
}

// Of what was received before the call, which is in the list of units, or in the files of blocks that have left it.
Result<bool> Erasures::is_anything_stored(const Making& making, const UnitList& list) const {
  for (const auto& segment : list.segments) {
    ASSIGN_OR_RETURN(auto found, find_traces(*segment->unit(), making.wanted));
    const MaskPointer mask = list.mask_of(*segment);
    if (mask) std::erase_if(found, [&](const auto& trace) { return mask->hides_id(trace.first); });
    if (!found.empty()) return true;
  }
  for (const auto& [before, prepared] : making.blocks) {
    if (!prepared.found.empty() || is_damaged(*prepared.block)) return true;
  }
  return !remover_.leaving(making.tenant).empty() || remover_.has_unfinished(making.tenant);
}

Status Erasures::prepare_blocks(Making& making, const UnitList& list) const {
  for (const BlockPointer& block : list.blocks) {
    if (making.blocks.contains(block)) continue;
    Prepared prepared;
    ASSIGN_OR_RETURN(prepared.block, mask_block(block, making.number, making.wanted, memory_, &prepared.found));
    making.blocks.emplace(block, std::move(prepared));
  }
  return {};
}

Status Erasures::prepare_segments(Making& making, const UnitList& list, uint64_t segments_below) const {
  for (const auto& segment : list.segments) {
    if (segment->name.number >= segments_below) continue;  // opened since the cut
    const MaskPointer before = list.mask_of(*segment);
    ASSIGN_OR_RETURN(MaskPointer mask, mask_unit(*segment->unit(), making.number, making.wanted, before, memory_));
    if (mask == before) continue;
    std::vector<TraceId> found;
    append_newly_hidden(making.wanted, *mask, before, found);
    making.found.insert(found.begin(), found.end());
    making.segments.emplace(segment->name, std::move(mask));
  }
  return {};
}

// Those of which there is anything; all, when there is something that cannot be read.
Result<std::vector<TraceId>> Erasures::ids_to_record(const Making& making, const UnitList& list) const {
  if (remover_.has_unfinished(making.tenant)) return making.wanted;
  std::set<TraceId> ids = making.found;
  for (const BlockPointer& block : list.blocks) {
    if (is_damaged(*making.blocks.at(block).block)) return making.wanted;
  }
  for (const BlockPointer& block : remover_.leaving(making.tenant)) {
    if (is_damaged(*block)) return making.wanted;
    for (const BlockPart& part : block->parts) {
      auto found = find_traces(*part.block->unit(nullptr), making.wanted);
      if (!found) return making.wanted;  // a removal that failed half-way leaves some of the files
      for (const auto& [id, trace] : *found) ids.insert(id);
    }
  }
  return std::vector<TraceId>(ids.begin(), ids.end());
}

Result<Erased> Erasures::make(Making& making) {
  const auto first = units_.of(making.tenant);
  making.number = first->last_erasure + 1;
  // Most of the work is done while everything goes on; of blocks that come meanwhile it is done below.
  TRY(prepare_blocks(making, *first));
  ASSIGN_OR_RETURN(bool any, is_anything_stored(making, *first));
  if (!any) return Erased{};
  const auto paused = sealer_.pause();
  std::lock_guard lock(remover_.taking_out());
  const uint64_t segments_below = cut_(making.tenant);
  const uint64_t frame = log_.last_number();
  const auto list = units_.of(making.tenant);
  TRY(prepare_blocks(making, *list));
  TRY(prepare_segments(making, *list, segments_below));
  for (const BlockPointer& block : list->blocks) {
    const auto& found = making.blocks.at(block).found;
    making.found.insert(found.begin(), found.end());
  }
  ErasureRecord record{making.number, clock_.unix_ns(), segments_below, {}};
  ASSIGN_OR_RETURN(record.ids, ids_to_record(making, *list));
  if (record.ids.empty()) return Erased{};
  TRY(put(making, record));
  units_.exchange(making.tenant, [&](UnitList& edited) {
    for (BlockPointer& block : edited.blocks) block = making.blocks.at(block).block;
    for (const auto& [name, mask] : making.segments) edited.masks[name] = mask;
    edited.erasures.push_back({record.number, record.received_ns, segments_below, record.ids.size(), frame});
    edited.last_erasure = record.number;
  });
  counters().traces.add(static_cast<int64_t>(making.found.size()));
  log::info("traces erased", {{"tenant", making.tenant}, {"erasure", record.number}, {"traces", making.found.size()}});
  return Erased{record.number, making.found.size()};
}

Status Erasures::put(const Making& making, const ErasureRecord& record) {
  Status stored = objects_.put(key_of_erasure(making.tenant, record.number), encode_erasure(record));
  if (stored) return {};
  unfinished_[making.tenant] = record.number;
  units_.exchange(making.tenant, [](UnitList& list) { list.erasure_unfinished = true; });
  (void)remove_unfinished(making.tenant);
  return stored;
}

Status Erasures::remove_unfinished(const std::string& tenant) {
  auto found = unfinished_.find(tenant);
  if (found == unfinished_.end()) return {};
  TRY(objects_.remove(key_of_erasure(tenant, found->second)));
  unfinished_.erase(found);
  units_.exchange(tenant, [](UnitList& list) { list.erasure_unfinished = false; });
  return {};
}

// The order matters: a row leaves memory, or a block, for nothing or after it came to somewhere else.
bool Erasures::is_outstanding(const std::string& tenant, const UnitList& list, const Erasure& erasure) const {
  // Frames that are still in memory are not in a file yet, but will be.
  if (log_.synced() < erasure.frame) return true;
  auto of_segment = [&](const auto& entry) { return entry.second->has(erasure.number); };
  if (std::ranges::any_of(list.masks, of_segment)) return true;
  auto is_before = [&](const BlockPointer& block) { return block->is_before(erasure.number, erasure.segments_below); };
  if (std::ranges::any_of(list.blocks, [&](const auto& block) { return may_hold(*block, erasure); })) return true;
  if (std::ranges::any_of(remover_.leaving(tenant), is_before) || remover_.has_unfinished(tenant)) return true;
  return log_.files_with(tenant, erasure.segments_below) > 0;
}

void Erasures::look() {
  std::lock_guard lock(making_);
  if (closed_) return;
  log_.remove_unneeded();
  std::set<SegmentName> hastened;
  for (const std::string& tenant : units_.tenants()) look(tenant, hastened);
  sealer_.hasten(std::move(hastened));
}

void Erasures::look(const std::string& tenant, std::set<SegmentName>& hastened) {
  if (Status removed = remove_unfinished(tenant); !removed) {
    log::warn("an erasure that failed could not be removed yet", {{"tenant", tenant}, {"reason", removed.error()}});
  }
  auto list = units_.of(tenant);
  for (const Erasure& erasure : list->erasures) {
    {
      std::lock_guard lock(remover_.taking_out());
      if (is_outstanding(tenant, *units_.of(tenant), erasure)) continue;
    }
    // Nothing of it comes back: what is written from now on is without those rows.
    if (Status removed = objects_.remove(key_of_erasure(tenant, erasure.number)); !removed) {
      log::warn("a finished erasure could not be removed yet", {{"tenant", tenant}, {"reason", removed.error()}});
      continue;
    }
    units_.exchange(tenant, [&](UnitList& edited) {
      std::erase_if(edited.erasures, [&](const Erasure& other) { return other.number == erasure.number; });
    });
    counters().finished.add();
    log::info("an erasure is finished: no file holds its spans", {{"tenant", tenant}, {"erasure", erasure.number}});
  }
  list = units_.of(tenant);
  if (!is_erasure_due(*list, options_, clock_.unix_ns())) return;
  for (const auto& [name, mask] : list->masks) hastened.insert(name);
  for (const Erasure& erasure : list->erasures) hastened.merge(log_.retire_files_with(tenant, erasure.segments_below));
}

std::vector<ErasureStatus> Erasures::statuses(std::string_view tenant) const {
  const auto list = units_.of(tenant);
  auto out = erasure_statuses(*list, [&](uint64_t below) { return log_.files_with(tenant, below); });
  const auto leaving = remover_.leaving(tenant);
  for (size_t i = 0; i < out.size(); ++i) {
    const Erasure& erasure = list->erasures[i];
    out[i].blocks += static_cast<uint64_t>(std::ranges::count_if(
        leaving, [&](const auto& block) { return block->is_before(erasure.number, erasure.segments_below); }));
  }
  return out;
}

void Erasures::close() {
  std::lock_guard lock(making_);
  closed_ = true;
}

std::vector<ErasureStatus> erasure_statuses(const UnitList& list,
                                            const std::function<uint64_t(uint64_t segments_below)>& log_files) {
  std::vector<ErasureStatus> out;
  for (const Erasure& erasure : list.erasures) {
    ErasureStatus& status = out.emplace_back();
    status.number = erasure.number;
    status.received_ns = erasure.received_ns;
    status.traces = erasure.traces;
    status.blocks = static_cast<uint64_t>(
        std::ranges::count_if(list.blocks, [&](const auto& block) { return may_hold(*block, erasure); }));
    status.log_files = log_files(erasure.segments_below);
  }
  return out;
}

}  // namespace clew::store
