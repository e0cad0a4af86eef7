// A whole store under random work and random faults, held against a model of what was acknowledged.
//
// A seed decides everything but one thing: how the log's thread, the only other one with something to do, is scheduled
// beside the simulation's. Time stands still unless a step moves it; nothing is sealed, merged or removed but by steps.
//
// Invariants, checked again and again, by trace and over all rows of all units: what was acknowledged is there, in the
// words in which it was sent; nothing else is; nothing is there twice; what retention or an erasure took stays away; an
// erasure that failed takes all of its spans at the next start, or none. A read that fails is an error and costs
// nothing. And whatever the disk did, the store takes spans again when the disk is well, and no erasure stays
// outstanding.
//
// CLEW_SEED=17 runs one seed alone; CLEW_SEEDS=5000 so many, from CLEW_SEED on (tests/soak/simulation_soak.py).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "env/clock.h"
#include "env/faulty_files.h"
#include "store/store_model.h"
#include "store/test_effort.h"

namespace clew::store {
namespace {

class StoreSimulation {
 public:
  explicit StoreSimulation(uint64_t seed) : random_(seed), files_(env::FaultyFiles::make(seed)) {
    clock_.set_unix_ns(kStart);
    for (Tenant& tenant : tenants_) tenant.sender = new_sender();
    install_faults();
    open();
  }
  ~StoreSimulation() {
    store_.reset();
    files_->set_fault({});
  }

  // Ends early with the first failure.
  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) step();
    if (!testing::Test::HasFailure()) recover();
    if (!testing::Test::HasFailure()) end_with_damage();
    if (testing::Test::HasFailure()) ADD_FAILURE() << "the steps were:\n" << story_;
  }

 private:
  static constexpr uint64_t kStart = 1'700'000'000'000'000'000;
  static constexpr uint64_t kSecondNs = 1'000'000'000;
  static constexpr uint64_t kHourNs = 3600 * kSecondNs;
  static constexpr uint64_t kDayNs = 24 * kHourNs;
  static constexpr size_t kKeptBatches = 4;
  static constexpr uint64_t kNoLimit = uint64_t{1} << 40;

  // Of what a sender sends again: codes stay valid as long as the sender does.
  struct Batch {
    SpanBatch spans;
    std::shared_ptr<Sender> sender;
  };
  struct Tenant {
    std::string name;
    StoreModel model;
    std::shared_ptr<Sender> sender;
    std::deque<Batch> recent;
  };

  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  template <typename... Args>
  void tell(fmt::format_string<Args...> text, Args&&... args) {
    story_ += fmt::format(text, std::forward<Args>(args)...) + "\n";
  }

  // --- the disk --------------------------------------------------------------------------------------------------

  // What goes wrong: the operations from `from` on, `count` of them, of one kind or all. The log's thread asks too.
  struct Fault {
    std::atomic<bool> dead{false};  // the machine stops: everything fails until it is started again
    std::atomic<int64_t> until_stop{-1};
    std::atomic<int64_t> first{-1}, count{0};
    std::atomic<int> kind{0};  // into kKinds
    std::atomic<bool> full{false};
    std::atomic<int64_t> until_read_fails{-1};  // once; the reads after it are well
    std::atomic<bool> hit{false};               // since a step has asked: something failed
  };
  static constexpr std::array<std::string_view, 6> kKinds = {"", "append", "sync", "sync_folder", "rename", "create"};

  void install_faults() {
    files_->set_fault([fault = fault_](std::string_view operation, const std::string&) -> Status {
      if (operation == "read") {
        if (fault->until_read_fails < 0 || fault->until_read_fails-- != 0) return {};
        fault->hit = true;
        return fail(ErrorCode::unavailable, "EIO");
      }
      if (fault->dead) return fail(ErrorCode::unavailable, "power is gone");
      if (fault->until_stop >= 0 && fault->until_stop-- == 0) {
        fault->dead = true;
        return fail(ErrorCode::unavailable, "power is gone");
      }
      const std::string_view kind = kKinds[static_cast<size_t>(fault->kind)];
      if (fault->count <= 0 || (!kind.empty() && kind != operation)) return {};
      if (fault->first-- > 0) return {};
      --fault->count;
      fault->hit = true;
      return fault->full ? fail(ErrorCode::resource_exhausted, "no space left") : fail(ErrorCode::unavailable, "EIO");
    });
  }

  void break_disk() {
    const int kind = static_cast<int>(below(kKinds.size()));
    const auto first = static_cast<int64_t>(below(12));
    const auto count = static_cast<int64_t>(one_in(2) ? 1 : 1 + below(20));
    fault_->full = one_in(2);
    fault_->kind = kind;
    fault_->first = first;
    tell("the disk fails {} times from the {}-th '{}' on{}", count, first, kKinds[kind], fault_->full ? " (full)" : "");
    fault_->count = count;
  }
  void fill_disk() {
    const uint64_t left = below(30'000);
    tell("the disk has {} bytes left", left);
    files_->set_free_bytes(left);
    filled_ = true;
  }
  void stop_soon(uint64_t within = 25) {
    const auto after = static_cast<int64_t>(below(within));
    tell("the machine stops after {} operations", after);
    fault_->until_stop = after;
  }
  void break_a_read(uint64_t within) {
    const auto after = static_cast<int64_t>(below(within));
    tell("a read fails after {}", after);
    fault_->hit = false;
    fault_->until_read_fails = after;
  }
  void heal_disk() {
    fault_->count = 0;
    fault_->until_read_fails = -1;
    files_->set_free_bytes(kNoLimit);
    filled_ = false;
  }
  bool is_well() const { return fault_->count <= 0 && fault_->until_stop < 0 && !fault_->dead && !filled_; }

  // --- the store -------------------------------------------------------------------------------------------------

  StoreOptions options() {
    StoreOptions out;
    out.folder = "data";
    out.disk_reserve_bytes = 0;
    out.log_retry_ms = 1;
    out.duplicates_bytes = 1 << 20;
    out.lanes = static_cast<uint32_t>(1 + below(3));
    out.segment_rows = static_cast<uint32_t>(20 + below(200));
    out.log_file_bytes = one_in(3) ? 1 : 1000 + below(40'000);
    out.idle_ns = 1000 * kDayNs;
    out.retention_look_ns = 1000 * kDayNs;
    out.retention_bytes = one_in(6) ? 20'000 + below(100'000) : kNoLimit;
    out.erasure_delay_ns = one_in(2) ? 0 : below(60 * kSecondNs);
    out.erasure_ids = one_in(6) ? 3 : 1000;
    out.erasure_records = one_in(6) ? 1 : 1000;
    return out;
  }

  void open() {
    options_ = options();
    tell("opened with {} lanes, {} rows a segment, log files of {} bytes, blocks of {} bytes", options_.lanes,
         options_.segment_rows, options_.log_file_bytes, options_.retention_bytes);
    fault_->hit = false;
    auto opened = Store::open(options_, *files_, clock_);
    if (opened) {
      store_ = std::move(*opened);
      return;
    }
    tell("it does not open: {}", opened.error().message);
    if (!fault_->dead && !fault_->hit && !filled_) {
      ADD_FAILURE() << "the store does not open: " << opened.error().message;
    }
  }

  // On a disk that is not well. Whether the store opens or not: what is there for the next start is the same.
  void start_in_vain() {
    const uint64_t how = below(3);
    if (how == 0) break_disk();
    if (how == 1) fill_disk();
    if (how == 2) break_a_read(60);
    open();
    for (const Tenant& tenant : tenants_) {
      if (!store_ || testing::Test::HasFailure()) break;
      StoreModel model = tenant.model;
      model.may_go(true);
      auto found = gathered(store_->source(), tenant.name, model.traces());
      if (!found) continue;
      EXPECT_TRUE(model.allows(*found)) << tenant.name << ", at a start on a bad disk";
    }
    store_.reset();
    heal_disk();
  }

  // The process ends in one of three ways, and is started again on a disk that is well.
  void restart() {
    const uint64_t how = fault_->dead ? 2 : below(3);
    if (how == 0 && store_) {
      tell("closed");
      (void)store_->close();
    }
    if (how == 1) tell("killed");
    if (how == 2) tell("the machine stops");
    if (how == 2) fault_->dead = true;
    store_.reset();
    if (how == 2) files_->crash();
    fault_->dead = false;
    fault_->until_stop = -1;
    heal_disk();
    if (one_in(4)) start_in_vain();
    // This one may be stopped as well; a read that fails once costs nothing, or makes it fail.
    if (one_in(4)) {
      stop_soon();
    } else if (one_in(4)) {
      break_a_read(60);
    }
    open();
    fault_->until_read_fails = -1;
    if (!store_ || fault_->dead) {
      fault_->dead = true;
      store_.reset();
      files_->crash();
      fault_->dead = false;
      fault_->until_stop = -1;
      tell("the machine stops at its start");
      open();
    }
    fault_->until_stop = -1;
    for (Tenant& tenant : tenants_) {
      if (testing::Test::HasFailure()) return;
      auto found = read(store_->source(), tenant);
      if (!found) return;
      EXPECT_TRUE(tenant.model.settle_erasures(*found)) << tenant.name;
    }
    if (!testing::Test::HasFailure()) check();
  }

  // --- the senders -----------------------------------------------------------------------------------------------

  std::shared_ptr<Sender> new_sender() {
    auto sender = std::make_shared<Sender>(random_());
    if (one_in(4)) {
      const auto days = static_cast<int64_t>(below(8000)) - 4000;
      sender->set_clock_error_ns(days * static_cast<int64_t>(kDayNs));
    }
    return sender;
  }

  bool append(Tenant& tenant, const SpanBatch& batch) {
    tenant.model.sending(batch);
    std::promise<Result<Accepted>> promise;
    auto future = promise.get_future();
    store_->sink().append(tenant.name, batch, [&](Result<Accepted> said) { promise.set_value(std::move(said)); });
    auto said = future.get();
    if (said) tenant.model.acknowledged(batch);
    tell("{} spans of {} received at {}: {}", batch.rows.size(), tenant.name, batch.rows.front().receive_ns,
         said ? fmt::format("taken, {} known", said->duplicates) : said.error().message);
    return said.has_value();
  }

  void send(Tenant& tenant) {
    const SpanBatch& batch = tenant.sender->next(1 + below(one_in(4) ? 80 : 15), clock_.unix_ns());
    tenant.recent.push_back({batch, tenant.sender});
    if (tenant.recent.size() > kKeptBatches) tenant.recent.pop_front();
    append(tenant, tenant.recent.back().spans);
  }

  void send_again(Tenant& tenant) {
    if (tenant.recent.empty()) return send(tenant);
    Batch& batch = tenant.recent[below(tenant.recent.size())];
    for (SpanRow& row : batch.spans.rows) row.receive_ns = clock_.unix_ns();
    append(tenant, batch.spans);
  }

  void change_sender(Tenant& tenant) {
    if (store_) store_->sink().forget(tenant.sender->vocabulary());
    tenant.recent.clear();
    tenant.sender = new_sender();
    tell("another sender of {}", tenant.name);
  }

  // --- steps -----------------------------------------------------------------------------------------------------

  void step() {
    clock_.advance_ns(below(5 * kSecondNs));
    Tenant& tenant = tenants_[below(tenants_.size())];
    const uint64_t chance = below(100);
    if (fault_->dead || !store_) return restart();
    if (chance < 40) return send(tenant);
    if (chance < 50) return send_again(tenant);
    if (chance < 56) return seal();
    if (chance < 63) return merge();
    if (chance < 67) return erase(tenant);
    if (chance < 69) return work_while_a_read_fails(tenant);
    if (chance < 71) return expire();
    if (chance < 74) return change_sender(tenant);
    if (chance < 80) return break_disk();
    if (chance < 82) return fill_disk();
    if (chance < 86) return heal_disk();
    if (chance < 90) return stop_soon();
    if (chance < 94) return restart();
    check();
  }

  void seal() {
    Status sealed = store_->seal_all();
    tell("sealed: {}", sealed ? "all" : sealed.error().message);
  }
  void merge() {
    Status merged = store_->compact();
    tell("merged: {}", merged ? "all" : merged.error().message);
  }

  void erase(Tenant& tenant) {
    const std::vector<TraceId> ids = one_in(2) ? some_traces(tenant) : answer_to_query(tenant);
    if (one_in(4)) stop_soon(8);
    ask_to_erase(tenant, ids);
    if (!testing::Test::HasFailure()) check();
  }
  void ask_to_erase(Tenant& tenant, const std::vector<TraceId>& ids) {
    auto erased = store_->admin().erase(tenant.name, ids);
    if (erased) {
      tenant.model.erased(ids);
    } else {
      tenant.model.may_be_erased(ids);
    }
    tell("{} traces of {} erased: {}", ids.size(), tenant.name,
         erased ? fmt::format("number {}, {} were there", erased->number, erased->traces) : erased.error().message);
  }
  // In any order, some of them twice, one that never was.
  std::vector<TraceId> some_traces(const Tenant& tenant) {
    const std::vector<TraceId> known = tenant.model.traces();
    std::vector<TraceId> ids{{1, 2}};
    const uint64_t count = known.empty() ? 0 : below(8);
    for (uint64_t i = 0; i < count; ++i) ids.push_back(known[below(known.size())]);
    return ids;
  }
  // As a query gives them: those that are shown and have something in common.
  std::vector<TraceId> answer_to_query(const Tenant& tenant) {
    const auto snapshot = store_->source().snapshot(tenant.name, std::make_shared<ReadBudget>());
    const uint64_t parts = 2 + below(3), part = below(parts);
    std::vector<TraceId> ids;
    for (const auto& unit : snapshot->units()) {
      auto summaries = unit->summaries();
      if (!summaries) continue;
      for (const TraceSummary& trace : *summaries) {
        if (trace.start_ns % parts == part) ids.push_back(trace.id);
      }
    }
    return ids;
  }

  void work_while_a_read_fails(Tenant& tenant) {
    break_a_read(40);
    const uint64_t work = below(4);
    if (work == 0) seal();
    if (work == 1) merge();
    if (work == 2) ask_to_erase(tenant, some_traces(tenant));
    if (work == 3) query_while_a_read_fails();
    fault_->until_read_fails = -1;
    if (!testing::Test::HasFailure()) check();
  }
  // An answer is whole, or an error.
  void query_while_a_read_fails() {
    for (const Tenant& tenant : tenants_) {
      auto found = gathered(store_->source(), tenant.name, tenant.model.traces());
      tell("asked for all of {}: {}", tenant.name, found ? "answered" : found.error().message);
      EXPECT_TRUE(found || fault_->hit) << found.error().message;
      if (!found) continue;
      EXPECT_TRUE(tenant.model.allows(*found)) << tenant.name << ", while a read fails";
    }
  }

  void expire() {
    const bool by_age = one_in(2);
    if (by_age) {
      clock_.advance_ns(15 * kDayNs);
      for (Tenant& tenant : tenants_) change_sender(tenant);
    }
    if (by_age || options_.retention_bytes < kNoLimit) {
      for (Tenant& tenant : tenants_) tenant.model.may_go();
    }
    const bool well = is_well();
    store_->expire();
    tell("expired{}", by_age ? " by age" : "");
    if (!well || testing::Test::HasFailure()) return;
    for (Tenant& tenant : tenants_) {
      auto found = read(store_->source(), tenant);
      if (found) tenant.model.settle(*found);
    }
  }

  // --- what must be so -------------------------------------------------------------------------------------------

  std::optional<SpanTexts> read(SpanSource& source, const Tenant& tenant) {
    SpanTexts found;
    auto readable = read_all_units(source, tenant.name, tenant.model, found);
    EXPECT_TRUE(readable);
    return readable ? std::optional(std::move(found)) : std::nullopt;
  }

  void check(SpanSource& source, const std::string& who) {
    SCOPED_TRACE(who);
    for (const Tenant& tenant : tenants_) {
      auto found = read(source, tenant);
      if (!found) return;
      EXPECT_TRUE(tenant.model.allows(*found)) << tenant.name;
      auto by_trace = gathered(source, tenant.name, tenant.model.traces());
      ASSERT_TRUE(by_trace) << by_trace.error().message;
      EXPECT_TRUE(tenant.model.allows(*by_trace)) << tenant.name << ", by trace";
      EXPECT_EQ(by_trace->size(), found->size()) << tenant.name;
    }
  }
  void check() {
    check(store_->source(), "in the store");
    if (testing::Test::HasFailure() || !one_in(3)) return;
    StoreOptions reading = options_;
    reading.read_only = true;
    auto reader = Store::open(reading, *files_, clock_);
    ASSERT_TRUE(reader) << reader.error().message;
    // What is in memory only, because the log cannot be written, was not acknowledged.
    for (const Tenant& tenant : tenants_) {
      // It has just started, so an erasure that failed may be in effect.
      if (tenant.model.is_erasure_unsettled()) continue;
      auto found = read((*reader)->source(), tenant);
      if (!found) return;
      EXPECT_TRUE(tenant.model.allows(*found)) << "beside the store";
    }
  }

  // The disk is well again: so is the store, by itself, and it shows the same after one more start.
  void recover() {
    heal_disk();
    if (fault_->dead || !store_) restart();
    fault_->until_stop = -1;
    if (fault_->dead) restart();
    if (testing::Test::HasFailure()) return;
    Tenant& tenant = tenants_.front();
    bool taken = false;
    for (int tries = 0; tries < 10'000 && !taken; ++tries) {
      taken = append(tenant, tenant.sender->next(1, clock_.unix_ns()));
      if (!taken) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(taken) << "the store does not recover";
    Status sealed = store_->seal_all();
    ASSERT_TRUE(sealed) << sealed.error().message;
    look();  // what a failed erasure left holds merges up until then
    Status merged = store_->compact();
    ASSERT_TRUE(merged) << merged.error().message;
    check();
    if (!testing::Test::HasFailure() && one_in(2)) finish_erasures();
    if (!testing::Test::HasFailure()) restart();
  }

  void look() {
    if (options_.retention_bytes < kNoLimit) {
      for (Tenant& each : tenants_) each.model.may_go();
    }
    store_->expire();
  }

  // The log's thread has a part in it.
  void finish_erasures() {
    clock_.advance_ns(options_.erasure_delay_ns);
    for (Tenant& tenant : tenants_) {
      for (int looks = 0; !store_->admin().erasures(tenant.name).empty(); ++looks) {
        ASSERT_LT(looks, 1'000'000) << "an erasure stays outstanding";
        Status compacted = store_->admin().compact(tenant.name);
        ASSERT_TRUE(compacted) << compacted.error().message;
        look();
        std::this_thread::yield();
      }
    }
    tell("no erasure is outstanding");
    check();
  }

  // One bit of one file: at most what the file holds is missing, and nothing wrong is ever shown.
  void end_with_damage() {
    ASSERT_TRUE(store_->close());
    store_.reset();
    std::vector<std::string> paths;
    list_files("data", paths);
    const std::string& path = paths[below(paths.size())];
    auto bytes = files_->read_all(path, uint64_t{1} << 30);
    ASSERT_TRUE(bytes);
    if (bytes->empty()) return;
    const uint64_t bit = below(bytes->size() * 8);
    ASSERT_TRUE(files_->flip_bit(path, bit));
    tell("bit {} of {} is flipped", bit, path);
    for (Tenant& tenant : tenants_) tenant.model.may_go(true);
    auto opened = Store::open(options_, *files_, clock_);
    if (!opened && path.find("/erasures/") != path.npos) return;  // it would show what was erased
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    for (const Tenant& tenant : tenants_) {
      for (TraceId id : tenant.model.traces()) {
        auto found = gathered(store_->source(), tenant.name, std::span(&id, 1));
        if (!found) continue;
        EXPECT_TRUE(tenant.model.allows(*found)) << tenant.name;
      }
    }
  }

  void list_files(const std::string& folder, std::vector<std::string>& out) {
    auto names = files_->list(folder);
    if (!names) return;
    for (const std::string& name : *names) {
      const std::string path = folder + "/" + name;
      if (*files_->is_folder(path)) {
        list_files(path, out);
      } else {
        out.push_back(path);
      }
    }
  }

  std::mt19937_64 random_;
  std::unique_ptr<env::FaultyFiles> files_;
  env::ManualClock clock_;
  bool filled_ = false;
  std::shared_ptr<Fault> fault_ = std::make_shared<Fault>();
  StoreOptions options_;
  std::unique_ptr<Store> store_;
  std::array<Tenant, 2> tenants_{Tenant{"one", {}, {}, {}}, Tenant{"two", {}, {}, {}}};
  std::string story_;
};

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(StoreSimulationTest, NothingAcknowledgedIsLostAndNothingElseIsShown) {
  constexpr int kSteps = 60;
  constexpr uint64_t kSeeds = kIsSanitized ? 8 : 250;
  const bool chosen = std::getenv("CLEW_SEED") != nullptr;
  const uint64_t first = from_environment("CLEW_SEED", 1);
  const uint64_t seeds = from_environment("CLEW_SEEDS", chosen ? 1 : kSeeds);
  log::configure(log::Level::off, log::Format::text);
  for (uint64_t seed = first; seed < first + seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "CLEW_SEED=" << seed);
    StoreSimulation(seed).run(kSteps);
  }
  log::configure(log::Level::info, log::Format::text);
}

}  // namespace
}  // namespace clew::store
