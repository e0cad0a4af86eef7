#include "store/block_repair.h"

#include <gmock/gmock.h>

#include "base/counters.h"
#include "store/store_fixture.h"

namespace clew::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(RepairedId, CountsUp) {
  EXPECT_EQ(repaired_id("17979cfe362a0000-0-1"), "17979cfe362a0000-0-1-r1");
  EXPECT_EQ(repaired_id("17979cfe362a0000-0-1-r1"), "17979cfe362a0000-0-1-r2");
  EXPECT_EQ(repaired_id("17979cfe362a0000-0-1-x12-r9"), "17979cfe362a0000-0-1-x12-r10");
}

class BlockRepairTest : public StoreFixture {
 protected:
  void make_block(uint64_t seed = 1) {
    options_.lanes = 1;
    options_.log_file_bytes = 1;  // a file per group, so that the log has nothing of what is sealed
    open(options_);
    Sender sender(seed);
    send(sender.next(60, kNow), sent_);
    ASSERT_TRUE(store_->seal_all());
    id_ = blocks().front();
  }
  std::string path_of(const std::string& file) const { return blocks_folder() + "/" + id_ + "/" + file; }
  uint64_t size_of(const std::string& path) { return files_->read_all(path, 1 << 30)->size(); }
  RepairReport repaired() {
    auto report = store_->admin().repair(kSingle);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(RepairReport{});
  }
  std::vector<std::string> problems() {
    auto report = store_->admin().verify(kSingle);
    EXPECT_TRUE(report);
    return report ? report->problems : std::vector<std::string>{"no report"};
  }
  // Everything that is found was sent, as it was sent.
  void expect_truth(const SpanTexts& found) {
    for (const auto& [key, text] : found) {
      auto at = sent_.find(key);
      ASSERT_NE(at, sent_.end());
      EXPECT_EQ(text, at->second);
    }
  }

  StoreOptions options_ = small_options();
  SpanTexts sent_;
  std::string id_;
};

TEST_F(BlockRepairTest, AHealthyStoreHasNothingToRepair) {
  make_block();
  const uint64_t operations = files_->operations();
  const RepairReport report = repaired();
  EXPECT_THAT(report.actions, IsEmpty());
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_EQ(files_->operations(), operations);
}

TEST_F(BlockRepairTest, ADamagedFooterOrIndexLosesNothing) {
  make_block();
  const std::string whole = *files_->read_all(path_of("data.parquet"), 1 << 30);
  // Into the footer, and into the sections before it.
  for (uint64_t from_end : {100U, 3000U}) {
    SCOPED_TRACE(from_end);
    store_.reset();
    id_ = blocks().front();
    const std::string path = path_of("data.parquet");
    ASSERT_TRUE(files_->flip_bit(path, 8 * (size_of(path) - from_end)));
    open(options_);
    const RepairReport report = repaired();
    EXPECT_THAT(report.actions, SizeIs(1));
    EXPECT_THAT(report.failures, IsEmpty());
    EXPECT_EQ(report.rows_saved, 60U);
    EXPECT_EQ(report.rows_lost, 0U);
    EXPECT_TRUE(same(stored(sent_), sent_));
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_THAT(blocks(), testing::ElementsAre(repaired_id(id_)));
    EXPECT_THAT(names_in("data/damaged/" + std::string(kSingle) + "/" + id_),
                testing::ElementsAre("data.parquet", "meta.json"));
    open(options_);
    EXPECT_TRUE(same(stored(sent_), sent_));
    EXPECT_THAT(store_->admin().complaints(), IsEmpty());
  }
}

// Each region of the file in turn: what is lost is said, what is saved is true, and all is well afterwards.
TEST_F(BlockRepairTest, WhereverABitFlipsTheRestIsSaved) {
  make_block(2);
  store_.reset();
  const std::string path = path_of("data.parquet");
  const std::string meta = *files_->read_all(path_of("meta.json"), 1 << 20);
  const std::string whole = *files_->read_all(path, 1 << 30);
  const std::string id = id_;
  uint64_t saved_whole = 0, rounds = 0;
  for (size_t at = 0; at < whole.size(); at += 379) {
    SCOPED_TRACE(at);
    ++rounds;
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    ASSERT_TRUE(files_->replace(path, bytes));
    ASSERT_TRUE(files_->replace(path_of("meta.json"), meta));
    open(options_);
    const RepairReport report = repaired();
    EXPECT_THAT(report.failures, IsEmpty());
    EXPECT_THAT(report.actions, SizeIs(1));
    EXPECT_EQ(report.rows_saved + report.rows_lost, 60U);
    const SpanTexts found = stored(sent_);
    EXPECT_EQ(found.size(), report.rows_saved);
    expect_truth(found);
    EXPECT_THAT(problems(), IsEmpty());
    saved_whole += report.rows_lost == 0;
    store_.reset();
    for (const std::string& block : blocks()) ASSERT_TRUE(files_->remove_folder(blocks_folder() + "/" + block));
    ASSERT_TRUE(files_->make_durable_folders(blocks_folder() + "/" + id));
  }
  EXPECT_GT(saved_whole, rounds / 4);
}

TEST_F(BlockRepairTest, AnUnreadableMetaIsMadeAnew) {
  make_block();
  store_.reset();
  ASSERT_TRUE(files_->flip_bit(path_of("meta.json"), 0));
  ASSERT_TRUE(files_->remove_folder("data/log"));
  Counter& damaged = gauge("clew_store_damaged_blocks", "Blocks that could not be opened.");
  const int64_t before = damaged.value();
  open(options_);
  EXPECT_GT(damaged.value(), before);
  EXPECT_EQ(repaired().rows_saved, 60U);
  EXPECT_EQ(damaged.value(), before);
  EXPECT_TRUE(same(stored(sent_), sent_));
  EXPECT_THAT(problems(), IsEmpty());
  open(options_);
  EXPECT_TRUE(same(stored(sent_), sent_));
  EXPECT_THAT(store_->admin().complaints(), IsEmpty());
}

// Without its meta nobody knows that the log is not needed: it is replayed.
TEST_F(BlockRepairTest, ABlockWithoutMetaThatTheLogHasIsWrittenAgain) {
  options_.lanes = 1;
  open(options_);
  Sender sender(1);
  send(sender.next(60, kNow), sent_);
  ASSERT_TRUE(store_->seal_all());
  id_ = blocks().front();
  ASSERT_THAT(names_in("data/log"), SizeIs(1));
  store_.reset();
  ASSERT_TRUE(files_->flip_bit(path_of("meta.json"), 0));
  open(options_);
  EXPECT_THAT(repaired().actions, testing::ElementsAre(HasSubstr("will be written to it again")));
  EXPECT_TRUE(same(stored(sent_), sent_));
  ASSERT_TRUE(store_->seal_all());
  EXPECT_THAT(repaired().actions, testing::ElementsAre(HasSubstr("was written again from the log")));
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_THAT(blocks(), testing::ElementsAre(id_));
  EXPECT_TRUE(same(stored(sent_), sent_));
  open(options_);
  EXPECT_TRUE(same(stored(sent_), sent_));
  EXPECT_THAT(store_->admin().complaints(), IsEmpty());
}

TEST_F(BlockRepairTest, AMissingFileIsSaidAndLeaves) {
  make_block();
  store_.reset();
  ASSERT_TRUE(files_->remove(path_of("data.parquet")));
  open(options_);
  const RepairReport report = repaired();
  EXPECT_EQ(report.rows_saved, 0U);
  EXPECT_EQ(report.rows_lost, 60U);
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_THAT(store_->admin().complaints(), IsEmpty());
  open(options_);
  EXPECT_THAT(store_->admin().complaints(), IsEmpty());
}

TEST_F(BlockRepairTest, WhatCannotBeWrittenStaysAsItIs) {
  make_block();
  store_.reset();
  ASSERT_TRUE(files_->flip_bit(path_of("data.parquet"), 8 * (size_of(path_of("data.parquet")) - 100)));
  open(options_);
  files_->set_fault([](std::string_view operation, const std::string&) -> Status {
    if (operation == "append") return fail(ErrorCode::resource_exhausted, "no space left");
    return {};
  });
  RepairReport report = repaired();
  EXPECT_THAT(report.failures, testing::ElementsAre(HasSubstr("no space left")));
  EXPECT_THAT(report.actions, IsEmpty());
  EXPECT_THAT(problems(), Not(IsEmpty()));
  files_->set_fault({});
  report = repaired();
  EXPECT_EQ(report.rows_saved, 60U);
  EXPECT_TRUE(same(stored(sent_), sent_));
}

TEST_F(BlockRepairTest, WhatWasErasedStaysHidden) {
  make_block();
  const TraceId erased = sent_.begin()->first.first;
  ASSERT_TRUE(store_->admin().erase(kSingle, std::vector{erased}));
  ASSERT_TRUE(store_->close());
  store_.reset();
  for (const std::string file : {"data.parquet", "meta.json"}) {
    SCOPED_TRACE(file);
    id_ = blocks().front();
    ASSERT_TRUE(files_->flip_bit(path_of(file), file == "meta.json" ? 0 : 8 * (size_of(path_of(file)) - 100)));
    open(options_);
    EXPECT_EQ(repaired().rows_saved, 60U);
    SpanTexts wanted = sent_;
    std::erase_if(wanted, [&](const auto& span) { return span.first.first == erased; });
    EXPECT_TRUE(same(stored(sent_), wanted));
    open(options_);
    EXPECT_TRUE(same(stored(sent_), wanted));
    store_.reset();
  }
  open(options_);
  ASSERT_TRUE(store_->admin().compact(kSingle));
  EXPECT_THAT(store_->admin().erasures(kSingle), IsEmpty());
  EXPECT_THAT(problems(), IsEmpty());
}

// The machine goes down at every operation of a repair in turn; the next start has all spans, or can still be repaired.
TEST_F(BlockRepairTest, NoStopDoublesOrLosesARow) {
  uint64_t operations = ~uint64_t{0};
  for (uint64_t stop = 0; stop <= operations; ++stop) {
    SCOPED_TRACE(stop);
    files_ = env::FaultyFiles::make(stop + 1);
    sent_.clear();
    make_block();
    ASSERT_TRUE(store_->close());
    store_.reset();
    ASSERT_TRUE(files_->flip_bit(path_of("data.parquet"), 8 * (size_of(path_of("data.parquet")) - 100)));
    open(options_);
    const uint64_t before = files_->operations();
    if (operations == ~uint64_t{0}) {
      repaired();
      operations = files_->operations() - before;
      continue;
    }
    uint64_t done = 0;
    files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
      if (operation != "read" && ++done > stop) return fail(ErrorCode::unavailable, "down");
      return {};
    });
    (void)store_->admin().repair(kSingle);
    files_->crash();
    store_.reset();
    files_->set_fault({});
    open(options_);
    const RepairReport again = repaired();
    EXPECT_THAT(again.failures, IsEmpty());
    EXPECT_EQ(again.rows_lost, 0U);
    EXPECT_TRUE(same(stored(sent_), sent_));
    EXPECT_THAT(problems(), IsEmpty());
    auto units = store_->admin().list(kSingle);
    uint64_t rows = 0;
    for (const UnitStatus& unit : units) rows += unit.rows;
    EXPECT_EQ(rows, 60U);
  }
}

}  // namespace
}  // namespace clew::store
