// The disk fails at every single operation in turn, and a bit of every region of every file is flipped. What random
// work finds stands in store_simulation_test.cc.
#include <gmock/gmock.h>

#include <thread>

#include "base/counters.h"
#include "store/store_fixture.h"
#include "store/store_model.h"
#include "store/test_effort.h"

namespace clew::store {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr int64_t kYearNs = int64_t{365} * 86'400 * 1'000'000'000;

class StoreFaultsTest : public StoreFixture {
 protected:
  StoreFaultsTest() {
    options_.lanes = 1;
    options_.segment_rows = 60;
    options_.retention_look_ns = 1000 * uint64_t{86'400} * 1'000'000'000;
    clock_.set_unix_ns(kNow);
  }

  bool send_to(StoreModel& model, size_t spans = 20) {
    clock_.advance_ns(1000);
    const SpanBatch& batch = sender_->next(spans, clock_.unix_ns());
    model.sending(batch);
    if (!append(batch)) return false;
    model.acknowledged(batch);
    return true;
  }
  // The log tries again by itself; the sender does as it was told.
  testing::AssertionResult recovers(StoreModel& model) {
    for (int tries = 0; tries < 10'000; ++tries) {
      if (send_to(model, 1)) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return testing::AssertionFailure() << "the store does not take spans again";
  }
  // Log files go when what they hold is sealed: the one that is written to is left, and at most one before it.
  void seal_and_expect_few_log_files(StoreModel& model) {
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(send_to(model));
      ASSERT_TRUE(store_->seal_all());
    }
    ASSERT_TRUE(send_to(model));
    EXPECT_LE(names_in("data/log").size(), 2U);
  }
  testing::AssertionResult shows(const StoreModel& model) {
    SpanTexts found;
    if (auto read = read_all_units(store_->source(), kSingle, model, found); !read) return read;
    return model.allows(found);
  }
  // A life with everything in it; whether it gets through is not its business.
  void live(StoreModel& model) {
    for (int i = 0; i < 4; ++i) {
      for (int batch = 0; batch < 4; ++batch) (void)send_to(model);
      (void)store_->seal_all();
    }
    (void)store_->compact();
    store_->expire();
    for (int batch = 0; batch < 4; ++batch) (void)send_to(model);
  }

  void list_files(const std::string& folder, std::vector<std::string>& out) {
    for (const std::string& name : names_in(folder)) {
      const std::string path = folder + "/" + name;
      if (*files_->is_folder(path)) {
        list_files(path, out);
      } else {
        out.push_back(path);
      }
    }
  }

  StoreOptions options_ = small_options();
  std::unique_ptr<Sender> sender_ = std::make_unique<Sender>(1);
};

TEST_F(StoreFaultsTest, EveryOperationFailsOnceInTurn) {
  bool ended = false;
  for (uint64_t at = 1; !ended && !HasFailure(); at += kFaultStride) {
    const bool full = at % 2 == 0;
    SCOPED_TRACE(testing::Message() << "operation " << at << (full ? ": no space" : ": EIO"));
    files_ = env::FaultyFiles::make(at);
    store_.reset();
    sender_ = std::make_unique<Sender>(at);
    options_.log_file_bytes = at % 3 == 0 ? 1 : 20'000;
    open(options_);
    auto count = std::make_shared<std::atomic<uint64_t>>(0);
    files_->set_fault([=](std::string_view operation, const std::string&) -> Status {
      if (operation == "read" || ++*count != at) return {};
      return full ? fail(ErrorCode::resource_exhausted, "no space left") : fail(ErrorCode::unavailable, "EIO");
    });
    StoreModel model;
    live(model);
    ended = *count < at;
    ASSERT_TRUE(recovers(model));
    ASSERT_TRUE(shows(model));
    store_.reset();
    files_->set_fault({});
    files_->crash();
    open(options_);
    ASSERT_TRUE(shows(model));
    ASSERT_TRUE(store_->seal_all());
    ASSERT_TRUE(store_->compact());
    ASSERT_TRUE(shows(model));
  }
}

class BitFlipTest : public StoreFaultsTest {
 protected:
  // Blocks with displaced traces, one made of others, one with what the log has too, and live rows in several frames.
  void make_folder() {
    options_.log_file_bytes = 1;
    open(options_);
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(send_to(model_, 40));
      ASSERT_TRUE(store_->seal_all());
      if (i == 3) {
        ASSERT_TRUE(store_->compact());
      }
    }
    store_->sink().forget(sender_->vocabulary());
    sender_ = std::make_unique<Sender>(2);
    sender_->set_clock_error_ns(-5 * kYearNs);
    ASSERT_TRUE(send_to(model_, 40));
    ASSERT_TRUE(store_->seal_all());
    options_.log_file_bytes = 1 << 20;
    open(options_);
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(send_to(model_, 9));
    keep_folder();
  }
  void keep_folder() {
    ASSERT_TRUE(store_->close());
    store_.reset();
    std::vector<std::string> paths;
    list_files("data", paths);
    for (const std::string& path : paths) folder_[path] = *files_->read_all(path, 1 << 30);
  }
  // The folder as it was, on a new disk.
  void restore() {
    store_.reset();
    files_ = env::FaultyFiles::make(1);
    for (const auto& [path, bytes] : folder_) {
      ASSERT_TRUE(files_->make_durable_folders(env::folder_of(path)));
      ASSERT_TRUE(files_->replace(path, bytes));
    }
  }

  int64_t lost_by_log() { return counter("clew_wal_lost_spans_total", "").value(); }
  uint64_t rows_in_damaged() {
    uint64_t rows = 0;
    for (const UnitStatus& unit : store_->admin().list(kSingle)) rows += unit.state == "damaged" ? unit.rows : 0;
    return rows;
  }
  // Rounds of reading, as queries come again and again: each may meet one more damaged block.
  SpanTexts read_until_clean() {
    SpanTexts found;
    testing::AssertionResult read = testing::AssertionFailure();
    for (int round = 0; round < 5 && !read; ++round) {
      found.clear();
      read = read_all_units(store_->source(), kSingle, model_, found);
    }
    EXPECT_TRUE(read);
    return found;
  }

  StoreModel model_;
  std::map<std::string, std::string> folder_;
};

TEST_F(BitFlipTest, InAnyRegionOfAnyFileCostsWhatIsSaidAndNoMore) {
  make_folder();
  ASSERT_FALSE(HasFatalFailure());
  model_.may_go(true);
  std::mt19937_64 random(1);
  for (const auto& [path, bytes] : folder_) {
    if (bytes.empty() || path.ends_with("clew.lock")) continue;
    const uint64_t regions = std::min<uint64_t>(bytes.size(), 40 / kFaultStride);
    for (uint64_t region = 0; region < regions && !HasFailure(); ++region) {
      const uint64_t from = region * bytes.size() / regions, to = (region + 1) * bytes.size() / regions;
      const uint64_t bit = (from + random() % (to - from)) * 8 + random() % 8;
      SCOPED_TRACE(testing::Message() << "bit " << bit << " of " << path);
      restore();
      StoreModel model = model_;
      ASSERT_TRUE(files_->flip_bit(path, bit));
      const int64_t lost_before = lost_by_log();
      open(options_);
      const SpanTexts found = read_until_clean();
      EXPECT_TRUE(model.allows(found));
      const size_t missing = model.missing(found);
      const uint64_t accounted = rows_in_damaged() + static_cast<uint64_t>(lost_by_log() - lost_before);
      const bool last_frame = path.ends_with(".log") && bit / 8 > bytes.rfind("CLF1");
      if (!last_frame) {
        EXPECT_LE(missing, accounted);
      }
      if (path.ends_with(".parquet") && missing > 0) {
        EXPECT_THAT(store_->admin().complaints(), Contains(HasSubstr("is damaged")));
      }
      EXPECT_TRUE(send_to(model)) << "it goes on";
      EXPECT_TRUE(store_->seal_all());
      EXPECT_TRUE(store_->compact());
      EXPECT_EQ(model.missing(read_until_clean()), missing) << "and nothing more is lost by going on";
    }
  }
}

// A start either says that it cannot read, or has read everything: also what is not to be shown, or not to be taken
// twice.
TEST_F(BitFlipTest, AReadOfAStartThatFailsOnceCostsNothing) {
  make_folder();
  ASSERT_FALSE(HasFatalFailure());
  open(options_);
  clock_.advance_ns(1000);
  const SpanBatch& last = sender_->next(20, clock_.unix_ns());
  model_.sending(last);
  ASSERT_TRUE(append(last));
  model_.acknowledged(last);
  ASSERT_TRUE(store_->seal_all());
  keep_folder();
  bool ended = false;
  uint64_t starts = 0;
  for (uint64_t at = 1; !ended && !HasFailure(); at += kFaultStride) {
    SCOPED_TRACE(testing::Message() << "read " << at);
    restore();
    StoreModel model = model_;
    auto reads = std::make_shared<std::atomic<uint64_t>>(0);
    files_->set_fault([=](std::string_view operation, const std::string&) -> Status {
      if (operation != "read" || ++*reads != at) return {};
      return fail(ErrorCode::unavailable, "EIO");
    });
    auto opened = Store::open(options_, *files_, clock_);
    files_->set_fault({});
    ended = *reads < at;
    if (opened) {
      ++starts;
      store_ = std::move(*opened);
      EXPECT_TRUE(shows(model));
      model.sending(last);
      auto again = append(last);
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again->duplicates, last.rows.size());
      EXPECT_TRUE(store_->seal_all());
      EXPECT_TRUE(shows(model));
    }
    opened = {};
    open(options_);
    EXPECT_TRUE(shows(model));
  }
  EXPECT_GT(starts, 1U) << "not every read is needed for a start";
}

// The log cannot be written while a segment is sealed: its frames come later, and hold no file back.
TEST_F(StoreFaultsTest, FramesOfASealedSegmentKeepNoLogFile) {
  options_.log_file_bytes = 1;
  open(options_);
  auto broken = std::make_shared<std::atomic<bool>>(true);
  files_->set_fault([=](std::string_view operation, const std::string& path) -> Status {
    if (*broken && operation == "append" && path.ends_with(".log")) return fail(ErrorCode::unavailable, "EIO");
    return {};
  });
  StoreModel model;
  EXPECT_FALSE(send_to(model));
  ASSERT_TRUE(store_->seal_all());
  *broken = false;
  ASSERT_TRUE(recovers(model));
  ASSERT_NO_FATAL_FAILURE(seal_and_expect_few_log_files(model));
}

// … and what retention takes of it meanwhile does not come back with them.
TEST_F(StoreFaultsTest, FramesOfAnExpiredBlockDoNotBringItBack) {
  open(options_);
  auto broken = std::make_shared<std::atomic<bool>>(true);
  files_->set_fault([=](std::string_view operation, const std::string& path) -> Status {
    if (*broken && operation == "append" && path.ends_with(".log")) return fail(ErrorCode::unavailable, "EIO");
    return {};
  });
  StoreModel model;
  EXPECT_FALSE(send_to(model));
  ASSERT_TRUE(store_->seal_all());
  clock_.advance_ns(uint64_t{15} * 86'400 * 1'000'000'000);
  store_->expire();
  model.may_go();
  SpanTexts found;
  ASSERT_TRUE(read_all_units(store_->source(), kSingle, model, found));
  EXPECT_EQ(found.size(), 0U);
  model.settle(found);
  *broken = false;
  ASSERT_TRUE(recovers(model));
  open(options_);
  EXPECT_TRUE(shows(model));
}

// A file that was made but is not used leaves nothing behind.
TEST_F(StoreFaultsTest, ALogFileWhoseFolderCannotBeSyncedGoesAgain) {
  options_.log_file_bytes = 1;
  open(options_);
  StoreModel model;
  ASSERT_TRUE(send_to(model));
  auto failures = std::make_shared<std::atomic<int>>(3);
  files_->set_fault([=](std::string_view operation, const std::string& path) -> Status {
    if (operation == "sync_folder" && path == "data/log" && (*failures)-- > 0)
      return fail(ErrorCode::unavailable, "EIO");
    return {};
  });
  EXPECT_FALSE(send_to(model));
  ASSERT_TRUE(recovers(model));
  ASSERT_NO_FATAL_FAILURE(seal_and_expect_few_log_files(model));
  EXPECT_TRUE(shows(model));
}

// The log's files go one by one while a reader looks at them.
TEST_F(StoreFaultsTest, AReaderOfTheFolderPassesOverLogFilesThatGo) {
  const std::thread::id self = std::this_thread::get_id();
  for (int at = 1; at <= 4 && !HasFailure(); ++at) {
    SCOPED_TRACE(at);
    files_ = env::FaultyFiles::make(1);
    options_.log_file_bytes = 1;
    open(options_);
    StoreModel model;
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(send_to(model));
    StoreOptions reading = options_;
    reading.read_only = true;
    int reads = 0;
    files_->set_fault([&, self, this](std::string_view operation, const std::string& path) -> Status {
      if (std::this_thread::get_id() != self || operation != "read" || !path.ends_with(".log")) return {};
      if (++reads != at) return {};
      EXPECT_TRUE(store_->seal_all());
      return {};
    });
    auto reader = Store::open(reading, *files_, clock_);
    files_->set_fault({});
    ASSERT_TRUE(reader) << reader.error().message;
    SpanTexts found;
    EXPECT_TRUE(read_all_units((*reader)->source(), kSingle, model, found));
    EXPECT_TRUE(model.allows(found));
  }
}

}  // namespace
}  // namespace clew::store
