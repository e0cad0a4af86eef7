// A whole store under random work and random faults, held against a model of what was acknowledged.
//
// A seed decides everything but one thing: how the log's thread, the only other one with something to do, is scheduled
// beside the simulation's. Time stands still unless a step moves it; nothing is sealed, merged or removed but by steps.
//
// Invariants, checked again and again, by trace and over all rows of all units: what was acknowledged is there, in the
// words in which it was sent; nothing else is; nothing is there twice; what retention took stays away. And whatever the
// disk did, the store takes spans again when the disk is well.
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
  };
  static constexpr std::array<std::string_view, 6> kKinds = {"", "append", "sync", "sync_folder", "rename", "create"};

  void install_faults() {
    files_->set_fault([fault = fault_](std::string_view operation, const std::string&) -> Status {
      if (operation == "read") return {};
      if (fault->dead) return fail(ErrorCode::unavailable, "power is gone");
      if (fault->until_stop >= 0 && fault->until_stop-- == 0) {
        fault->dead = true;
        return fail(ErrorCode::unavailable, "power is gone");
      }
      const std::string_view kind = kKinds[static_cast<size_t>(fault->kind)];
      if (fault->count <= 0 || (!kind.empty() && kind != operation)) return {};
      if (fault->first-- > 0) return {};
      --fault->count;
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
  void stop_soon() {
    const auto after = static_cast<int64_t>(below(25));
    tell("the machine stops after {} operations", after);
    fault_->until_stop = after;
  }
  void heal_disk() {
    fault_->count = 0;
    files_->set_free_bytes(uint64_t{1} << 40);
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
    out.retention_bytes = one_in(6) ? 20'000 + below(100'000) : uint64_t{1} << 40;
    return out;
  }

  void open() {
    options_ = options();
    tell("opened with {} lanes, {} rows a segment, log files of {} bytes, blocks of {} bytes", options_.lanes,
         options_.segment_rows, options_.log_file_bytes, options_.retention_bytes);
    auto opened = Store::open(options_, *files_, clock_);
    if (opened) {
      store_ = std::move(*opened);
    } else if (!fault_->dead && fault_->count == 0) {
      ADD_FAILURE() << "the store does not open: " << opened.error().message;
    }
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
    // A start may be stopped as well.
    if (one_in(4)) stop_soon();
    open();
    if (!store_ || fault_->dead) {
      fault_->dead = true;
      store_.reset();
      files_->crash();
      fault_->dead = false;
      fault_->until_stop = -1;
      tell("the machine stopped at its start");
      open();
    }
    fault_->until_stop = -1;
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
    if (chance < 58) return seal();
    if (chance < 68) return merge();
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

  void expire() {
    const bool by_age = one_in(2);
    if (by_age) {
      clock_.advance_ns(15 * kDayNs);
      for (Tenant& tenant : tenants_) change_sender(tenant);
    }
    if (by_age || options_.retention_bytes < uint64_t{1} << 40) {
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
    Status merged = store_->compact();
    ASSERT_TRUE(merged) << merged.error().message;
    check();
    if (!testing::Test::HasFailure()) restart();
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
#if defined(__SANITIZE_THREAD__)
  constexpr uint64_t kSeeds = 8;
#elif defined(__SANITIZE_ADDRESS__)
  constexpr uint64_t kSeeds = 25;
#else
  constexpr uint64_t kSeeds = 100;
#endif
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
