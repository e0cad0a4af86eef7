#include "store/local_store.h"

#include <algorithm>

#include "base/counters.h"
#include "base/log.h"
#include "model/tenant.h"

namespace clew::store {
namespace {

// What a row takes in memory besides its words, rounded up; a batch is admitted by this estimate.
constexpr uint64_t kRowBytes = 256;

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
  ASSIGN_OR_RETURN(Replay replay, replay_log(files_, options_.folder, {}));
  uint64_t next_segment = 1;
  for (const auto& [name, segment] : replay.segments) next_segment = std::max(next_segment, name.number + 1);
  if (!options_.read_only) {
    log_ = std::make_unique<LogWriter>(options_, files_, std::move(replay.start));
    make_lanes(next_segment);
  }
  adopt(std::move(replay));
  return {};
}

void LocalStore::make_lanes(uint64_t next_segment) {
  Lane::Events events;
  events.opened = [this](const std::shared_ptr<Segment>& segment) {
    units_.exchange(segment->name.tenant, [&](UnitList& list) { list.segments.push_back(segment); });
  };
  events.closed = [](const std::shared_ptr<Segment>&) {};
  for (uint32_t i = 0; i < options_.lanes; ++i) {
    lanes_.push_back(std::make_unique<Lane>(i, next_segment, options_, memory_, *log_, events));
  }
}

void LocalStore::adopt(Replay replay) {
  std::vector<std::shared_ptr<Segment>> segments;
  uint64_t newest_ns = 0;
  for (auto& [name, segment] : replay.segments) {
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
    if (!lanes_.empty()) {
      uint32_t traces = table.trace_count(table.rows());
      for (uint32_t trace = 0; trace < traces; ++trace) {
        TraceId id = table.trace_id(trace);
        if (lane_of(id).remember_trace(id)) segment->continues.append(id);
      }
      segment->continues.publish();
      for (uint32_t i = 0; i < table.rows(); ++i) {
        uint64_t receive_ns = table.receive_ns(i);
        if (receive_ns + options_.duplicates_window_ns < newest_ns) continue;
        SpanRow row = table.row(i);
        lane_of(row.trace).remember_span(row, receive_ns);
      }
    }
    units_.exchange(segment->name.tenant, [&](UnitList& list) { list.segments.push_back(segment); });
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
  return out;
}

Status LocalStore::seal_all() {
  return {};
}

Status LocalStore::close() {
  closing_.store(true, std::memory_order_release);
  Status closed = log_ ? log_->close() : Status{};
  lock_.reset();
  return closed;
}

}  // namespace clew::store
