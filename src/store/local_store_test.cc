#include "store/local_store.h"

#include <gmock/gmock.h>

#include "store/store_fixture.h"

namespace clew::store {
namespace {

using LocalStoreTest = StoreFixture;

TEST_F(LocalStoreTest, FindsWhatItTook) {
  open();
  Sender sender(1);
  SpanTexts sent;
  for (int i = 0; i < 20; ++i) {
    const SpanBatch& batch = sender.next(50, kNow + static_cast<uint64_t>(i));
    collect(batch, sent);
    auto accepted = append(batch);
    ASSERT_TRUE(accepted) << accepted.error().message;
    EXPECT_EQ(accepted->spans, 50U);
    EXPECT_EQ(accepted->duplicates, 0U);
  }
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(LocalStoreTest, KeepsTenantsApart) {
  open();
  Sender sender(2);
  SpanTexts sent;
  const SpanBatch& batch = sender.next(10, kNow);
  collect(batch, sent);
  ASSERT_TRUE(append(batch, "a"));
  EXPECT_EQ(stored(sent, "a"), sent);
  EXPECT_THAT(stored(sent, "b"), testing::IsEmpty());
  EXPECT_THAT(store_->source().tenants(), testing::ElementsAre("a"));
  EXPECT_FALSE(append(batch, "../escape"));
  // The same ids of another tenant are other spans.
  auto accepted = append(batch, "b");
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->duplicates, 0U);
  EXPECT_EQ(stored(sent, "b"), sent);
}

TEST_F(LocalStoreTest, FindsItAgainAfterTheProcessDied) {
  SpanTexts sent;
  Sender sender(3);
  for (int round = 0; round < 4; ++round) {
    open();
    EXPECT_EQ(stored(sent), sent) << "round " << round;
    for (int i = 0; i < 5; ++i) {
      const SpanBatch& batch = sender.next(40, kNow + static_cast<uint64_t>(round * 100 + i));
      collect(batch, sent);
      ASSERT_TRUE(append(batch));
    }
    store_.reset();
    files_->crash();
  }
  open();
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(LocalStoreTest, TheNumberOfLanesMayChange) {
  SpanTexts sent;
  Sender sender(4);
  for (uint32_t lanes : {1U, 3U, 2U}) {
    StoreOptions options = small_options();
    options.lanes = lanes;
    open(options);
    const SpanBatch& batch = sender.next(100, kNow);
    collect(batch, sent);
    ASSERT_TRUE(append(batch));
    EXPECT_TRUE(same(stored(sent), sent));
  }
}

TEST_F(LocalStoreTest, ARepeatedBatchIsAcknowledgedAndStoredOnce) {
  open();
  Sender sender(5);
  const SpanBatch& batch = sender.next(30, kNow);
  SpanTexts sent;
  collect(batch, sent);
  ASSERT_TRUE(append(batch));
  auto again = append(batch);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->spans, 30U);
  EXPECT_EQ(again->duplicates, 30U);
  EXPECT_EQ(store_->admin().list(kSingle).at(0).rows + store_->admin().list(kSingle).at(1).rows, 30U);
  open();
  auto after_restart = append(batch);
  ASSERT_TRUE(after_restart);
  EXPECT_EQ(after_restart->duplicates, 30U);
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(LocalStoreTest, SegmentsAreCutAndTheirTracesListed) {
  StoreOptions options = small_options();
  options.segment_rows = 100;
  open(options);
  Sender sender(6);
  SpanTexts sent;
  for (int i = 0; i < 30; ++i) {
    const SpanBatch& batch = sender.next(50, kNow);
    collect(batch, sent);
    ASSERT_TRUE(append(batch));
  }
  EXPECT_GT(store_->admin().list(kSingle).size(), 8U);
  EXPECT_TRUE(same(stored(sent), sent));
  // Of a trace with several parts at most the first is unlisted.
  const Places found = places();
  for (const auto& [id, parts] : found.unlisted) EXPECT_LE(parts, 1) << id.hex();
}

TEST_F(LocalStoreTest, FullMemoryAnswersBusyAndKeepsWhatItHas) {
  StoreOptions options = small_options();
  options.memory_limit_bytes = 300'000;
  open(options);
  Sender sender(7);
  SpanTexts sent;
  bool refused = false;
  for (int i = 0; i < 100 && !refused; ++i) {
    const SpanBatch& batch = sender.next(50, kNow);
    auto accepted = append(batch);
    if (accepted) {
      collect(batch, sent);
    } else {
      EXPECT_EQ(accepted.error().code, ErrorCode::resource_exhausted);
      EXPECT_THAT(accepted.error().message, testing::HasSubstr("memory.limit"));
      refused = true;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(LocalStoreTest, SaysBeforeDecodingThatThereIsNoRoom) {
  StoreOptions options = small_options();
  options.memory_limit_bytes = 1 << 20;
  open(options);
  EXPECT_TRUE(store_->sink().check_room(1 << 20));
  auto refused = store_->sink().check_room(8 << 20);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("memory.limit"));
}

TEST_F(LocalStoreTest, AFailedSyncAnswersBusyAndTheRowsAreLoggedAgain) {
  open();
  Sender sender(8);
  SpanTexts sent;
  const SpanBatch& first = sender.next(20, kNow);
  collect(first, sent);
  ASSERT_TRUE(append(first));
  std::atomic<bool> broken{true};
  files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
    if (operation == "sync" && broken) return fail(ErrorCode::unavailable, "EIO");
    return {};
  });
  const SpanBatch& second = sender.next(20, kNow + 1);
  auto refused = append(second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  broken = false;
  // The sender repeats it, as it was told to.
  Result<Accepted> accepted = fail(ErrorCode::unknown, "");
  for (int i = 0; i < 1000 && !accepted; ++i) {
    accepted = append(second);
    if (!accepted) std::this_thread::yield();
  }
  for (int i = 0; !accepted && i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    accepted = append(second);
  }
  ASSERT_TRUE(accepted) << accepted.error().message;
  EXPECT_EQ(accepted->duplicates, 20U);
  collect(second, sent);
  store_.reset();
  files_->set_fault({});
  files_->crash();
  open();
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(LocalStoreTest, ASecondWriterIsRefusedAndAReaderIsNot) {
  open();
  Sender sender(9);
  SpanTexts sent;
  const SpanBatch& batch = sender.next(20, kNow);
  collect(batch, sent);
  ASSERT_TRUE(append(batch));
  auto second = Store::open(small_options(), *files_, clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::failed_precondition);
  StoreOptions reading = small_options();
  reading.read_only = true;
  uint64_t operations = files_->operations();
  auto reader = Store::open(reading, *files_, clock_);
  ASSERT_TRUE(reader) << reader.error().message;
  std::vector<TraceId> ids;
  for (const auto& [key, text] : sent) ids.push_back(key.first);
  SpanTexts found;
  auto snapshot = (*reader)->source().snapshot(kSingle, std::make_shared<ReadBudget>());
  auto table = snapshot->gather(ids);
  ASSERT_TRUE(table);
  collect(**table, found);
  EXPECT_EQ(found, sent);
  EXPECT_EQ(files_->operations(), operations) << "a reader changes nothing";
}

TEST_F(LocalStoreTest, BlocksHoldWhatTheSegmentsHeld) {
  StoreOptions options = small_options();
  options.segment_rows = 200;
  open(options);
  Sender sender(21);
  SpanTexts sent;
  for (int i = 0; i < 20; ++i) {
    const SpanBatch& batch = sender.next(50, kNow + static_cast<uint64_t>(i));
    collect(batch, sent);
    ASSERT_TRUE(append(batch));
    if (i == 9) {
      ASSERT_TRUE(store_->seal_all());
    }
    ASSERT_TRUE(same(stored(sent), sent)) << i;
  }
  ASSERT_TRUE(store_->seal_all());
  EXPECT_TRUE(same(stored(sent), sent));
  for (const UnitStatus& unit : store_->admin().list(kSingle)) EXPECT_EQ(unit.state, "block") << unit.name;
  // Reopened after a crash: from blocks alone, with the log gone but for its newest file.
  store_.reset();
  files_->crash();
  open(options);
  EXPECT_TRUE(same(stored(sent), sent));
  const SpanBatch& more = sender.next(50, kNow + 100);
  collect(more, sent);
  ASSERT_TRUE(append(more));
  EXPECT_TRUE(same(stored(sent), sent));
  auto again = append(more);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->duplicates, 50U);
}

TEST_F(LocalStoreTest, ARepeatedBatchIsRecognisedAfterSealingAndRestart) {
  open();
  Sender sender(22);
  const SpanBatch& batch = sender.next(30, kNow);
  ASSERT_TRUE(append(batch));
  ASSERT_TRUE(store_->seal_all());
  open();
  auto again = append(batch);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->duplicates, 30U);
}

// Rows without attributes, names or times are the smallest a log can hold.
TEST_F(LocalStoreTest, TheSmallestRowsAreReplayed) {
  open();
  Vocabulary vocabulary;
  SpanBatch batch;
  batch.vocabulary = &vocabulary;
  uint32_t resource = add_resource(vocabulary, {});
  uint32_t scope = add_scope(vocabulary, "", "");
  for (uint64_t i = 1; i <= 100; ++i) {
    SpanBuilder span(batch);
    span.row().trace = {1, 1};
    span.row().span = i;
    span.row().resource = resource;
    span.row().scope = scope;
    span.row().receive_ns = kNow;
    span.finish();
  }
  SpanTexts sent;
  collect(batch, sent);
  ASSERT_TRUE(append(batch));
  open();
  EXPECT_TRUE(same(stored(sent), sent));
}

// The machine goes down at every mutating operation in turn; whatever was acknowledged before is there afterwards.
TEST_F(LocalStoreTest, NothingAcknowledgedIsLostWhereverTheMachineStops) {
  for (uint64_t stop_at = 1; stop_at < 120; stop_at += stop_at < 40 ? 1 : 3) {
    files_ = env::FaultyFiles::make(stop_at);
    std::atomic<uint64_t> count{0};
    files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
      if (operation != "read" && ++count >= stop_at) return fail(ErrorCode::unavailable, "power is gone");
      return {};
    });
    SpanTexts acknowledged;
    StoreOptions options = small_options();
    options.log_file_bytes = 20'000;
    if (auto opened = Store::open(options, *files_, clock_)) {
      store_ = std::move(*opened);
      Sender sender(stop_at);
      for (int i = 0; i < 40; ++i) {
        const SpanBatch& batch = sender.next(20, kNow);
        if (!append(batch)) break;
        collect(batch, acknowledged);
        if (i % 8 == 7 && !store_->seal_all()) break;
      }
    }
    store_.reset();
    files_->set_fault({});
    files_->crash();
    open(options);
    SpanTexts found = stored(acknowledged);
    for (const auto& [key, text] : acknowledged) {
      ASSERT_TRUE(found.contains(key)) << "stopped at operation " << stop_at;
      ASSERT_EQ(found[key], text);
    }
  }
}

// The process ends between an append and its sync; the next one knows the rows, says so to the sender, and then the
// machine goes down.
TEST_F(LocalStoreTest, WhatAReplayShowsIsDurable) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    files_ = env::FaultyFiles::make(seed);
    Sender sender(seed);
    const SpanBatch& batch = sender.next(20, kNow);
    SpanTexts sent;
    collect(batch, sent);
    open();
    files_->set_fault([](std::string_view operation, const std::string&) -> Status {
      if (operation == "append" || operation == "read") return {};
      return fail(ErrorCode::unavailable, "the process is about to end");
    });
    EXPECT_FALSE(append(batch)) << "there is no file yet";
    files_->set_fault([](std::string_view operation, const std::string&) -> Status {
      if (operation == "sync") return fail(ErrorCode::unavailable, "the process is about to end");
      return {};
    });
    EXPECT_FALSE(append(batch));
    store_.reset();
    files_->set_fault({});
    open();
    auto again = append(batch);
    ASSERT_TRUE(again) << again.error().message;
    store_.reset();
    files_->crash();
    open();
    EXPECT_TRUE(same(stored(sent), sent));
  }
}

// A flipped bit costs rows, never the start, and never shows a row that was not sent.
TEST_F(LocalStoreTest, DamageInTheLogCostsRowsOnly) {
  SpanTexts sent;
  {
    open();
    Sender sender(11);
    for (int i = 0; i < 30; ++i) {
      const SpanBatch& batch = sender.next(10, kNow);
      collect(batch, sent);
      ASSERT_TRUE(append(batch));
    }
    ASSERT_TRUE(store_->close());
    store_.reset();
  }
  auto bytes = files_->read_all("data/log/00000001.log", 1 << 30);
  ASSERT_TRUE(bytes);
  std::mt19937_64 random(5);
  for (int i = 0; i < 60; ++i) {
    uint64_t bit = random() % (bytes->size() * 8);
    ASSERT_TRUE(files_->flip_bit("data/log/00000001.log", bit));
    StoreOptions reading = small_options();
    reading.read_only = true;
    open(reading);
    SpanTexts found = stored(sent);
    EXPECT_GE(found.size(), 1U);
    for (const auto& [key, text] : found) ASSERT_EQ(sent.at(key), text) << "bit " << bit;
    ASSERT_TRUE(files_->flip_bit("data/log/00000001.log", bit));
  }
  open();
  EXPECT_TRUE(same(stored(sent), sent));
}

}  // namespace
}  // namespace clew::store
