#include "store/erasures.h"

#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "store/store_fixture.h"
#include "store/test_effort.h"

namespace clew::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ErasureTest : public StoreFixture {
 protected:
  ErasureTest() {
    options_.log_file_bytes = 4096;
    options_.retention_look_ns = kDayNs;
    options_.erasure_delay_ns = 0;
    clock_.set_unix_ns(kNow);
  }
  void start(uint64_t seed = 1) {
    store_.reset();
    files_ = env::FaultyFiles::make(seed);
    random_.seed(seed);
    sender_ = std::make_unique<Sender>(seed);
    present_.clear();
    maybe_.clear();
    known_.clear();
    received_ = 0;
    open(options_);
  }
  void reopen() {
    store_.reset();
    files_->crash();
    open(options_);
  }
  void take(size_t spans) {
    sender_->set_clock_error_ns(random_() % 4 == 0 ? -kTenYearsNs : 0);
    const SpanBatch& batch = sender_->next(spans, kNow + received_++);
    for (const SpanRow& row : batch.rows) known_.insert(row.trace);
    collect(batch, append(batch) ? present_ : maybe_);
  }
  void take_blocks(int blocks, size_t spans = 30) {
    for (int i = 0; i < blocks; ++i) {
      take(spans);
      ASSERT_TRUE(store_->seal_all());
    }
  }
  std::vector<TraceId> some_traces(uint64_t of = 4) {
    std::vector<TraceId> out;
    for (TraceId id : known_) {
      if (random_() % of == 0) out.push_back(id);
    }
    return out;
  }
  Result<Erased> erase(const std::vector<TraceId>& ids) {
    auto erased = store_->admin().erase(kSingle, ids);
    if (erased) forget(ids);
    return erased;
  }
  void forget(const std::vector<TraceId>& ids) {
    const std::set<TraceId> gone(ids.begin(), ids.end());
    for (SpanTexts* spans : {&present_, &maybe_}) {
      std::erase_if(*spans, [&](const auto& span) { return gone.contains(span.first.first); });
    }
  }
  SpanTexts everything(Store& store) {
    auto snapshot = store.source().snapshot(kSingle, std::make_shared<ReadBudget>());
    std::vector<TraceId> ids(known_.begin(), known_.end());
    SpanTexts out;
    auto table = snapshot->gather(ids);
    EXPECT_TRUE(table) << table.error().message;
    if (table) collect(**table, out);
    return out;
  }
  // What is answered is what must be there, to the row, and maybe what may be.
  void check(Store& store) {
    SpanTexts found = everything(store);
    for (const auto& [key, text] : maybe_) {
      if (!present_.contains(key)) found.erase(key);
    }
    ASSERT_TRUE(same(found, present_));
    if (!maybe_.empty()) return;
    std::set<TraceId> traces;
    for (const auto& [key, text] : present_) traces.insert(key.first);
    uint64_t rows = 0, spans = 0;
    auto snapshot = store.source().snapshot(kSingle, std::make_shared<ReadBudget>());
    for (const auto& unit : snapshot->units()) {
      rows += unit->rows();
      auto summaries = unit->summaries();
      auto listed = unit->listed();
      ASSERT_TRUE(summaries && listed);
      for (const TraceSummary& trace : *summaries) {
        spans += trace.spans;
        ASSERT_TRUE(traces.contains(trace.id)) << "an erased trace has a summary";
      }
      for (TraceId id : *listed) ASSERT_TRUE(traces.contains(id)) << "an erased trace is listed";
    }
    ASSERT_EQ(rows, present_.size());
    ASSERT_EQ(spans, present_.size());
    uint64_t counted = 0;
    for (const UnitStatus& unit : store.admin().list(kSingle)) counted += unit.rows;
    ASSERT_EQ(counted, present_.size());
  }
  void check() { check(*store_); }
  void check_read_only() {
    StoreOptions reading = options_;
    reading.read_only = true;
    auto opened = Store::open(reading, *files_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    check(**opened);
  }
  // Until no record is left, that of a failed erasure included; the log's thread has a part in it.
  void finish() {
    ASSERT_TRUE(store_->seal_all());
    store_->expire();
    for (int looks = 0; !store_->admin().erasures(kSingle).empty(); ++looks) {
      ASSERT_LT(looks, 1'000'000) << "an erasure stays outstanding";
      Status compacted = store_->admin().compact(kSingle);
      ASSERT_TRUE(compacted) << compacted.error().message;
      store_->expire();
      std::this_thread::yield();
    }
  }
  static std::string records_folder() { return "data/tenants/" + std::string(kSingle) + "/erasures"; }

  StoreOptions options_ = small_options();
  std::mt19937_64 random_;
  std::unique_ptr<Sender> sender_;
  SpanTexts present_;        // acknowledged, and not erased
  SpanTexts maybe_;          // not acknowledged
  std::set<TraceId> known_;  // ever sent
  uint64_t received_ = 0;
};

TEST_F(ErasureTest, IsInEffectAtOnceAndAfterARestartAndWhatComesLaterIsThere) {
  start();
  take_blocks(3);
  take(30);
  const std::vector<TraceId> ids = some_traces();
  const size_t before = present_.size();
  auto erased = erase(ids);
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(erased->number, 1U);
  EXPECT_EQ(erased->traces, ids.size());
  ASSERT_LT(present_.size(), before);
  check();
  auto outstanding = store_->admin().erasures(kSingle);
  ASSERT_THAT(outstanding, SizeIs(1));
  EXPECT_EQ(outstanding[0].traces, ids.size());
  EXPECT_EQ(outstanding[0].received_ns, kNow);
  EXPECT_GT(outstanding[0].blocks, 0U);
  EXPECT_GT(outstanding[0].log_files, 0U);
  take(200);  // also of traces that were erased
  size_t again = 0;
  for (const auto& [key, text] : present_) again += std::ranges::binary_search(ids, key.first);
  ASSERT_GT(again, 0U);
  for (int round = 0; round < 3; ++round) {
    check();
    check_read_only();
    reopen();
    check();
    ASSERT_THAT(store_->admin().erasures(kSingle), SizeIs(1));
    if (round == 0) {
      ASSERT_TRUE(store_->seal_all());
    }
  }
  finish();
  check();
  EXPECT_THAT(names_in(records_folder()), IsEmpty());
  reopen();
  check();
}

TEST_F(ErasureTest, WhatIsNotThereIsNotRecorded) {
  start();
  EXPECT_EQ(store_->admin().erase("nobody", std::vector<TraceId>{{1, 2}})->number, 0U);
  take(20);
  const size_t segments = store_->admin().list(kSingle).size();
  EXPECT_EQ(erase({})->number, 0U);
  EXPECT_EQ(erase({{1, 2}})->number, 0U);
  EXPECT_EQ(store_->admin().list(kSingle).size(), segments);
  const std::vector<TraceId> ids = some_traces(1);
  EXPECT_EQ(erase(ids)->traces, ids.size());
  EXPECT_EQ(erase(ids)->number, 0U) << "it is gone already";
  EXPECT_THAT(store_->admin().erasures(kSingle), SizeIs(1));
  check();
}

TEST_F(ErasureTest, ARepeatedBatchOfErasedSpansIsStillARepetition) {
  start();
  Sender sender(9);
  const SpanBatch& batch = sender.next(20, kNow);
  ASSERT_TRUE(append(batch));
  for (const SpanRow& row : batch.rows) known_.insert(row.trace);
  ASSERT_TRUE(erase(some_traces(1)));
  auto again = append(batch);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->duplicates, 20U);
  check();
}

TEST_F(ErasureTest, BlocksWithNothingElseGoAndLeaveNothingBehind) {
  for (uint64_t log_file_bytes : {1, 1 << 20}) {
    options_.log_file_bytes = log_file_bytes;
    start();
    take_blocks(2);
    take(5);
    ASSERT_TRUE(erase(some_traces(1)));
    EXPECT_THAT(present_, IsEmpty());
    ASSERT_TRUE(store_->admin().compact(kSingle));
    check();
    reopen();
    check();
    finish();
    check();
    store_->expire();
    EXPECT_THAT(blocks(), IsEmpty());
    reopen();
    check();
  }
}

// No byte of what is erased is in any file once nothing is outstanding.
TEST_F(ErasureTest, NoFileHasTheSpansWhenItIsFinished) {
  start();
  take_blocks(5);
  take(20);
  const std::vector<TraceId> ids = some_traces();
  auto files_with_ids = [&] {
    size_t found = 0;
    std::vector<std::string> paths;
    for (const std::string& name : names_in("data/log")) paths.push_back("data/log/" + name);
    for (const std::string& block : blocks()) {
      for (const std::string& name : names_in(blocks_folder() + "/" + block)) {
        paths.push_back(blocks_folder() + "/" + block + "/" + name);
      }
    }
    for (const std::string& path : paths) {
      auto bytes = files_->read_all(path, 1 << 24);
      EXPECT_TRUE(bytes);
      found += std::ranges::any_of(ids, [&](TraceId id) { return bytes->find(id.bytes()) != std::string::npos; });
    }
    return found;
  };
  ASSERT_GT(files_with_ids(), 0U);
  ASSERT_TRUE(erase(ids));
  finish();
  EXPECT_EQ(files_with_ids(), 0U);
  check();
}

// By themselves, without compact(), when they are due.
TEST_F(ErasureTest, FilesAreWrittenAgainWhenTheDelayIsOver) {
  options_.erasure_delay_ns = 60'000'000'000;
  options_.compaction_rows = 0;
  start();
  take_blocks(2);
  take(20);
  ASSERT_TRUE(erase(some_traces(2)));
  const auto before = blocks();
  store_->expire();
  ASSERT_TRUE(store_->compact());
  EXPECT_EQ(blocks(), before) << "not yet";
  store_.reset();
  options_.retention_look_ns = 1;  // clamped to a tenth of a second
  clock_.set_unix_ns(kNow + options_.erasure_delay_ns);
  open(options_);
  while (!store_->admin().erasures(kSingle).empty()) std::this_thread::yield();
  check();
  EXPECT_THAT(names_in(records_folder()), IsEmpty());
}

TEST_F(ErasureTest, LimitsAreSaid) {
  options_.erasure_ids = 10;
  options_.erasure_records = 2;
  start();
  take_blocks(1, 200);
  ASSERT_GT(known_.size(), 13U);
  std::vector<TraceId> ids(known_.begin(), known_.end());
  auto refused = erase(std::vector<TraceId>(ids.begin(), ids.begin() + 11));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("10"));
  for (size_t i = 0; i < 2; ++i) ASSERT_TRUE(erase({ids[i]}));
  refused = erase({ids[2]});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("clew store compact"));
  check();
  finish();
  ASSERT_TRUE(erase({ids[2]}));
  check();
}

TEST_F(ErasureTest, ARecordThatCannotBeReadStopsTheStart) {
  start();
  take_blocks(1);
  ASSERT_TRUE(erase(some_traces()));
  auto names = names_in(records_folder());
  ASSERT_THAT(names, SizeIs(1));
  store_.reset();
  ASSERT_TRUE(files_->flip_bit(records_folder() + "/" + names[0], 300));
  for (bool read_only : {false, true}) {
    StoreOptions options = options_;
    options.read_only = read_only;
    auto opened = Store::open(options, *files_, clock_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr(names[0]));
  }
  ASSERT_TRUE(files_->flip_bit(records_folder() + "/" + names[0], 300));
  open(options_);
  check();
}

TEST_F(ErasureTest, AReadOnlyStoreErasesNothing) {
  start();
  take_blocks(1);
  options_.read_only = true;
  store_.reset();
  open(options_);
  auto refused = erase(some_traces(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::failed_precondition);
}

// Appends, seals, erasures, merges, expiry and restarts in any order, against a model.
TEST_F(ErasureTest, AnyHistoryGivesWhatTheModelSays) {
  for (uint64_t seed = 1; seed <= seeds_to_run(12); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    options_.lanes = static_cast<uint32_t>(1 + seed % 3);
    options_.log_file_bytes = seed % 2 == 0 ? 1 : 1 << 14;
    start(seed);
    for (int step = 0; step < 40; ++step) {
      switch (random_() % 8) {
        case 0:
        case 1:
        case 2: take(1 + random_() % 40); break;
        case 3: ASSERT_TRUE(store_->seal_all()); break;
        case 4: ASSERT_TRUE(erase(some_traces(1 + random_() % 30))); break;
        case 5: ASSERT_TRUE(random_() % 2 == 0 ? store_->compact() : store_->admin().compact(kSingle)); break;
        case 6: store_->expire(); break;
        default: reopen();
      }
      ASSERT_NO_FATAL_FAILURE(check()) << "step " << step;
      if (step % 8 == 0) {
        ASSERT_NO_FATAL_FAILURE(check_read_only());
      }
    }
    ASSERT_NO_FATAL_FAILURE(finish());
    ASSERT_NO_FATAL_FAILURE(check());
    reopen();
    ASSERT_NO_FATAL_FAILURE(check());
  }
}

// What was answered as erased stays so, and nothing else goes, wherever the machine stops or the disk fails for a
// while.
TEST_F(ErasureTest, NoStopDoublesOrLosesARow) {
  for (bool crash : {true, false}) {
    bool ended = false;
    for (uint64_t stop_after = 0; !ended; stop_after += kFaultStride) {
      SCOPED_TRACE(testing::Message() << "stopped after " << stop_after << (crash ? ", crash" : ""));
      ASSERT_LT(stop_after, 400U);
      options_.log_file_bytes = stop_after % 2 == 0 ? 1 : 1 << 20;
      start(stop_after + 1);
      take_blocks(3, 15);
      ASSERT_TRUE(erase(some_traces(8)));
      take(15);
      const std::vector<TraceId> ids = some_traces();
      const SpanTexts before = present_;
      std::atomic<uint64_t> count{0};
      std::atomic<bool> stopped{false};
      files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
        if (operation == "read" || count++ < stop_after) return {};
        stopped = true;
        return fail(ErrorCode::unavailable, "power is gone");
      });
      const bool erased = erase(ids).has_value();
      take(15);
      (void)store_->seal_all();
      (void)store_->admin().compact(kSingle);
      store_->expire();
      ended = !stopped;
      if (!crash) {
        ASSERT_NO_FATAL_FAILURE(check());
      }
      if (crash) store_.reset();
      files_->set_fault({});
      if (crash) {
        files_->crash();
        open(options_);
        // An erasure that was not answered took effect as a whole, or not at all.
        SpanTexts found = everything(*store_);
        if (!erased && std::ranges::none_of(before, [&](const auto& span) {
              return std::ranges::binary_search(ids, span.first.first) && found.contains(span.first);
            })) {
          for (const auto& [key, text] : before) {
            if (std::ranges::binary_search(ids, key.first)) present_.erase(key);
          }
        }
      }
      ASSERT_NO_FATAL_FAILURE(check());
      take(10);
      const auto again = erase(some_traces(8));
      ASSERT_TRUE(again) << again.error().message;
      ASSERT_NO_FATAL_FAILURE(finish());
      ASSERT_NO_FATAL_FAILURE(check());
      reopen();
      ASSERT_NO_FATAL_FAILURE(check());
      ASSERT_NO_FATAL_FAILURE(check_read_only());
    }
  }
}

// The meta of a block may be there although storing it failed; its segment has other rows when it is sealed at last.
TEST_F(ErasureTest, ABlockThatCouldNotBeSealedDoesNotComeBack) {
  for (uint64_t of : {1, 3}) {
    start();
    take(30);
    std::atomic<bool> renamed{false};
    files_->set_fault([&](std::string_view operation, const std::string& path) -> Status {
      if (operation == "rename" && path.ends_with("meta.json")) renamed = true;
      if (!renamed || operation != "sync_folder") return {};
      return fail(ErrorCode::unavailable, "power is gone");
    });
    ASSERT_FALSE(store_->seal_all());
    files_->set_fault({});
    ASSERT_TRUE(erase(some_traces(of)));
    finish();
    check();
    reopen();
    check();
  }
}

// What a merge that failed has left outlives its inputs, which retention takes; the record stays as long.
TEST_F(ErasureTest, AMergeThatFailedDoesNotComeBackWithoutItsInputs) {
  start();
  take_blocks(6);
  std::atomic<bool> renamed{false};
  files_->set_fault([&](std::string_view operation, const std::string& path) -> Status {
    if (operation == "rename" && path.ends_with("meta.json")) renamed = true;
    const bool fails = operation == "sync_folder" || (operation == "remove" && path.find("-x") != path.npos);
    return renamed && fails ? fail(ErrorCode::unavailable, "power is gone") : Status();
  });
  ASSERT_FALSE(store_->compact());
  files_->set_fault([](std::string_view operation, const std::string& path) -> Status {
    const bool fails = operation == "remove" && path.find("-x") != path.npos;
    return fails ? fail(ErrorCode::unavailable, "power is gone") : Status();
  });
  const std::vector<TraceId> ids = some_traces(2);
  ASSERT_TRUE(erase(ids));
  clock_.set_unix_ns(kNow + 2 * options_.retention_age_ns);
  for (int look = 0; look < 100; ++look) {
    store_->expire();
    std::this_thread::yield();
  }
  store_.reset();
  files_->set_fault({});
  reopen();
  for (const auto& [key, text] : everything(*store_)) {
    ASSERT_FALSE(std::ranges::binary_search(ids, key.first)) << "it is erased";
  }
  finish();
  EXPECT_THAT(names_in(records_folder()), IsEmpty());
}

// Opened read-only at each of the writer's operations; and the writer finishes at each of the reader's.
TEST_F(ErasureTest, AReaderOfTheFolderNeverSeesWhatIsErased) {
  bool ended = false;
  for (uint64_t at = 0; !ended; ++at) {
    SCOPED_TRACE(testing::Message() << "at operation " << at);
    ASSERT_LT(at, 500U);
    start(at + 1);
    take_blocks(2, 15);
    take(15);
    ASSERT_TRUE(erase(some_traces(3)));
    uint64_t reads = 0;
    std::atomic<bool> reading{false};
    const auto self = std::this_thread::get_id();
    files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
      if (std::this_thread::get_id() != self || (at == 0) == (operation == "read")) return {};
      if ((at > 0 && ++reads != at) || reading.exchange(true)) return {};
      if (at == 0) {
        check_read_only();
        reading = false;
      } else {
        finish();
      }
      return {};
    });
    if (at == 0) {
      finish();
    } else {
      StoreOptions options = options_;
      options.read_only = true;
      auto opened = Store::open(options, *files_, clock_);
      files_->set_fault({});
      ASSERT_TRUE(opened) << opened.error().message;
      ended = reads < at;
      // The files of blocks may be gone that it saw; what it answers has nothing that is erased.
      auto snapshot = (*opened)->source().snapshot(kSingle, std::make_shared<ReadBudget>());
      for (TraceId id : known_) {
        auto table = snapshot->gather(std::vector{id});
        if (!table) continue;
        SpanTexts found;
        collect(**table, found);
        for (const auto& [key, text] : found) ASSERT_TRUE(present_.contains(key)) << "it is erased";
      }
    }
    files_->set_fault({});
  }
}

// A reader in another thread sees a trace whole or not at all.
TEST_F(ErasureTest, IsInEffectAtOneMoment) {
  start();
  take_blocks(6);
  take(30);
  std::atomic<bool> done{false};
  std::atomic<int> reads{0}, wrong{0};
  const std::vector<TraceId> ids = some_traces(2);
  SpanTexts before = present_;
  std::jthread within([&] {
    for (bool gone = false; !done; ++reads) {
      SpanTexts found = everything(*store_);
      size_t of_erased = 0, all = 0;
      for (const auto& [key, text] : before) {
        bool erased = std::ranges::binary_search(ids, key.first);
        all += erased;
        of_erased += erased && found.contains(key);
        if (!erased && !found.contains(key)) ++wrong;
      }
      if (of_erased != 0 && (of_erased != all || gone)) ++wrong;
      gone = gone || of_erased == 0;
    }
  });
  auto let_it_read = [&] {
    for (int so_far = reads; reads < so_far + 2;) std::this_thread::yield();
  };
  let_it_read();
  ASSERT_TRUE(erase(ids));
  let_it_read();
  finish();
  let_it_read();
  done = true;
  within.join();
  EXPECT_EQ(wrong, 0);
  check();
}

}  // namespace
}  // namespace clew::store
