#include "store/sealer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/counters.h"
#include "base/log.h"

namespace clew::store {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(200);
// A block that could not be written is tried again after so many looks.
constexpr auto kRetryPause = std::chrono::seconds(2);

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
               MemoryBudget& memory, Cut cut)
    : options_(options), objects_(objects), units_(units), log_(log), memory_(memory), cut_(std::move(cut)) {
  thread_ = std::thread([this] { run(); });
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
  return memory_.is_pressed() || log_.held_bytes() > options_.log_max_bytes ||
         newest_receive_ns_.load(std::memory_order_relaxed) >= segment.closed_receive_ns.load() + options_.idle_ns;
}

// Cuts what stands in the way of memory or of removing log files.
void Sealer::relieve() {
  if (memory_.is_pressed()) {
    // Small segments would give little back, and many small blocks are bad to read.
    auto enough = static_cast<int64_t>(memory_.limit_bytes() / 64 / options_.lanes);
    cut_([&](const Segment& segment) { return segment.counted_bytes >= enough; });
  }
  if (log_.held_bytes() > options_.log_max_bytes) {
    auto oldest = log_.oldest_needed();
    cut_([&](const Segment& segment) { return oldest.contains(segment.name); });
  }
}

void Sealer::run() {
  for (;;) {
    std::shared_ptr<Segment> next;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kLookEvery, [this] { return closing_; });
      if (closing_) return;
    }
    relieve();
    {
      std::unique_lock lock(mutex_);
      auto ready = std::find_if(waiting_.begin(), waiting_.end(), [this](const auto& s) { return is_ready(*s); });
      if (ready != waiting_.end()) next = *ready;
    }
    // As long as there are ready ones there is no pause.
    while (next) {
      if (Status sealed = seal(next); !sealed) {
        counters().failures.add();
        log::error("a block could not be written; its spans stay in memory and in the log",
                   {{"segment", next->name.text()}, {"reason", sealed.error()}});
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, kRetryPause, [this] { return closing_; });
      }
      next.reset();
      std::unique_lock lock(mutex_);
      if (closing_) return;
      auto ready = std::find_if(waiting_.begin(), waiting_.end(), [this](const auto& s) { return is_ready(*s); });
      if (ready != waiting_.end()) next = *ready;
    }
  }
}

Status Sealer::seal(const std::shared_ptr<Segment>& segment) {
  std::lock_guard one_at_a_time(sealing_);
  {
    std::lock_guard lock(mutex_);
    if (std::find(waiting_.begin(), waiting_.end(), segment) == waiting_.end()) return {};
  }
  const SpanTable& table = *segment->table;
  BlockSummary summary;
  auto listed = segment->continuing_traces();
  ASSIGN_OR_RETURN(std::string bytes, write_block(table, table.rows(), listed, BlockOptions{}, &summary));
  std::string id = fmt::format("{:016x}-{}", segment->first_receive_ns, segment->name.text());
  ASSIGN_OR_RETURN(auto block, store_block(objects_, segment->name.tenant, id, {segment->name}, summary, bytes));
  units_.exchange(segment->name.tenant, [&](UnitList& list) {
    std::erase(list.segments, segment);
    list.blocks.push_back(block);
  });
  memory_.add(-segment->counted_bytes);
  log_.release(segment->name);
  counters().blocks.add();
  counters().spans.add(static_cast<int64_t>(summary.rows));
  counters().bytes.add(static_cast<int64_t>(bytes.size()));
  log::info("block written", {{"block", id}, {"spans", summary.rows}, {"bytes", bytes.size()}});
  std::lock_guard lock(mutex_);
  std::erase(waiting_, segment);
  return {};
}

Status Sealer::seal_all() {
  cut_([](const Segment&) { return true; });
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

}  // namespace clew::store
