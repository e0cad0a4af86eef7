#include "store/retention.h"

#include <gmock/gmock.h>

#include "store/store_fixture.h"

namespace clew::store {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class RetentionTest : public StoreFixture {
 protected:
  RetentionTest() {
    options_.lanes = 1;
    options_.log_file_bytes = 1;  // a file per group, so that sealing frees the log
    options_.retention_look_ns = 1'000'000 * kDayNs;
  }
  // One block, received at `receive_ns`.
  SpanTexts seal_block(uint64_t receive_ns, size_t spans = 40) {
    SpanTexts sent;
    send(sender_.next(spans, receive_ns), sent);
    EXPECT_TRUE(store_->seal_all());
    return sent;
  }

  StoreOptions options_ = small_options();
  Sender sender_{1};
};

TEST_F(RetentionTest, BlocksGoByTheAgeOfTheirNewestSpan) {
  open(options_);
  SpanTexts first = seal_block(kNow);
  SpanTexts second = seal_block(kNow + kDayNs);
  clock_.set_unix_ns(kNow + 14 * kDayNs);
  store_->expire();
  EXPECT_THAT(blocks(), SizeIs(2));
  clock_.set_unix_ns(kNow + 14 * kDayNs + 1);
  store_->expire();
  EXPECT_THAT(blocks(), SizeIs(1));
  EXPECT_TRUE(stored(first).size() < first.size());
  open(options_);
  EXPECT_THAT(blocks(), SizeIs(1));
  EXPECT_THAT(stored(second), Not(IsEmpty()));
}

TEST_F(RetentionTest, TheOldestGoWhenAllTakeTooMuch) {
  open(options_);
  std::vector<SpanTexts> sent;
  for (uint64_t i = 0; i < 5; ++i) sent.push_back(seal_block(kNow + i));
  uint64_t total = 0;
  for (const UnitStatus& unit : store_->admin().list(kSingle)) total += unit.bytes;
  auto all = blocks();
  options_.retention_bytes = total / 2;
  open(options_);
  store_->expire();
  auto left = blocks();
  EXPECT_GE(left.size(), 1U);
  EXPECT_LT(left.size(), 4U);
  EXPECT_TRUE(std::equal(left.rbegin(), left.rend(), all.rbegin())) << "the newest stay";
}

TEST_F(RetentionTest, ByDefaultFourFifthsOfTheDiskAreTaken) {
  open(options_);
  for (uint64_t i = 0; i < 5; ++i) seal_block(kNow + i);
  uint64_t total = 0;
  for (const UnitStatus& unit : store_->admin().list(kSingle)) total += unit.bytes;
  files_->set_free_bytes(total);
  store_->expire();
  EXPECT_THAT(blocks(), SizeIs(5));
  files_->set_free_bytes(total / 8);
  store_->expire();
  EXPECT_THAT(blocks(), Not(SizeIs(5)));
  EXPECT_THAT(blocks(), Not(IsEmpty()));
}

TEST_F(RetentionTest, AReaderKeepsWhatItSees) {
  open(options_);
  SpanTexts sent = seal_block(kNow);
  seal_block(kNow + 10 * kDayNs);
  std::vector<TraceId> ids;
  for (const auto& [key, text] : sent) ids.push_back(key.first);
  auto snapshot = store_->source().snapshot(kSingle, std::make_shared<ReadBudget>());
  clock_.set_unix_ns(kNow + 15 * kDayNs);
  store_->expire();
  EXPECT_THAT(store_->admin().list(kSingle), SizeIs(1));
  EXPECT_THAT(blocks(), SizeIs(2));
  SpanTexts found;
  auto table = snapshot->gather(ids);
  ASSERT_TRUE(table) << table.error().message;
  collect(**table, found);
  for (const auto& [key, text] : sent) EXPECT_EQ(found[key], text);
  snapshot.reset();
  store_->expire();
  EXPECT_THAT(blocks(), SizeIs(1));
}

// The log's file holds frames of what expired and of what did not, so it stays, and so does a meta without parts.
TEST_F(RetentionTest, WhatTheLogStillHasDoesNotComeBack) {
  options_.log_file_bytes = 1 << 20;
  open(options_);
  SpanTexts sent = seal_block(kNow);
  SpanTexts later;
  send(sender_.next(20, kNow + 2), later);
  clock_.set_unix_ns(kNow + 15 * kDayNs);
  store_->expire();
  ASSERT_THAT(blocks(), SizeIs(1));
  EXPECT_THAT(names_in(blocks_folder() + "/" + blocks()[0]), testing::ElementsAre("meta.json"));
  for (int round = 0; round < 2; ++round) {
    store_.reset();
    files_->crash();
    open(options_);
    SpanTexts found = stored(sent);
    for (const auto& [key, text] : sent) EXPECT_FALSE(found.contains(key));
    SpanTexts live = stored(later);
    for (const auto& [key, text] : later) EXPECT_TRUE(live.contains(key));
    store_->expire();
    EXPECT_THAT(blocks(), SizeIs(1));
  }
  // Sealed, the rest leaves the log, and the meta has nothing to say any more.
  ASSERT_TRUE(store_->seal_all());
  clock_.set_unix_ns(kNow + 15 * kDayNs);
  store_->expire();
  store_.reset();
  EXPECT_THAT(blocks(), IsEmpty());
}

// A block that is gone stays gone, and one that is not due stays, wherever the machine stops.
TEST_F(RetentionTest, NoStopBringsAnExpiredBlockBack) {
  for (uint64_t log_file_bytes : {1, 1 << 20}) {
    options_.log_file_bytes = log_file_bytes;
    for (uint64_t stop_after = 0; stop_after < 12; ++stop_after) {
      files_ = env::FaultyFiles::make(stop_after);
      clock_.set_unix_ns(kNow);
      open(options_);
      SpanTexts old = seal_block(kNow);
      SpanTexts young = seal_block(kNow + 10 * kDayNs);
      SpanTexts live;
      send(sender_.next(10, kNow + 10 * kDayNs), live);
      clock_.set_unix_ns(kNow + 15 * kDayNs);
      std::atomic<uint64_t> count{0};
      std::atomic<bool> stopped{false};
      files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
        if (operation == "read" || count++ < stop_after) return {};
        stopped = true;
        return fail(ErrorCode::unavailable, "power is gone");
      });
      store_->expire();
      bool gone = !stopped;
      store_.reset();
      files_->set_fault({});
      files_->crash();
      clock_.set_unix_ns(kNow);  // so that nothing expires now
      open(options_);
      SpanTexts found = stored(old);
      if (gone) {
        for (const auto& [key, text] : old) ASSERT_FALSE(found.contains(key)) << "stopped after " << stop_after;
      }
      for (const SpanTexts& kept : {young, live}) {
        SpanTexts there = stored(kept);
        for (const auto& [key, text] : kept) ASSERT_EQ(there[key], text) << "stopped after " << stop_after;
      }
    }
  }
}

}  // namespace
}  // namespace clew::store
