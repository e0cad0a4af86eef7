#include "store/compactor.h"

#include <gmock/gmock.h>

#include <thread>

#include "base/counters.h"
#include "store/store_fixture.h"
#include "store/test_effort.h"

namespace clew::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class CompactorTest : public StoreFixture {
 protected:
  CompactorTest() {
    options_.lanes = 1;
    options_.log_file_bytes = 1;  // a file per group, so that sealing frees the log
    options_.retention_look_ns = kDayNs;
    clock_.set_unix_ns(kNow);
  }
  void seal_block(uint64_t receive_ns, SpanTexts& sent, size_t spans = 20, std::string_view tenant = kSingle) {
    const SpanBatch& batch = sender_.next(spans, receive_ns);
    ASSERT_TRUE(append(batch, tenant));
    collect(batch, sent);
    ASSERT_TRUE(store_->seal_all());
  }
  uint64_t rows(std::string_view tenant = kSingle) {
    uint64_t rows = 0;
    for (const UnitStatus& unit : store_->admin().list(tenant)) rows += unit.rows;
    return rows;
  }
  void reopen() {
    store_.reset();
    files_->crash();
    open(options_);
  }

  StoreOptions options_ = small_options();
  Sender sender_{1};
};

TEST_F(CompactorTest, FourNeighboursBecomeOne) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 3; ++i) seal_block(kNow + i, sent);
  ASSERT_TRUE(store_->compact());
  EXPECT_THAT(blocks(), SizeIs(3)) << "too few";
  seal_block(kNow + 3, sent);
  ASSERT_TRUE(store_->compact());
  for (bool again : {false, true}) {
    if (again) reopen();
    ASSERT_THAT(blocks(), SizeIs(1));
    EXPECT_THAT(blocks()[0], HasSubstr("-x4"));
    EXPECT_EQ(rows(), sent.size());
    EXPECT_TRUE(same(stored(sent), sent));
  }
}

TEST_F(CompactorTest, ADamagedResultGivesWayToWhatItWasMadeOf) {
  for (bool all_there : {true, false}) {
    files_ = env::FaultyFiles::make(1);
    open(options_);
    SpanTexts sent;
    for (uint64_t i = 0; i < 4; ++i) seal_block(kNow + i, sent);
    std::vector<std::string> inputs = blocks();
    auto reader = store_->source().snapshot(kSingle, std::make_shared<ReadBudget>());
    ASSERT_TRUE(store_->compact());
    ASSERT_THAT(blocks(), SizeIs(5)) << "the reader keeps the files";
    reader.reset();
    store_.reset();
    std::string result;
    for (const std::string& name : blocks()) {
      if (name.ends_with("-x4")) result = blocks_folder() + "/" + name;
    }
    auto bytes = files_->read_all(result + "/data.parquet", 1 << 20);
    ASSERT_TRUE(bytes);
    ASSERT_TRUE(files_->flip_bit(result + "/data.parquet", (bytes->size() - 20) * 8));
    if (!all_there) {
      for (auto file : {"/meta.json", "/data.parquet"}) {
        ASSERT_TRUE(files_->remove(blocks_folder() + "/" + inputs[0] + file));
      }
    }
    open(options_);
    if (all_there) {
      EXPECT_EQ(blocks(), inputs);
      EXPECT_TRUE(same(stored(sent), sent));
    } else {
      EXPECT_EQ(stored(sent).size(), sent.size() / 4 * 3) << "of what is there everything is answered";
    }
  }
}

// Also when results are merged again, and with a clock that is off.
TEST_F(CompactorTest, PartsOfATraceComeTogetherAndAreUnlisted) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 16; ++i) seal_block(kNow + i, sent, 40);
  const auto apart = places().parts;
  EXPECT_TRUE(std::ranges::any_of(apart, [](const auto& entry) { return entry.second > 1; }));
  ASSERT_TRUE(store_->compact());
  ASSERT_THAT(blocks(), SizeIs(1));
  const auto [parts, unlisted] = places();
  size_t judged = 0;
  for (const auto& [id, count] : parts) EXPECT_EQ(count, 1) << id.hex();
  for (const auto& [id, count] : unlisted) judged += static_cast<size_t>(count);
  EXPECT_GT(judged, 0U);
  // What is listed has no root.
  auto snapshot = store_->source().snapshot(kSingle, std::make_shared<ReadBudget>());
  const auto& unit = snapshot->units().front();
  auto summaries = unit->summaries();
  auto listed = unit->listed();
  ASSERT_TRUE(summaries && listed);
  for (const TraceSummary& trace : *summaries) {
    EXPECT_EQ(std::ranges::binary_search(*listed, trace.id), trace.root_row == kNoRow) << trace.id.hex();
  }
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(CompactorTest, ATraceThatIsHeldElsewhereStaysListed) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 4; ++i) {
    sender_.set_clock_error_ns(i % 2 == 0 ? 0 : -kTenYearsNs);
    seal_block(kNow + i, sent, 60);
  }
  sender_.set_clock_error_ns(0);
  send(sender_.next(60, kNow + 4), sent);  // live
  ASSERT_TRUE(store_->compact());
  ASSERT_THAT(blocks(), SizeIs(1));
  EXPECT_THAT(names_in(blocks_folder() + "/" + blocks()[0]),
              ElementsAre("data.parquet", "displaced.parquet", "meta.json"));
  for (bool again : {false, true}) {
    if (again) reopen();
    auto [parts, unlisted] = places();
    size_t spread = 0;
    for (const auto& [id, count] : unlisted) {
      EXPECT_LE(count, 1) << id.hex();
      spread += parts[id] > 1;
    }
    EXPECT_GT(spread, 0U);
    EXPECT_EQ(rows(), sent.size());
    EXPECT_TRUE(same(stored(sent), sent));
  }
}

TEST_F(CompactorTest, TenantsAreKeptApart) {
  open(options_);
  SpanTexts one, two;
  for (uint64_t i = 0; i < 4; ++i) {
    seal_block(kNow + i, one);
    seal_block(kNow + i, two, 20, "other");
  }
  ASSERT_TRUE(store_->compact());
  for (bool again : {false, true}) {
    if (again) reopen();
    EXPECT_THAT(store_->admin().list(kSingle), SizeIs(1));
    EXPECT_THAT(store_->admin().list("other"), SizeIs(1));
    EXPECT_EQ(rows(), one.size());
    EXPECT_EQ(rows("other"), two.size());
    EXPECT_TRUE(same(stored(one), one));
    EXPECT_TRUE(same(stored(two, "other"), two));
    EXPECT_TRUE(stored(two).size() < two.size() || two.empty());
  }
}

// Rows that the log still has must not come back when their blocks have been replaced twice.
TEST_F(CompactorTest, SegmentsAreInherited) {
  options_.log_file_bytes = 1 << 20;
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 16; ++i) {
    seal_block(kNow + i, sent);
    if (i == 15) send(sender_.next(20, kNow + 16), sent);  // holds the log
    ASSERT_TRUE(store_->compact());
  }
  ASSERT_THAT(blocks(), testing::Contains(HasSubstr("-x10"))) << "made of one that was made of others";
  reopen();
  EXPECT_EQ(rows(), sent.size());
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(CompactorTest, AMergedBlockExpiresByItsNewestSpan) {
  options_.compaction_window_ns = 30 * kDayNs;
  options_.log_file_bytes = 1 << 20;
  open(options_);
  SpanTexts sent, live;
  const uint64_t begin = kNow / options_.compaction_window_ns * options_.compaction_window_ns;
  clock_.set_unix_ns(begin);
  for (uint64_t i = 0; i < 4; ++i) seal_block(begin + i * kDayNs, sent);
  send(sender_.next(10, begin + 4 * kDayNs), live);  // holds the log
  ASSERT_TRUE(store_->compact());
  ASSERT_THAT(blocks(), SizeIs(1));
  clock_.set_unix_ns(begin + 17 * kDayNs);
  store_->expire();
  EXPECT_EQ(rows(), sent.size() + live.size());
  clock_.set_unix_ns(begin + 17 * kDayNs + 1);
  store_->expire();
  for (bool again : {false, true}) {
    if (again) reopen();
    EXPECT_EQ(rows(), live.size());
    EXPECT_TRUE(same(stored(live), live));
  }
}

TEST_F(CompactorTest, WhatExpiresIsNotMerged) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 4; ++i) seal_block(kNow + i, sent);
  clock_.set_unix_ns(kNow + 15 * kDayNs);
  ASSERT_TRUE(store_->compact());
  EXPECT_THAT(blocks(), SizeIs(4));
}

// Inputs that somebody reads stay, and so does what replaces them, though it expires.
TEST_F(CompactorTest, AReaderKeepsWhatItSees) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 4; ++i) seal_block(kNow + i, sent);
  auto snapshot = store_->source().snapshot(kSingle, std::make_shared<ReadBudget>());
  ASSERT_TRUE(store_->compact());
  EXPECT_THAT(store_->admin().list(kSingle), SizeIs(1));
  EXPECT_THAT(blocks(), SizeIs(5));
  SpanTexts young;
  seal_block(kNow + 15 * kDayNs, young);  // and the log is free of the others
  clock_.set_unix_ns(kNow + 15 * kDayNs);
  store_->expire();
  EXPECT_THAT(store_->admin().list(kSingle), SizeIs(1));
  EXPECT_THAT(blocks(), SizeIs(6));
  const std::string result = blocks_folder() + "/" + blocks()[1];
  ASSERT_THAT(result, HasSubstr("-x4"));
  EXPECT_THAT(names_in(result), ElementsAre("data.parquet", "meta.json")) << "else its inputs would be back";
  std::vector<TraceId> ids;
  for (const auto& [key, text] : sent) ids.push_back(key.first);
  auto table = snapshot->gather(ids);
  ASSERT_TRUE(table) << table.error().message;
  SpanTexts found;
  collect(**table, found);
  EXPECT_TRUE(same(found, sent));
  snapshot.reset();
  store_->expire();
  // The log may still have frames of what the result replaced: then its meta stays.
  EXPECT_THAT(blocks(), SizeIs(testing::Le(2U)));
  EXPECT_THAT(names_in(result), testing::Not(testing::Contains("data.parquet")));
  clock_.set_unix_ns(kNow);  // so that nothing expires now
  reopen();
  EXPECT_EQ(rows(), young.size());
  EXPECT_TRUE(same(stored(young), young));
}

TEST_F(CompactorTest, DamageIsLeftAloneAndTheOthersMerged) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 5; ++i) seal_block(kNow + i, sent);
  const std::string damaged = blocks()[1];
  // In the first page: the block opens, its rows cannot be read.
  ASSERT_TRUE(files_->flip_bit(blocks_folder() + "/" + damaged + "/data.parquet", 60 * 8));
  Counter& failures = counter("clew_store_compaction_failures_total", "Merges that failed.");
  const auto before = failures.value();
  for (int round = 0; round < 3; ++round) ASSERT_TRUE(store_->compact());
  EXPECT_EQ(failures.value(), before + 1) << "not again and again";
  EXPECT_THAT(blocks(), SizeIs(2));
  EXPECT_THAT(blocks(), testing::Contains(damaged));
  EXPECT_EQ(rows(), sent.size());
}

TEST_F(CompactorTest, WithoutMemoryNothingIsMerged) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 4; ++i) seal_block(kNow + i, sent);
  send(sender_.next(10, kNow + 4), sent);
  // What the process holds is measured when the log is replayed.
  options_.process_memory_bytes = [this] { return options_.memory_limit_bytes; };
  Counter& refused =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "compaction_memory"}});
  const auto before = refused.value();
  open(options_);
  ASSERT_TRUE(store_->compact());
  EXPECT_GT(refused.value(), before);
  EXPECT_GE(blocks().size(), 4U);
  options_.process_memory_bytes = {};
  open(options_);
  ASSERT_TRUE(store_->compact());
  EXPECT_LE(blocks().size(), 2U);
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(CompactorTest, WithoutDiskNothingIsMerged) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 4; ++i) seal_block(kNow + i, sent);
  files_->set_free_bytes(100);
  Counter& refused =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "compaction_disk"}});
  const auto before = refused.value();
  ASSERT_TRUE(store_->compact());
  EXPECT_EQ(refused.value(), before + 1);
  EXPECT_THAT(blocks(), SizeIs(4));
}

// The disk fails, with and without a stop of the machine; nothing is lost or doubled, at once and at the next start.
TEST_F(CompactorTest, NoStopDoublesOrLosesARow) {
  for (bool crash : {false, true}) {
    bool ended = false;
    for (uint64_t stop_after = 0; !ended; stop_after += kFaultStride) {
      SCOPED_TRACE(testing::Message() << "stopped after " << stop_after << (crash ? ", crash" : ""));
      ASSERT_LT(stop_after, 200U);
      files_ = env::FaultyFiles::make(stop_after);
      options_.log_file_bytes = stop_after % 2 == 0 ? 1 : 1 << 20;
      open(options_);
      SpanTexts sent;
      for (uint64_t i = 0; i < 8; ++i) {
        sender_.set_clock_error_ns(i % 3 == 0 ? -kTenYearsNs : 0);
        seal_block(kNow + i, sent);
      }
      send(sender_.next(10, kNow + 8), sent);
      std::atomic<uint64_t> count{0};
      std::atomic<bool> stopped{false};
      files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
        if (operation == "read" || count++ < stop_after) return {};
        stopped = true;
        return fail(ErrorCode::unavailable, "power is gone");
      });
      (void)store_->compact();
      ended = !stopped;
      ASSERT_EQ(rows(), sent.size());
      ASSERT_TRUE(same(stored(sent), sent));
      if (crash) store_.reset();
      files_->set_fault({});
      if (crash) {
        files_->crash();
        open(options_);
        ASSERT_EQ(rows(), sent.size());
        ASSERT_TRUE(same(stored(sent), sent));
      }
      // More comes, so another set is chosen.
      seal_block(kNow + 9, sent);
      ASSERT_TRUE(store_->compact());
      ASSERT_EQ(rows(), sent.size());
      reopen();
      ASSERT_EQ(rows(), sent.size());
      ASSERT_TRUE(same(stored(sent), sent));
    }
  }
}

TEST_F(CompactorTest, ReadersSeeEachRowOnceAtAnyMoment) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 12; ++i) seal_block(kNow + i, sent);
  std::vector<TraceId> ids;
  for (const auto& [key, text] : sent) {
    if (ids.empty() || ids.back() != key.first) ids.push_back(key.first);
  }
  std::atomic<bool> done{false};
  std::atomic<int> reads{0}, wrong{0};
  std::jthread within([&] {
    do {
      auto snapshot = store_->source().snapshot(kSingle, std::make_shared<ReadBudget>());
      uint64_t rows = 0;
      for (const auto& unit : snapshot->units()) rows += unit->rows();
      auto table = snapshot->gather(ids);
      SpanTexts found;
      if (table) collect(**table, found);
      if (rows != sent.size() || !same(found, sent)) ++wrong;
      ++reads;
    } while (!done);
  });
  auto let_it_read = [&] {
    for (int before = reads; reads < before + 2;) std::this_thread::yield();
  };
  let_it_read();
  EXPECT_TRUE(store_->compact());
  store_->expire();
  let_it_read();
  done = true;
  within.join();
  EXPECT_EQ(wrong, 0);
  store_->expire();
  EXPECT_THAT(blocks(), SizeIs(1));
}

// Opened read-only at each of the writer's operations; and the writer merges, and removes, at each of the reader's. The
// log's thread may still be writing the last cut meanwhile: its operations are not counted.
TEST_F(CompactorTest, AReaderOfTheFolderSeesEachRowOnceAtAnyMoment) {
  StoreOptions reading = options_;
  reading.read_only = true;
  auto read = [&](const SpanTexts& sent) {
    auto opened = Store::open(reading, *files_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    uint64_t rows = 0;
    for (const UnitStatus& unit : (*opened)->admin().list(kSingle)) {
      EXPECT_NE(unit.state, "damaged");
      rows += unit.rows;
    }
    EXPECT_EQ(rows, sent.size());
  };
  const std::thread::id self = std::this_thread::get_id();
  for (uint64_t log_file_bytes : {1, 1 << 20}) {
    options_.log_file_bytes = log_file_bytes;
    bool ended = false;
    for (uint64_t at = 0; !ended; ++at) {
      SCOPED_TRACE(testing::Message() << "at operation " << at);
      ASSERT_LT(at, 500U);
      store_.reset();
      files_ = env::FaultyFiles::make(at);
      open(options_);
      SpanTexts sent;
      for (uint64_t i = 0; i < 4; ++i) seal_block(kNow + i, sent);
      uint64_t reads = 0, reading_now = 0;
      if (at == 0) {
        files_->set_fault([&, self](std::string_view operation, const std::string&) -> Status {
          if (std::this_thread::get_id() != self || operation == "read" || reading_now++ > 0) return {};
          read(sent);
          EXPECT_TRUE(same(stored(sent), sent)) << "a reader in the same process";
          reading_now = 0;
          return {};
        });
        ASSERT_TRUE(store_->compact());
      } else {
        files_->set_fault([&, self](std::string_view operation, const std::string&) -> Status {
          if (std::this_thread::get_id() != self || operation != "read" || ++reads != at) return {};
          EXPECT_TRUE(store_->compact());
          return {};
        });
        read(sent);
        ended = reads < at;
      }
      files_->set_fault({});
      EXPECT_EQ(blocks().size(), ended ? 4U : 1U);
    }
  }
}

// The merge is at its reads when the store is closed.
TEST_F(CompactorTest, ClosingEndsAMerge) {
  open(options_);
  SpanTexts sent;
  for (uint64_t i = 0; i < 4; ++i) seal_block(kNow + i, sent);
  const SpanBatch& more = sender_.next(1, kNow + 4);
  send(more, sent);
  std::promise<void> reading;
  std::atomic<bool> first{true};
  files_->set_fault([&](std::string_view operation, const std::string& path) -> Status {
    if (operation != "read" || !path.ends_with(".parquet") || !first.exchange(false)) return {};
    reading.set_value();
    while (append(more)) std::this_thread::yield();  // refused from close() on
    return {};
  });
  Status compacted;
  std::jthread compacting([&] { compacted = store_->compact(); });
  reading.get_future().wait();
  ASSERT_TRUE(store_->close());
  compacting.join();
  files_->set_fault({});
  ASSERT_FALSE(compacted);
  EXPECT_EQ(compacted.error().code, ErrorCode::cancelled);
  reopen();
  EXPECT_THAT(blocks(), SizeIs(4));
  EXPECT_EQ(rows(), sent.size());
  EXPECT_TRUE(same(stored(sent), sent));
}

}  // namespace
}  // namespace clew::store
