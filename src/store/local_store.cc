#include "store/local_store.h"

#include <algorithm>

#include "base/counters.h"
#include "base/log.h"
#include "model/tenant.h"

namespace clew::store {
namespace {

// What a row takes in memory besides its words, rounded up; a batch is admitted by this estimate.
constexpr uint64_t kRowBytes = 256;
// Traces of blocks received longer before the newest than this are taken for complete.
constexpr uint64_t kRememberTracesNs = 6ULL * 3600 * 1'000'000'000;

struct StoreCounters {
  Counter& spans = counter("clew_store_spans_total", "Spans appended to live segments.");
  Counter& duplicates =
      counter("clew_store_duplicate_spans_total", "Spans of repeated batches that were not stored again.");
  Counter& memory_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "memory"}});
  Counter& tenants_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "tenants"}});
  Counter& memory = gauge("clew_store_memory_bytes", "Memory of live segments.");
};

StoreCounters& counters() {
  static StoreCounters* const instance = new StoreCounters;
  return *instance;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options, env::Files& files, const env::Clock& clock) {
  auto store = std::make_unique<LocalStore>(options, files, clock);
  TRY(store->start());
  return std::unique_ptr<Store>(std::move(store));
}

LocalStore::LocalStore(const StoreOptions& options, env::Files& files, const env::Clock& clock)
    : options_(options), files_(files), clock_(clock), memory_(options.memory_limit_bytes) {}

LocalStore::~LocalStore() = default;

Status LocalStore::start() {
  if (options_.lanes == 0 || options_.lanes > 64) return invalid("store.lanes is 1 to 64");
  if (options_.read_only) {
    ASSIGN_OR_RETURN(bool exists, files_.exists(options_.folder));
    if (!exists) return fail(ErrorCode::not_found, "there is no data folder " + options_.folder);
  } else {
    TRY(files_.make_durable_folders(options_.folder));
    ASSIGN_OR_RETURN(lock_, files_.lock(options_.folder + "/clew.lock"));
    TRY(files_.make_durable_folders(options_.folder + "/log"));
  }
  objects_ = env::local_object_store(files_, options_.folder);
  Catalog catalog;
  ASSIGN_OR_RETURN(Replay replay, read_all(catalog));
  uint64_t next_segment = 1;
  for (const auto& [name, segment] : replay.segments) next_segment = std::max(next_segment, name.number + 1);
  for (const SegmentName& name : catalog.replaced) next_segment = std::max(next_segment, name.number + 1);
  if (!options_.read_only) {
    log_ = std::make_unique<LogWriter>(options_, files_, std::move(replay.start));
    make_lanes(next_segment);
  }
  adopt(catalog);
  adopt(replay);
  return {};
}

// A reader beside a writer reads the log first: what is sealed meanwhile is then in both, and counted once. A writer,
// who is alone, need not rebuild what is in blocks.
Result<Replay> LocalStore::read_all(Catalog& catalog) {
  if (!options_.read_only) {
    ASSIGN_OR_RETURN(catalog, open_catalog(*objects_, true));
    return replay_log(files_, options_.folder, catalog.replaced);
  }
  ASSIGN_OR_RETURN(Replay replay, replay_log(files_, options_.folder, {}));
  ASSIGN_OR_RETURN(catalog, open_catalog(*objects_, false));
  for (const SegmentName& name : catalog.replaced) replay.segments.erase(name);
  return replay;
}

void LocalStore::make_lanes(uint64_t next_segment) {
  Lane::Events events;
  events.opened = [this](const std::shared_ptr<Segment>& segment) {
    units_.exchange(segment->name.tenant, [&](UnitList& list) { list.segments.push_back(segment); });
  };
  events.closed = [this](const std::shared_ptr<Segment>& segment) { sealer_->add(segment); };
  for (uint32_t i = 0; i < options_.lanes; ++i) {
    lanes_.push_back(std::make_unique<Lane>(i, next_segment, options_, memory_, *log_, events));
  }
  sealer_ = std::make_unique<Sealer>(options_, *objects_, units_, *log_, memory_, [this](const auto& which) {
    for (auto& lane : lanes_) lane->cut(which);
  });
}

void LocalStore::adopt(const Catalog& catalog) {
  uint64_t newest_ns = 0;
  for (const auto& block : catalog.blocks) newest_ns = std::max(newest_ns, block->summary.max_receive_ns);
  std::vector<std::shared_ptr<const StoredBlock>> blocks = catalog.blocks;
  std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) {
    return std::tuple(a->summary.min_receive_ns, a->id) < std::tuple(b->summary.min_receive_ns, b->id);
  });
  for (const auto& block : blocks) {
    units_.exchange(block->tenant, [&](UnitList& list) { list.blocks.push_back(block); });
    if (lanes_.empty()) continue;
    sealer_->note_receive_time(block->summary.max_receive_ns);
    if (Status remembered = remember(*block, newest_ns); !remembered) {
      log::error("a block cannot be read at start; traces that continue in it may be shown in parts",
                 {{"block", block->id}, {"reason", remembered.error()}});
    }
  }
}

Status LocalStore::remember(const StoredBlock& block, uint64_t newest_ns) {
  if (block.summary.max_receive_ns + kRememberTracesNs < newest_ns) return {};
  auto unit = block.block->unit(nullptr);
  ASSIGN_OR_RETURN(auto summaries, unit->summaries());
  for (const TraceSummary& trace : summaries) lane_of(trace.id).remember_trace(trace.id);
  if (block.summary.max_receive_ns + options_.duplicates_window_ns < newest_ns) return {};
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
      if (receive_ns + options_.duplicates_window_ns < newest_ns) continue;
      SpanRow row;
      row.trace = summaries[traces[i]].id;
      row.span = spans[i];
      row.kind = static_cast<SpanKind>(kinds[i]);
      lane_of(row.trace).remember_span(row, receive_ns);
    }
  }
  return {};
}

void LocalStore::adopt(const Replay& replay) {
  std::vector<std::shared_ptr<Segment>> segments;
  uint64_t newest_ns = 0;
  for (const auto& [name, segment] : replay.segments) {
    segments.push_back(segment);
    newest_ns = std::max(newest_ns, segment->last_receive_ns);
  }
  std::sort(segments.begin(), segments.end(), [](const auto& a, const auto& b) {
    return std::tuple(a->first_receive_ns, a->name) < std::tuple(b->first_receive_ns, b->name);
  });
  for (const auto& segment : segments) {
    const SpanTable& table = *segment->table;
    auto bytes = static_cast<int64_t>(table.allocated_bytes());
    memory_.add(bytes);
    segment->counted_bytes = bytes;
    units_.exchange(segment->name.tenant, [&](UnitList& list) { list.segments.push_back(segment); });
    if (lanes_.empty()) continue;
    uint32_t traces = table.trace_count(table.rows());
    for (uint32_t trace = 0; trace < traces; ++trace) {
      TraceId id = table.trace_id(trace);
      if (lane_of(id).remember_trace(id)) segment->continues.append(id);
    }
    segment->continues.publish();
    for (uint32_t i = 0; i < table.rows(); ++i) {
      uint64_t receive_ns = table.receive_ns(i);
      if (receive_ns + options_.duplicates_window_ns >= newest_ns) {
        SpanRow row = table.row(i);
        lane_of(row.trace).remember_span(row, receive_ns);
      }
    }
    sealer_->note_receive_time(segment->last_receive_ns);
    sealer_->add(segment);
  }
}

Status LocalStore::admit(std::string_view tenant, const SpanBatch& batch) {
  if (closing_.load(std::memory_order_acquire)) return fail(ErrorCode::unavailable, "the server is shutting down");
  TRY(check_tenant_name(tenant));
  if (!units_.has(tenant) && units_.tenant_count() >= options_.tenants) {
    counters().tenants_limit.add();
    return fail(ErrorCode::resource_exhausted,
                "there are " + std::to_string(options_.tenants) + " tenants already (store.tenants)");
  }
  if (!log_->is_accepting()) {
    return fail(ErrorCode::resource_exhausted,
                "the write-ahead log cannot be written or the disk is full: retry later");
  }
  if (!memory_.has_room(batch.rows.size() * kRowBytes + batch.words.size() * sizeof(uint32_t))) {
    counters().memory_limit.add();
    return fail(ErrorCode::resource_exhausted, "the memory for live data is full (memory.limit): retry later");
  }
  return {};
}

void LocalStore::append(std::string_view tenant, const SpanBatch& batch, Done done) {
  Accepted accepted{batch.rows.size(), 0, batch.rejected};
  if (batch.rows.empty()) return done(std::move(accepted));
  if (Status admitted = admit(tenant, batch); !admitted) return done(std::unexpected(admitted.error()));

  std::vector<std::vector<uint32_t>> rows(lanes_.size());
  for (uint32_t i = 0; i < batch.rows.size(); ++i) rows[batch.rows[i].trace.hash() % lanes_.size()].push_back(i);
  uint64_t frame = 0;
  for (size_t lane = 0; lane < lanes_.size(); ++lane) {
    if (rows[lane].empty()) continue;
    Lane::Appended appended = lanes_[lane]->append(tenant, batch, rows[lane]);
    frame = std::max(frame, appended.frame);
    accepted.duplicates += appended.duplicates;
  }
  sealer_->note_receive_time(batch.rows.front().receive_ns);
  counters().spans.add(static_cast<int64_t>(accepted.spans - accepted.duplicates));
  counters().duplicates.add(static_cast<int64_t>(accepted.duplicates));
  counters().memory.set(static_cast<int64_t>(memory_.used_bytes()));
  log_->wait(frame, [done = std::move(done), accepted = std::move(accepted)](Status status) mutable {
    if (status) {
      done(std::move(accepted));
    } else {
      done(std::unexpected(status.error()));
    }
  });
}

void LocalStore::forget(const Vocabulary& vocabulary) {
  for (auto& lane : lanes_) lane->forget(vocabulary);
}

std::shared_ptr<const Snapshot> LocalStore::snapshot(std::string_view tenant, std::shared_ptr<ReadBudget> budget) {
  auto list = units_.of(tenant);
  std::vector<std::shared_ptr<const Unit>> units;
  for (auto segment = list->segments.rbegin(); segment != list->segments.rend(); ++segment) {
    units.push_back((*segment)->unit());
  }
  for (auto block = list->blocks.rbegin(); block != list->blocks.rend(); ++block) {
    units.push_back((*block)->block->unit(budget));
  }
  return std::make_shared<const Snapshot>(std::move(units), std::move(budget));
}

std::vector<UnitStatus> LocalStore::list(std::string_view tenant) {
  std::vector<UnitStatus> out;
  auto units = units_.of(tenant);
  for (const auto& segment : units->segments) {
    auto unit = segment->unit();
    out.push_back({unit->name(), segment->closed.load() ? "closed" : "open", unit->rows(), unit->traces(),
                   unit->stored_bytes(), unit->min_start_ns(), unit->max_end_ns()});
  }
  for (const auto& block : units->blocks) {
    const BlockSummary& summary = block->summary;
    out.push_back(
        {block->id, "block", summary.rows, summary.traces, summary.bytes, summary.min_start_ns, summary.max_end_ns});
  }
  return out;
}

Status LocalStore::seal_all() {
  return sealer_ ? sealer_->seal_all() : Status{};
}

Status LocalStore::close() {
  closing_.store(true, std::memory_order_release);
  if (sealer_) sealer_->close();
  Status closed = log_ ? log_->close() : Status{};
  lock_.reset();
  return closed;
}

}  // namespace clew::store
