#include <algorithm>
#include <chrono>
#include <tuple>

#include "base/log.h"
#include "env/process_memory.h"
#include "store/local_store.h"
#include "store/read_again.h"

namespace clew::store {
namespace {

// Traces of blocks received longer ago than this are taken for complete.
constexpr uint64_t kRememberTracesNs = 6ULL * 3600 * 1'000'000'000;
constexpr auto kLookAfterEvery = std::chrono::milliseconds(100);
constexpr uint64_t kGiveBackEvery = 10;
constexpr uint64_t kShortestLookNs = 100'000'000;
constexpr uint64_t kLongestLookNs = 86'400ULL * 1'000'000'000;
constexpr uint64_t kLeastSegmentBytes = uint64_t{64} << 10;
constexpr uint64_t kLeastLogFileBytes = uint64_t{1} << 20;

// What is said to be at most a share of the memory limit.
StoreOptions within_memory(StoreOptions options) {
  const uint64_t limit = options.memory_limit_bytes;
  const uint64_t segments = std::max<uint64_t>(MemoryBudget::kSegmentShare, 4ULL * options.lanes);
  options.segment_bytes = std::min(options.segment_bytes, std::max(kLeastSegmentBytes, limit / segments));
  options.duplicates_bytes = std::min(options.duplicates_bytes, limit / MemoryBudget::kDuplicatesShare);
  options.read_cache_bytes = std::min(options.read_cache_bytes, limit / MemoryBudget::kReadsShare);
  // A file is read whole at the next start.
  uint64_t log_file_bytes = std::max(kLeastLogFileBytes, limit / MemoryBudget::kSegmentShare);
  options.log_file_bytes = std::min(options.log_file_bytes, log_file_bytes);
  return options;
}

void report_unreadable(const BlockPart& part, const Error& reason) {
  log::error("a block cannot be read at start; traces that continue in it may be shown in parts",
             {{"block", part.unit}, {"reason", reason}});
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options, env::Files& files, const env::Clock& clock) {
  auto store = std::make_unique<LocalStore>(options, files, clock);
  TRY(store->start());
  return std::unique_ptr<Store>(std::move(store));
}

LocalStore::LocalStore(const StoreOptions& options, env::Files& files, const env::Clock& clock)
    : options_(within_memory(options)),
      files_(files),
      clock_(clock),
      memory_(std::make_shared<MemoryBudget>(options.memory_limit_bytes, options.process_memory_bytes)),
      reads_memory_(memory_, MemoryUse::reads),
      found_erasures_(memory_) {}

LocalStore::~LocalStore() {
  end_work();
  std::lock_guard working(working_);
  if (compactor_) compactor_->end();
}

Status LocalStore::start() {
  if (options_.lanes == 0 || options_.lanes > 64) return invalid("store.lanes is 1 to 64");
  objects_ = env::local_object_store(files_, options_.folder);
  process_read_cache().set_limit_bytes(options_.read_cache_bytes);
  if (options_.read_only) return open_to_read();
  TRY(files_.make_durable_folders(options_.folder));
  ASSIGN_OR_RETURN(lock_, files_.lock(options_.folder + "/clew.lock"));
  if (options_.on_locked) TRY(options_.on_locked());
  TRY(files_.make_durable_folders(options_.folder + "/log"));
  return open_to_write();
}

// A writer may remove meanwhile what was just found.
Status LocalStore::open_to_read() {
  ASSIGN_OR_RETURN(bool exists, files_.exists(options_.folder));
  if (!exists) return fail(ErrorCode::not_found, "there is no data folder " + options_.folder);
  for (int reads = 0; reads < kMaxCatalogReads; ++reads) {
    Status opened = try_to_read();
    if (opened || opened.error().code != ErrorCode::not_found) return opened;
  }
  return fail(ErrorCode::unavailable, "the data changes faster than it can be opened: try again");
}

// Beside a writer the log is read before the blocks: what is sealed meanwhile is then in both, and counted once. And
// erasures before both, since one may finish meanwhile; and after both, since what is read then may have the rows of
// new ones.
Status LocalStore::try_to_read() {
  TRY(found_erasures_.read(*objects_));
  std::vector<std::shared_ptr<Segment>> segments;
  ASSIGN_OR_RETURN(Replay replay, replay_log(files_, options_.folder, {}, memory_,
                                             [&](auto segment) { segments.push_back(std::move(segment)); }));
  ASSIGN_OR_RETURN(Catalog catalog, open_catalog(*objects_, false));
  TRY(found_erasures_.read(*objects_));
  ASSIGN_OR_RETURN(auto blocks, masked_blocks(catalog));
  std::erase_if(segments, [&](const auto& segment) { return catalog.replaced.contains(segment->name); });
  TRY(list_continuing(catalog, segments));
  found_erasures_.show(units_);
  show(std::move(blocks));
  for (const auto& segment : segments) show(segment, found_erasures_.mask(*segment));
  found_erasures_.clear();
  log_read_ = std::move(replay.start.files);
  return {};
}

// What the lanes of a writer know: which traces of a segment an earlier unit holds too.
Status LocalStore::list_continuing(const Catalog& catalog,
                                   const std::vector<std::shared_ptr<Segment>>& segments) const {
  TraceFilter earlier(options_.memory_limit_bytes / MemoryBudget::kFiltersShare);
  uint64_t oldest_ns = ~uint64_t{0};
  for (const auto& segment : segments) oldest_ns = std::min(oldest_ns, segment->table->receive_ns(0));
  for (const auto& block : catalog.blocks) {
    for (const BlockPart& part : block->parts) {
      if (!part.block || part.summary.max_receive_ns + kRememberTracesNs < oldest_ns) continue;
      const auto unit = part.block->unit(nullptr);
      auto summaries = read_again([&] { return unit->summaries(); });
      if (!summaries) {
        if (summaries.error().code == ErrorCode::not_found) return std::unexpected(summaries.error());
        report_unreadable(part, summaries.error());
        continue;
      }
      for (const TraceSummary& trace : *summaries) earlier.add(trace.id);
    }
  }
  for (const auto& segment : segments) {
    const uint32_t traces = segment->table->trace_count(segment->table->rows());
    for (uint32_t trace = 0; trace < traces; ++trace) {
      const TraceId id = segment->table->trace_id(trace);
      if (earlier.may_contain(id)) segment->continues.append(id);
      earlier.add(id);
    }
    segment->continues.publish();
  }
  return {};
}

// A writer, who is alone, need not rebuild what is in blocks.
Status LocalStore::open_to_write() {
  TRY(objects_->settle());
  TRY(found_erasures_.read(*objects_));
  ASSIGN_OR_RETURN(Catalog catalog, open_catalog(*objects_, true));
  ASSIGN_OR_RETURN(auto blocks, masked_blocks(catalog));
  found_erasures_.show(units_);
  log_ = std::make_unique<LogWriter>(options_, files_, memory_);
  make_lanes();
  show(std::move(blocks));
  remember(catalog);
  ASSIGN_OR_RETURN(Replay replay, replay_log(files_, options_.folder, catalog.replaced, memory_, [&](auto segment) {
                     adopt(segment);
                     relieve_replay();
                   }));
  passed_over_.clear();
  TRY(settle_log(files_, options_.folder, replay.last_frames));
  uint64_t next_segment = std::max(replay.next_segment, found_erasures_.next_segment());
  found_erasures_.clear();
  for (const SegmentName& name : catalog.replaced) next_segment = std::max(next_segment, name.number + 1);
  for (auto& lane : lanes_) lane->number_from(next_segment);
  log_->start(replay.start, live_segments());
  remover_ = std::make_unique<BlockRemover>(*objects_, *log_);
  remover_->adopt(std::move(catalog.emptied));
  retention_ = std::make_unique<Retention>(options_, files_, clock_, units_, *log_, *remover_);
  compactor_ = std::make_unique<Compactor>(options_, files_, clock_, *objects_, units_, *remover_, memory_);
  repairer_ = std::make_unique<BlockRepairer>(*objects_, units_, *remover_, memory_, work_ended_);
  erasures_ = std::make_unique<Erasures>(options_, clock_, *objects_, units_, *log_, *sealer_, *remover_, memory_,
                                         [this](auto tenant) { return Lane::cut_at_once(lanes_, tenant); });
  sealer_->start();
  keeper_ = std::make_unique<Periodic>("clew-memory", kLookAfterEvery, [this] { look_after(); });
  const auto look = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(std::clamp(options_.retention_look_ns, kShortestLookNs, kLongestLookNs)));
  block_keeper_ = std::make_unique<Periodic>("clew-compact", look, [this] { look_after_blocks(); });
  return {};
}

void LocalStore::make_lanes() {
  Lane::Events events;
  events.opened = [this](const std::shared_ptr<Segment>& segment) { show(segment); };
  events.closed = [this](const std::shared_ptr<Segment>& segment) { sealer_->add(segment); };
  for (uint32_t i = 0; i < options_.lanes; ++i) {
    lanes_.push_back(std::make_unique<Lane>(i, options_, memory_, *log_, events));
  }
  sealer_ = std::make_unique<Sealer>(options_, *objects_, units_, *log_, memory_, [this](const auto& which) {
    for (auto& lane : lanes_) lane->cut(which);
  });
}

void LocalStore::show(const std::shared_ptr<Segment>& segment, const MaskPointer& mask) {
  units_.exchange(segment->name.tenant, [&](UnitList& list) {
    list.segments.push_back(segment);
    if (mask) list.masks[segment->name] = mask;
  });
}

Result<std::vector<std::shared_ptr<const StoredBlock>>> LocalStore::masked_blocks(const Catalog& catalog) const {
  std::vector<std::shared_ptr<const StoredBlock>> out;
  for (const auto& block : catalog.blocks) {
    ASSIGN_OR_RETURN(auto masked, found_erasures_.mask(block));
    out.push_back(std::move(masked));
  }
  return out;
}

void LocalStore::show(std::vector<std::shared_ptr<const StoredBlock>> blocks) {
  std::ranges::sort(blocks, {},
                    [](const auto& block) { return std::tuple(block->min_receive_ns(), std::string_view(block->id)); });
  for (const auto& block : blocks) {
    units_.exchange(block->tenant, [&](UnitList& list) {
      list.blocks.push_back(block);
      list.last_erasure = std::max(list.last_erasure, block->erased_until);
    });
  }
}

// Of what was received, so recently that more may come, or come again.
void LocalStore::remember(const Catalog& catalog) {
  uint64_t newest_ns = 0;
  for (const auto& block : catalog.blocks) newest_ns = std::max(newest_ns, block->max_receive_ns());
  sealer_->note_receive_time(newest_ns);
  // A clock that is ahead of the recorded times would make everything old.
  const uint64_t now_ns = std::min(clock_.unix_ns(), newest_ns);
  for (const auto& block : catalog.blocks) {
    for (const BlockPart& part : block->parts) {
      if (!part.block) continue;
      if (part.summary.max_receive_ns + kRememberTracesNs < now_ns) {
        passed_over_.emplace_back(block, &part);
        continue;
      }
      Status remembered = read_again([&] { return remember(block->tenant, part, now_ns); });
      if (!remembered) report_unreadable(part, remembered.error());
    }
  }
}

Status LocalStore::remember(const std::string& tenant, const BlockPart& part, uint64_t now_ns) {
  auto unit = part.block->unit(nullptr);
  ASSIGN_OR_RETURN(auto summaries, unit->summaries());
  for (const TraceSummary& trace : summaries) lane_of(trace.id).remember_trace(trace.id);
  if (part.summary.max_receive_ns + options_.duplicates_window_ns < now_ns) return {};
  std::vector<int64_t> receives, kinds;
  std::vector<uint64_t> spans;
  std::vector<uint32_t> traces;
  for (uint32_t begin = 0; begin < unit->rows(); begin += unit->page_rows()) {
    RowRange rows{begin, std::min(unit->rows(), begin + unit->page_rows())};
    receives.resize(rows.size());
    kinds.resize(rows.size());
    spans.resize(rows.size());
    traces.resize(rows.size());
    TRY(unit->numbers(NumberColumn::receive_ns, rows, receives.data()));
    TRY(unit->numbers(NumberColumn::kind, rows, kinds.data()));
    TRY(unit->span_ids(rows, spans.data()));
    TRY(unit->trace_numbers(rows, traces.data()));
    for (uint32_t i = 0; i < rows.size(); ++i) {
      auto receive_ns = static_cast<uint64_t>(receives[i]);
      if (receive_ns + options_.duplicates_window_ns < now_ns) continue;
      SpanRow row;
      row.trace = summaries[traces[i]].id;
      row.span = spans[i];
      row.kind = static_cast<SpanKind>(kinds[i]);
      lane_of(row.trace).remember_span(tenant, row, receive_ns);
    }
  }
  return {};
}

// A segment of a quiet tenant may be as old as blocks that are too old to be remembered for what comes.
bool LocalStore::is_passed_over(const Segment& segment, TraceId id) const {
  const uint64_t first_receive_ns = segment.table->receive_ns(0);
  return std::ranges::any_of(passed_over_, [&](const auto& entry) {
    const auto& [block, part] = entry;
    if (block->tenant != segment.name.tenant) return false;
    if (part->summary.max_receive_ns + kRememberTracesNs < first_receive_ns) return false;
    auto found = part->block->unit(nullptr)->find_trace(id);
    return !found || found->has_value();  // what cannot be read may hold it
  });
}

void LocalStore::adopt(const std::shared_ptr<Segment>& segment) {
  const SpanTable& table = *segment->table;
  uint32_t traces = table.trace_count(table.rows());
  for (uint32_t trace = 0; trace < traces; ++trace) {
    TraceId id = table.trace_id(trace);
    if (lane_of(id).remember_trace(id) || is_passed_over(*segment, id)) segment->continues.append(id);
  }
  segment->continues.publish();
  sealer_->note_receive_time(segment->last_receive_ns);
  const uint64_t now_ns = std::min(clock_.unix_ns(), sealer_->newest_receive_ns());
  if (segment->last_receive_ns + options_.duplicates_window_ns >= now_ns) {
    for (uint32_t i = 0; i < table.rows(); ++i) {
      SpanRow row = table.row(i);
      if (row.receive_ns + options_.duplicates_window_ns >= now_ns)
        lane_of(row.trace).remember_span(segment->name.tenant, row, row.receive_ns);
    }
  }
  show(segment, found_erasures_.mask(*segment));
  sealer_->add(segment);
}

// Nothing is received yet, so there is no hurry; but what does not fit must go before the next file is read.
void LocalStore::relieve_replay() {
  memory_->measure();
  if (!memory_->is_pressed()) return;
  if (Status sealed = sealer_->seal_closed(); !sealed) {
    log::error("a block could not be written while the log is replayed; more memory than memory.limit may be taken",
               {{"reason", sealed.error()}});
  }
}

std::set<SegmentName> LocalStore::live_segments() const {
  std::set<SegmentName> out;
  for (const std::string& tenant : units_.tenants()) {
    for (const auto& segment : units_.of(tenant)->segments) out.insert(segment->name);
  }
  return out;
}

void LocalStore::look_after() {
  reads_memory_.set(process_read_cache().bytes());
  memory_->measure();
  // What was freed here and there in the heap is nobody's, and counts all the same.
  if (looks_ % kGiveBackEvery == 0 && memory_->unreported_bytes() > memory_->limit_bytes() / 4) {
    env::give_back_free_memory();
  }
  ++looks_;
}

// Not with the memory: a merge takes a while.
void LocalStore::look_after_blocks() {
  expire();
  compactor_->look();
  remover_->look();
}

}  // namespace clew::store
