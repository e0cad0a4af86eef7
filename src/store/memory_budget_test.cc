#include "store/memory_budget.h"

#include <gmock/gmock.h>

#include "store/store_fixture.h"

namespace clew::store {
namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST(MemoryBudgetTest, KeepsRoomForSealing) {
  MemoryBudget budget(80 * kMiB);
  EXPECT_TRUE(budget.has_room(70 * kMiB));
  EXPECT_FALSE(budget.has_room(70 * kMiB + 1));
  budget.add(MemoryUse::sealing, 10 * kMiB);
  EXPECT_TRUE(budget.has_room(70 * kMiB)) << "sealing takes what was kept for it";
  budget.add(MemoryUse::duplicates, 20 * kMiB);
  EXPECT_FALSE(budget.has_room(70 * kMiB));
  EXPECT_EQ(budget.used_bytes(), 30 * kMiB);
}

TEST(MemoryBudgetTest, IsPressedWhenSegmentsTakeHalfOfTheirs) {
  MemoryBudget budget(80 * kMiB);
  budget.add(MemoryUse::segments, 35 * kMiB);
  EXPECT_FALSE(budget.is_pressed());
  budget.add(MemoryUse::filters, 10 * kMiB);
  EXPECT_TRUE(budget.is_pressed());
  budget.add(MemoryUse::segments, -35 * kMiB);
  budget.add(MemoryUse::filters, 1000 * kMiB);
  EXPECT_FALSE(budget.is_pressed()) << "there is nothing to seal";
}

TEST(MemoryBudgetTest, WhatTheProcessHoldsBesideCounts) {
  uint64_t held = 30 * kMiB;
  MemoryBudget budget(80 * kMiB, [&] { return held; });
  budget.add(MemoryUse::segments, 10 * kMiB);
  budget.measure();
  EXPECT_EQ(budget.unreported_bytes(), 20 * kMiB);
  EXPECT_EQ(budget.used_bytes(), 30 * kMiB);
  budget.add(MemoryUse::segments, 5 * kMiB);
  EXPECT_EQ(budget.used_bytes(), 35 * kMiB) << "known before it is measured";
  held = 5 * kMiB;
  budget.measure();
  EXPECT_EQ(budget.unreported_bytes(), 20 * kMiB) << "what was needed a moment ago may be needed again";
  for (size_t i = 0; i < MemoryBudget::kLooks; ++i) budget.measure();
  EXPECT_EQ(budget.unreported_bytes(), 0U);
}

TEST(MemoryShareTest, IsGivenBackWithItsOwner) {
  auto budget = std::make_shared<MemoryBudget>(kMiB);
  {
    MemoryShare share(budget, MemoryUse::log);
    share.set(100);
    share.set(40);
    EXPECT_EQ(budget->used_bytes(MemoryUse::log), 40U);
  }
  EXPECT_EQ(budget->used_bytes(), 0U);
}

class StoreMemoryTest : public StoreFixture {
 protected:
  void fill(uint64_t batches) {
    for (uint64_t i = 0; i < batches; ++i) send(sender_.next(100, kNow + i), sent_);
  }
  Sender sender_{1};
  SpanTexts sent_;
};

TEST_F(StoreMemoryTest, SegmentsAreCutByBytes) {
  StoreOptions options = small_options();
  options.lanes = 1;
  options.segment_bytes = 200'000;
  open(options);
  fill(40);
  auto units = store_->admin().list(kSingle);
  EXPECT_GT(units.size(), 2U);
  for (const UnitStatus& unit : units) EXPECT_LT(unit.bytes, 300'000U) << unit.name;
  EXPECT_TRUE(same(stored(sent_), sent_));
}

// The whole log would take many times the limit; what was cut is sealed while the rest is read.
TEST_F(StoreMemoryTest, ReplayKeepsToTheLimit) {
  StoreOptions options = small_options();
  options.lanes = 1;
  options.segment_bytes = 200'000;
  options.idle_ns = ~uint64_t{0} / 4;  // nothing is sealed by itself
  open(options);
  fill(60);
  store_.reset();
  files_->crash();
  EXPECT_THAT(blocks(), testing::IsEmpty());
  options.memory_limit_bytes = 2'000'000;
  open(options);
  uint64_t in_memory = 0;
  for (const UnitStatus& unit : store_->admin().list(kSingle)) in_memory += unit.state == "block" ? 0 : unit.bytes;
  EXPECT_LT(in_memory, options.memory_limit_bytes);
  EXPECT_FALSE(blocks().empty());
  EXPECT_TRUE(same(stored(sent_), sent_));
  open(options);
  EXPECT_TRUE(same(stored(sent_), sent_));
}

TEST_F(StoreMemoryTest, AProcessThatHoldsTooMuchMakesSendersWait) {
  std::atomic<uint64_t> held{0};
  StoreOptions options = small_options();
  options.memory_limit_bytes = 64 * kMiB;
  options.process_memory_bytes = [&] { return held.load(); };
  open(options);
  fill(1);
  held = 60 * kMiB;
  auto is_refused = [&] { return !append(sender_.next(10, kNow)); };
  auto within = [](auto&& holds) {
    for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return holds();
  };
  EXPECT_TRUE(within(is_refused));
  held = 0;
  EXPECT_TRUE(within([&] { return !is_refused(); })) << "and goes on by itself";
}

}  // namespace
}  // namespace clew::store
