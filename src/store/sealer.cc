#include "store/sealer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/counters.h"
#include "base/log.h"
#include "env/this_thread.h"
#include "store/displaced_traces.h"

namespace clew::store {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(200);
// A block that could not be written is tried again after so many looks.
constexpr auto kRetryPause = std::chrono::seconds(2);
// Under pressure a segment is cut from this part of its full size on: smaller ones would give little back, and many
// small blocks are bad to read.
constexpr uint64_t kWorthwhileShare = 8;
// What writing a block takes beside its segment, in halves of the segment's memory: rows in order, a row group's pages,
// the file. Most of all where spans have much text.
constexpr uint64_t kWorkingHalves = 3;

struct SealCounters {
  Counter& blocks = counter("clew_store_blocks_sealed_total", "Blocks written.");
  Counter& spans = counter("clew_store_spans_sealed_total", "Spans written to blocks.");
  Counter& bytes = counter("clew_store_block_bytes_total", "Bytes of blocks written.");
  Counter& failures = counter("clew_store_seal_failures_total", "Blocks that could not be written.");
};

SealCounters& counters() {
  static SealCounters* const instance = new SealCounters;
  return *instance;
}

}  // namespace

Sealer::Sealer(const StoreOptions& options, env::ObjectStore& objects, UnitLists& units, LogWriter& log,
               std::shared_ptr<MemoryBudget> memory, Cut cut)
    : options_(options),
      objects_(objects),
      units_(units),
      log_(log),
      memory_(std::move(memory)),
      cut_(std::move(cut)) {}

void Sealer::start() {
  thread_ = std::thread([this] {
    env::name_thread("clew-seal");
    run();
  });
}

Sealer::~Sealer() {
  close();
}

void Sealer::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sealer::add(std::shared_ptr<Segment> segment) {
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(segment));
  wake_.notify_one();
}

void Sealer::note_receive_time(uint64_t receive_ns) {
  uint64_t known = newest_receive_ns_.load(std::memory_order_relaxed);
  while (receive_ns > known && !newest_receive_ns_.compare_exchange_weak(known, receive_ns)) {
  }
}

bool Sealer::is_ready(const Segment& segment) const {
  return hastened_.contains(segment.name) || memory_->is_pressed() || log_.held_bytes() > options_.log_max_bytes ||
         newest_receive_ns_.load(std::memory_order_relaxed) >= segment.closed_receive_ns.load() + options_.idle_ns;
}

std::shared_ptr<Segment> Sealer::next_ready() {
  std::lock_guard lock(mutex_);
  if (closing_) return nullptr;
  auto ready = std::ranges::find_if(waiting_, [this](const auto& segment) { return is_ready(*segment); });
  return ready == waiting_.end() ? nullptr : *ready;
}

// Cuts what stands in the way of memory or of removing log files.
void Sealer::relieve() {
  bool idle;
  {
    std::lock_guard lock(mutex_);
    idle = waiting_.empty();
  }
  // As long as there are closed segments, cutting more only makes small blocks.
  if (idle && memory_->is_pressed()) {
    uint64_t enough = memory_->has_room(options_.segment_bytes / 4) ? options_.segment_bytes / kWorthwhileShare : 0;
    cut_([&](const Segment& segment) { return segment.memory.bytes() >= enough; });
  }
  if (log_.held_bytes() > options_.log_max_bytes) {
    auto oldest = log_.oldest_needed();
    cut_([&](const Segment& segment) { return oldest.contains(segment.name); });
  }
}

void Sealer::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kLookEvery, [this] { return closing_; });
      if (closing_) return;
    }
    relieve();
    // As long as there are ready ones there is no pause.
    while (auto next = next_ready()) {
      Status sealed = seal(next);
      if (sealed) continue;
      counters().failures.add();
      log::error("a block could not be written; its spans stay in memory and in the log",
                 {{"segment", next->name.text()}, {"reason", sealed.error()}});
      std::unique_lock lock(mutex_);
      // The others must not wait for one that fails again and again.
      auto failed = std::ranges::find(waiting_, next);
      if (failed != waiting_.end()) std::rotate(failed, failed + 1, waiting_.end());
      wake_.wait_for(lock, kRetryPause, [this] { return closing_; });
    }
  }
}

Status Sealer::seal(const std::shared_ptr<Segment>& segment) {
  std::lock_guard one_at_a_time(sealing_);
  {
    std::lock_guard lock(mutex_);
    if (std::ranges::find(waiting_, segment) == waiting_.end()) return {};
  }
  std::shared_ptr<const StoredBlock> block;
  // Rows that were all known already leave a segment without any.
  if (segment->table->rows() > 0) {
    ASSIGN_OR_RETURN(block, write(*segment));
  }
  units_.exchange(segment->name.tenant, [&](UnitList& list) {
    std::erase(list.segments, segment);
    list.masks.erase(segment->name);
    if (block) list.blocks.push_back(block);
  });
  log_.release(*segment);
  if (block) {
    uint64_t spans = 0;
    for (const BlockPart& part : block->parts) spans += part.summary.rows;
    counters().blocks.add();
    counters().spans.add(static_cast<int64_t>(spans));
    counters().bytes.add(static_cast<int64_t>(block->bytes()));
    log::info("block written", {{"block", block->id}, {"spans", spans}, {"bytes", block->bytes()}});
  }
  std::lock_guard lock(mutex_);
  std::erase(waiting_, segment);
  return {};
}

Result<std::shared_ptr<const StoredBlock>> Sealer::write(const Segment& segment) {
  MemoryShare working(memory_, MemoryUse::sealing);
  working.set(segment.memory.bytes() * kWorkingHalves / 2);
  const SpanTable& table = *segment.table;
  SortedOut sorted = sort_out_displaced(table, table.rows(), segment.continuing_traces());
  const std::string id = fmt::format("{:016x}-{}", segment.first_receive_ns, segment.name.text());
  if (unfinished_.contains(segment.name)) {
    TRY(remove_unfinished_block(objects_, segment.name.tenant, id));
    unfinished_.erase(segment.name);
  }
  const auto list = units_.of(segment.name.tenant);
  if (MaskPointer mask = list->mask_of(segment)) {
    for (TraceSelection* selection : {&sorted.ordinary, &sorted.displaced}) {
      std::erase_if(selection->rows, [&](uint32_t row) { return mask->hides_trace(table.trace_of(row)); });
      std::erase_if(selection->continues, [&](TraceId id) { return mask->hides_id(id); });
    }
  }
  std::vector<NewPart> parts;
  for (bool displaced : {false, true}) {
    const TraceSelection& selection = displaced ? sorted.displaced : sorted.ordinary;
    if (selection.rows.empty()) continue;
    NewPart& part = parts.emplace_back();
    part.displaced = displaced;
    ASSIGN_OR_RETURN(part.bytes,
                     write_block(table, selection.rows, selection.continues, BlockOptions{}, &part.summary));
  }
  if (parts.empty()) return nullptr;
  auto stored = store_block(objects_, segment.name.tenant, id, {segment.name}, parts, {}, list->last_erasure);
  if (!stored) unfinished_.insert(segment.name);
  return stored;
}

void Sealer::hasten(std::set<SegmentName> segments) {
  if (!segments.empty()) cut_([&](const Segment& segment) { return segments.contains(segment.name); });
  std::lock_guard lock(mutex_);
  hastened_ = std::move(segments);
  if (!hastened_.empty()) wake_.notify_all();
}

Status Sealer::seal_closed() {
  for (;;) {
    std::shared_ptr<Segment> next;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty()) return {};
      next = waiting_.front();
    }
    TRY(seal(next));
  }
}

Status Sealer::seal_all() {
  cut_([](const Segment&) { return true; });
  // So that the log's files can go at once: a file that is still written to stays. Sealing does not depend on it.
  log_.flush();
  return seal_closed();
}

}  // namespace clew::store
