#include <gmock/gmock.h>

#include "store/displaced_traces.h"
#include "store/store_fixture.h"

namespace clew::store {
namespace {

using DisplacedStoreTest = StoreFixture;
using testing::HasSubstr;

// Of all sealed units that are not displaced ones.
void expect_times_in_place(StoreAdmin& admin, std::string_view tenant) {
  for (const UnitStatus& unit : admin.list(tenant)) {
    if (unit.state != "block" || unit.name.ends_with("-displaced")) continue;
    EXPECT_GE(unit.min_start_ns, unit.min_receive_ns - kMostBeforeNs) << unit.name;
    EXPECT_LE(unit.max_end_ns, unit.max_receive_ns + kMostAfterNs) << unit.name;
  }
}

TEST_F(DisplacedStoreTest, AClockThatIsYearsOffWidensNobodyElsesBlock) {
  open();
  Sender right(1), behind(2), ahead(3);
  behind.set_clock_error_ns(-kTenYearsNs);
  ahead.set_clock_error_ns(kTenYearsNs);
  SpanTexts sent;
  for (uint64_t i = 0; i < 5; ++i) {
    for (Sender* sender : {&right, &behind, &ahead}) send(sender->next(20, kNow + i), sent);
  }
  ASSERT_TRUE(store_->seal_all());
  for (bool again : {false, true}) {
    if (again) {
      store_.reset();
      files_->crash();
      open();
    }
    auto units = store_->admin().list(kSingle);
    EXPECT_EQ(units.size(), 4U) << "two lanes, two units each";
    uint64_t rows = 0;
    for (const UnitStatus& unit : units) {
      EXPECT_EQ(unit.state, "block");
      rows += unit.rows;
    }
    EXPECT_EQ(rows, 300U);
    expect_times_in_place(store_->admin(), kSingle);
    EXPECT_TRUE(same(stored(sent), sent));
    EXPECT_EQ(blocks().size(), 2U) << "one folder a segment";
  }
}

TEST_F(DisplacedStoreTest, AWholeSegmentOfThemIsOneUnit) {
  open();
  Sender behind(4);
  behind.set_clock_error_ns(-kTenYearsNs);
  SpanTexts sent;
  send(behind.next(50, kNow), sent);
  ASSERT_TRUE(store_->seal_all());
  for (const UnitStatus& unit : store_->admin().list(kSingle)) EXPECT_THAT(unit.name, HasSubstr("-displaced"));
  EXPECT_TRUE(same(stored(sent), sent));
}

// A trace whose later part has the right clock is listed by one of its two units at least, wherever they are.
TEST_F(DisplacedStoreTest, PartsOfATraceAreListed) {
  StoreOptions options = small_options();
  options.lanes = 1;
  open(options);
  Sender sender(5);
  SpanTexts sent;
  for (uint64_t i = 0; i < 6; ++i) {
    sender.set_clock_error_ns(i % 2 == 0 ? 0 : -kTenYearsNs);
    send(sender.next(60, kNow + i), sent);
    ASSERT_TRUE(store_->seal_all());
  }
  auto [parts, unlisted] = places();
  EXPECT_TRUE(std::ranges::any_of(parts, [](const auto& entry) { return entry.second > 1; }));
  for (const auto& [id, count] : unlisted) EXPECT_LE(count, 1) << id.hex();
}

// Both units come into being at one moment, wherever the machine stops.
TEST_F(DisplacedStoreTest, NoStopDoublesOrLosesARow) {
  for (uint64_t stop_at = 1; stop_at < 70; ++stop_at) {
    files_ = env::FaultyFiles::make(stop_at);
    std::atomic<uint64_t> count{0};
    files_->set_fault([&](std::string_view operation, const std::string&) -> Status {
      if (operation != "read" && ++count >= stop_at) return fail(ErrorCode::unavailable, "power is gone");
      return {};
    });
    SpanTexts acknowledged;
    StoreOptions options = small_options();
    options.lanes = 1;
    if (auto opened = Store::open(options, *files_, clock_)) {
      store_ = std::move(*opened);
      Sender right(stop_at), behind(stop_at + 1000);
      behind.set_clock_error_ns(-kTenYearsNs);
      for (int i = 0; i < 8; ++i) {
        const SpanBatch& batch = (i % 2 == 0 ? right : behind).next(20, kNow);
        if (!append(batch)) break;
        collect(batch, acknowledged);
        if (i % 2 == 1 && !store_->seal_all()) break;
      }
    }
    store_.reset();
    files_->set_fault({});
    files_->crash();
    open(options);
    SpanTexts found = stored(acknowledged);
    uint64_t rows = 0;
    for (const UnitStatus& unit : store_->admin().list(kSingle)) rows += unit.rows;
    for (const auto& [key, text] : acknowledged) ASSERT_EQ(found[key], text) << "stopped at operation " << stop_at;
    // A batch that was not acknowledged may be there as well, once.
    ASSERT_LE(rows, acknowledged.size() + 20) << "stopped at operation " << stop_at;
    expect_times_in_place(store_->admin(), kSingle);
  }
}

}  // namespace
}  // namespace clew::store
