#include <gmock/gmock.h>

#include "store/store_fixture.h"

namespace clew::store {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class StoreVerifyTest : public StoreFixture {
 protected:
  void make_blocks(int count) {
    options_.lanes = 1;
    open(options_);
    Sender sender(1);
    for (int i = 0; i < count; ++i) {
      send(sender.next(50, kNow + static_cast<uint64_t>(i)), sent_);
      ASSERT_TRUE(store_->seal_all());
    }
  }
  std::string data_of(const std::string& id) const { return blocks_folder() + "/" + id + "/data.parquet"; }
  uint64_t size_of(const std::string& path) { return files_->read_all(path, 1 << 30)->size(); }
  VerifyReport verified() {
    auto report = store_->admin().verify(kSingle);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(VerifyReport{});
  }

  StoreOptions options_ = small_options();
  SpanTexts sent_;
};

TEST_F(StoreVerifyTest, AHealthyStoreHasNoProblem) {
  make_blocks(3);
  Sender sender(2);
  send(sender.next(20, kNow + 5), sent_);
  const VerifyReport report = verified();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.blocks, 3U);
  EXPECT_EQ(report.rows, 150U);
  EXPECT_GT(report.bytes, 0U);
  EXPECT_EQ(report.log_files, 1U);
}

TEST_F(StoreVerifyTest, AMergedAndADisplacedBlockHaveNone) {
  make_blocks(4);
  Sender off(3);
  off.set_clock_error_ns(-86'400LL * 1'000'000'000 * 365);
  send(off.next(30, kNow + 9), sent_);
  ASSERT_TRUE(store_->seal_all());
  ASSERT_TRUE(store_->compact());
  EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(StoreVerifyTest, AFlippedBitOfAPageIsFoundThoughTheBlockOpens) {
  make_blocks(2);
  const std::string id = blocks().back();
  store_.reset();
  ASSERT_TRUE(files_->flip_bit(data_of(id), 8 * 1000));
  open(options_);
  EXPECT_THAT(store_->admin().complaints(), IsEmpty());
  EXPECT_THAT(verified().problems,
              AllOf(Not(IsEmpty()), Each(AllOf(HasSubstr(id), HasSubstr("column"), HasSubstr("clew store repair")))));
}

TEST_F(StoreVerifyTest, DamagedMetasAndMissingFilesAreFound) {
  make_blocks(3);
  const auto ids = blocks();
  store_.reset();
  ASSERT_TRUE(files_->remove(data_of(ids[0])));
  ASSERT_TRUE(files_->flip_bit(blocks_folder() + "/" + ids[1] + "/meta.json", 0));
  // Another count, in a meta that is still JSON.
  const std::string meta_path = blocks_folder() + "/" + ids[2] + "/meta.json";
  std::string meta = *files_->read_all(meta_path, 1 << 20);
  const size_t at = meta.find("\"rows\":50");
  ASSERT_NE(at, meta.npos);
  meta.replace(at, 9, "\"rows\":51");
  ASSERT_TRUE(files_->replace(meta_path, meta));
  open(options_);
  EXPECT_THAT(verified().problems, UnorderedElementsAre(HasSubstr(ids[0]), HasSubstr(ids[1]),
                                                        AllOf(HasSubstr(ids[2]), HasSubstr("meta.json"))));
}

TEST_F(StoreVerifyTest, ADamagedFrameInTheMiddleOfTheLogIsFound) {
  open(options_);
  Sender sender(4);
  for (uint64_t i = 0; i < 5; ++i) send(sender.next(20, kNow + i), sent_);
  const std::string path = "data/log/00000001.log";
  EXPECT_THAT(verified().problems, IsEmpty());
  ASSERT_TRUE(files_->flip_bit(path, 8 * 100));
  EXPECT_THAT(verified().problems, ElementsAre(AllOf(HasSubstr(path), HasSubstr("bytes belong to no whole frame"))));
}

TEST_F(StoreVerifyTest, ATornEndOfTheLogIsNoProblem) {
  open(options_);
  Sender sender(5);
  for (uint64_t i = 0; i < 3; ++i) send(sender.next(20, kNow + i), sent_);
  ASSERT_TRUE(store_->close());
  store_.reset();
  const std::string path = "data/log/00000001.log";
  ASSERT_TRUE(files_->truncate(path, size_of(path) - 10));
  open(options_);
  Sender more(6);
  send(more.next(20, kNow + 9), sent_);
  EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(StoreVerifyTest, ADamagedEndThatWasWholeOnceIsFound) {
  options_.lanes = 1;
  options_.log_file_bytes = 1;  // a file per group
  open(options_);
  Sender sender(7);
  for (uint64_t i = 0; i < 3; ++i) send(sender.next(200, kNow + i), sent_);
  ASSERT_THAT(names_in("data/log"), SizeIs(3));
  const std::string path = "data/log/00000002.log";
  ASSERT_TRUE(files_->flip_bit(path, 8 * (size_of(path) - 1)));
  EXPECT_THAT(verified().problems, ElementsAre(HasSubstr("are lost")));
}

TEST_F(StoreVerifyTest, AFolderThatIsOnlyReadIsVerifiedBesideItsWriter) {
  make_blocks(2);
  options_.read_only = true;
  auto reader = Store::open(options_, *files_, clock_);
  ASSERT_TRUE(reader);
  const uint64_t operations = files_->operations();
  auto report = (*reader)->admin().verify(kSingle);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->rows, 100U);
  EXPECT_EQ(files_->operations(), operations) << "nothing is changed";
  auto repaired = (*reader)->admin().repair(kSingle);
  ASSERT_FALSE(repaired);
  EXPECT_EQ(repaired.error().code, ErrorCode::failed_precondition);
}

TEST_F(StoreVerifyTest, EndsWhenTheStoreCloses) {
  make_blocks(1);
  store_->admin().end_work();
  auto report = store_->admin().verify(kSingle);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace clew::store
