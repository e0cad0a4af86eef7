#include "store/local_store.h"

#include <algorithm>

#include "base/counters.h"
#include "base/log.h"
#include "model/tenant.h"
#include "store/masked_unit.h"
#include "store/store_verify.h"

namespace clew::store {
namespace {

// What a row takes in memory besides its words, rounded up; a batch is admitted by this estimate.
constexpr uint64_t kRowBytes = 256;
// What an uncompressed request takes at least, of its own size: live spans are about a third of their OTLP.
constexpr uint64_t kRequestShare = 4;

struct StoreCounters {
  Counter& spans = counter("clew_store_spans_total", "Spans appended to live segments.");
  Counter& duplicates =
      counter("clew_store_duplicate_spans_total", "Spans of repeated batches that were not stored again.");
  Counter& memory_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "memory"}});
  Counter& tenants_limit =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "tenants"}});
};

StoreCounters& counters() {
  static StoreCounters* const instance = new StoreCounters;
  return *instance;
}

UnitStatus status_of(const Segment& segment, const MaskPointer& mask) {
  auto unit = masked(segment.unit(), mask);
  UnitStatus out;
  out.tenant = segment.name.tenant;
  out.name = unit->name();
  out.state = segment.closed.load() ? "closed" : "live";
  out.rows = unit->rows();
  out.traces = unit->traces();
  out.bytes = unit->stored_bytes();
  out.min_start_ns = unit->min_start_ns();
  out.max_end_ns = unit->max_end_ns();
  if (uint32_t rows = segment.table->rows(); rows > 0) {
    out.min_receive_ns = segment.table->receive_ns(0);
    out.max_receive_ns = segment.table->receive_ns(rows - 1);
  }
  return out;
}

UnitStatus status_of(const StoredBlock& block, const BlockPart& part) {
  const BlockSummary& summary = part.summary;
  return {.tenant = block.tenant,
          .name = part.unit,
          .state = part.is_damaged() ? "damaged" : "block",
          .damage = part.why_damaged(),
          .rows = part.mask ? part.mask->rows() : summary.rows,
          .traces = part.mask ? part.mask->traces() : summary.traces,
          .bytes = summary.bytes,
          .min_start_ns = summary.min_start_ns,
          .max_end_ns = summary.max_end_ns,
          .min_receive_ns = summary.min_receive_ns,
          .max_receive_ns = summary.max_receive_ns};
}

}  // namespace

Status LocalStore::check_open_for(uint64_t bytes) const {
  if (closing_.load(std::memory_order_acquire)) return fail(ErrorCode::unavailable, "the server is shutting down");
  if (!log_->is_accepting()) {
    return fail(ErrorCode::resource_exhausted,
                "the write-ahead log cannot be written or the disk is full: retry later");
  }
  if (!memory_->has_room(bytes)) {
    counters().memory_limit.add();
    return fail(ErrorCode::resource_exhausted, "the memory for live data is full (memory.limit): retry later");
  }
  return {};
}

Status LocalStore::check_room(uint64_t request_bytes) const {
  return check_open_for(request_bytes / kRequestShare);
}

Status LocalStore::admit(std::string_view tenant, const SpanBatch& batch) {
  TRY(check_tenant_name(tenant));
  if (!units_.has(tenant) && units_.tenant_count() >= options_.tenants) {
    counters().tenants_limit.add();
    return fail(ErrorCode::resource_exhausted,
                "there are " + std::to_string(options_.tenants) + " tenants already (store.tenants)");
  }
  return check_open_for(batch.rows.size() * kRowBytes + batch.words.size() * sizeof(uint32_t));
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
    const MaskPointer mask = list->mask_of(**segment);
    if (!mask || mask->rows() > 0) units.push_back(masked((*segment)->unit(), mask));
  }
  for (auto block = list->blocks.rbegin(); block != list->blocks.rend(); ++block) {
    for (const BlockPart& part : (*block)->parts) {
      if (auto unit = part.unit_for(budget)) units.push_back(std::move(unit));
    }
  }
  return std::make_shared<const Snapshot>(std::move(units), std::move(budget));
}

std::vector<UnitStatus> LocalStore::list(std::string_view tenant) {
  std::vector<UnitStatus> out;
  auto units = units_.of(tenant);
  for (const auto& segment : units->segments) out.push_back(status_of(*segment, units->mask_of(*segment)));
  for (const auto& block : units->blocks) {
    if (!block->damage.empty() && block->parts.empty()) {
      UnitStatus& damaged = out.emplace_back();
      damaged.tenant = block->tenant;
      damaged.name = block->id;
      damaged.state = "damaged";
      damaged.damage = block->damage;
    }
    for (const BlockPart& part : block->parts) out.push_back(status_of(*block, part));
  }
  return out;
}

std::vector<std::string> LocalStore::complaints() {
  std::vector<std::string> out;
  for (const std::string& tenant : units_.tenants()) {
    for (const auto& block : units_.of(tenant)->blocks) {
      if (!block->damage.empty() && block->parts.empty())
        out.push_back("block " + block->id + " is damaged: " + block->damage);
      for (const BlockPart& part : block->parts) {
        if (part.is_damaged()) out.push_back("block " + part.unit + " is damaged: " + part.why_damaged());
      }
    }
  }
  if (log_ && !log_->is_accepting()) out.emplace_back("the write-ahead log cannot be written, or the disk is full");
  return out;
}

namespace {

std::unexpected<Error> one_at_a_time() {
  return fail(ErrorCode::failed_precondition, "verify, repair or compact is under way: one at a time");
}

}  // namespace

Result<VerifyReport> LocalStore::verify(std::string_view tenant) {
  std::unique_lock working(working_, std::try_to_lock);
  if (!working) return one_at_a_time();
  return StoreVerifier(files_, *objects_, options_.folder, work_ended_).verify(units_.of(tenant)->blocks);
}

Result<RepairReport> LocalStore::repair(std::string_view tenant) {
  std::unique_lock working(working_, std::try_to_lock);
  if (!working) return one_at_a_time();
  if (!repairer_) return fail(ErrorCode::failed_precondition, "the folder is opened to be read only");
  auto report = repairer_->repair(std::string(tenant));
  remover_->look();
  return report;
}

Result<Erased> LocalStore::erase(std::string_view tenant, std::span<const TraceId> ids) {
  if (!erasures_) return fail(ErrorCode::failed_precondition, "the data folder was opened only to be read");
  return erasures_->erase(tenant, ids);
}

std::vector<ErasureStatus> LocalStore::erasures(std::string_view tenant) {
  if (erasures_) return erasures_->statuses(tenant);
  return erasure_statuses(*units_.of(tenant), [&](uint64_t below) {
    return static_cast<uint64_t>(std::ranges::count_if(log_read_, [&](const auto& file) {
      return std::ranges::any_of(file.second,
                                 [&](const SegmentName& name) { return name.tenant == tenant && name.number < below; });
    }));
  });
}

Status LocalStore::compact(std::string_view tenant) {
  if (!compactor_) return fail(ErrorCode::failed_precondition, "the data folder was opened only to be read");
  std::unique_lock working(working_, std::try_to_lock);
  if (!working) return one_at_a_time();
  erasures_->look();  // what is left of one that failed is in the way
  Status compacted = compactor_->compact(std::string(tenant));
  remover_->look();
  erasures_->look();
  return compacted;
}

void LocalStore::end_work() {
  work_ended_.store(true, std::memory_order_release);
  if (compactor_) compactor_->end();
}

Status LocalStore::seal_all() {
  return sealer_ ? sealer_->seal_all() : Status{};
}

void LocalStore::expire() {
  if (!retention_) return;
  retention_->look();
  remover_->look();
  erasures_->look();
}

Status LocalStore::compact() {
  if (!compactor_) return {};
  Status compacted = compactor_->compact();
  remover_->look();
  return compacted;
}

Status LocalStore::close() {
  end_work();
  std::lock_guard working(working_);
  if (compactor_) compactor_->end();
  closing_.store(true, std::memory_order_release);
  if (erasures_) erasures_->close();
  block_keeper_.reset();
  if (compactor_) compactor_->close();
  keeper_.reset();
  if (sealer_) sealer_->close();
  Status closed = log_ ? log_->close() : Status{};
  lock_.reset();
  return closed;
}

}  // namespace clew::store
