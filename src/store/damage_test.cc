#include <gmock/gmock.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "store/log_frame.h"
#include "store/store_fixture.h"

namespace clew::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class DamageTest : public StoreFixture {
 protected:
  // Two blocks, of different spans.
  void make_blocks() {
    options_.lanes = 1;
    open(options_);
    Sender sender(1);
    send(sender.next(50, kNow), first_);
    ASSERT_TRUE(store_->seal_all());
    send(sender.next(50, kNow + 1), second_);
    ASSERT_TRUE(store_->seal_all());
    store_.reset();
    ASSERT_EQ(blocks().size(), 2U);
  }
  std::vector<UnitStatus> damaged() {
    auto units = store_->admin().list(kSingle);
    std::erase_if(units, [](const UnitStatus& unit) { return unit.state != "damaged"; });
    return units;
  }

  StoreOptions options_ = small_options();
  SpanTexts first_, second_;
};

TEST_F(DamageTest, ADamagedBlockIsShownAndTheRestServed) {
  make_blocks();
  std::string folder = blocks_folder() + "/" + blocks().front();
  auto size = files_->read_all(folder + "/data.parquet", 1 << 30)->size();
  ASSERT_TRUE(files_->flip_bit(folder + "/data.parquet", (size - 20) * 8));
  open(options_);
  auto units = damaged();
  ASSERT_EQ(units.size(), 1U);
  EXPECT_EQ(units[0].name, blocks().front());
  EXPECT_EQ(units[0].rows, 50U);
  EXPECT_THAT(units[0].damage, Not(IsEmpty()));
  EXPECT_THAT(store_->admin().complaints(), Contains(HasSubstr(units[0].name)));
  SpanTexts found = stored(second_);
  for (const auto& [key, text] : second_) EXPECT_TRUE(found.contains(key) || first_.contains(key));
  EXPECT_FALSE(found.empty());
}

TEST_F(DamageTest, AMissingFileAndABrokenMetaAreDamagesToo) {
  make_blocks();
  std::string first = blocks_folder() + "/" + blocks().front();
  std::string second = blocks_folder() + "/" + blocks().back();
  ASSERT_TRUE(files_->remove(first + "/data.parquet"));
  ASSERT_TRUE(files_->flip_bit(second + "/meta.json", 0));
  open(options_);
  EXPECT_EQ(damaged().size(), 2U);
  EXPECT_EQ(store_->admin().complaints().size(), 2U);
  EXPECT_EQ(blocks().size(), 2U) << "nothing is removed: an operator may repair it";
}

TEST_F(DamageTest, AMetaOfALaterVersionStopsTheStart) {
  make_blocks();
  std::string path = blocks_folder() + "/" + blocks().front() + "/meta.json";
  std::string meta = *files_->read_all(path, 1 << 20);
  ASSERT_THAT(meta, HasSubstr("\"format\":2,"));
  meta.replace(meta.find(":2,"), 3, ":3,");
  meta.resize(meta.rfind(",\"crc\""));
  ASSERT_TRUE(files_->replace(path, meta + fmt::format(",\"crc\":\"{:08x}\"}}\n", crc32c(meta))));
  auto opened = Store::open(options_, *files_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::failed_precondition);
}

// Format 1 had no checksum.
TEST_F(DamageTest, AMetaOfTheFirstFormatIsRead) {
  make_blocks();
  const std::string path = blocks_folder() + "/" + blocks().front() + "/meta.json";
  std::string meta = *files_->read_all(path, 1 << 20);
  meta.resize(meta.rfind(",\"crc\""));
  ASSERT_TRUE(files_->replace(path, meta + "}\n"));
  open(options_);
  EXPECT_EQ(damaged().size(), 1U) << "format 2 without its checksum is damaged";
  meta.replace(meta.find(":2,"), 3, ":1,");
  store_.reset();
  ASSERT_TRUE(files_->replace(path, meta + "}\n"));
  open(options_);
  EXPECT_THAT(damaged(), IsEmpty());
}

TEST_F(DamageTest, NothingIsWrongWithAHealthyStore) {
  make_blocks();
  open(options_);
  EXPECT_THAT(store_->admin().complaints(), IsEmpty());
  EXPECT_THAT(damaged(), IsEmpty());
}

// The file would stay for ever: no segment will be sealed that releases it.
TEST_F(DamageTest, ALogFileWhoseRowsWereAllLostIsRemoved) {
  open(options_);
  Sender sender(3);
  SpanTexts sent;
  send(sender.next(20, kNow), sent);
  ASSERT_TRUE(store_->close());
  store_.reset();
  auto bytes = files_->read_all("data/log/00000001.log", 1 << 30);
  ASSERT_TRUE(bytes);
  for (size_t at = 0; at + 4 <= bytes->size(); ++at) {
    if (bytes->compare(at, 4, "CLF1") != 0) continue;
    ASSERT_TRUE(files_->flip_bit("data/log/00000001.log", (at + 40) * 8));
  }
  open(options_);
  EXPECT_THAT(stored(sent), IsEmpty());
  EXPECT_THAT(names_in("data/log"), Not(Contains("00000001.log")));
  // Its name is not given to another file or segment.
  SpanTexts more;
  send(sender.next(20, kNow), more);
  EXPECT_THAT(names_in("data/log"), Contains("00000002.log"));
  open(options_);
  EXPECT_TRUE(same(stored(more), more));
}

// What a later version wrote is neither damage nor rubbish.
TEST_F(DamageTest, AFrameOfALaterVersionStopsTheStartAndIsKept) {
  constexpr size_t kCrcAt = 4, kCheckedFrom = 8, kKindAt = 12, kFormatAt = 13;
  open(options_);
  Sender sender(5);
  SpanTexts sent;
  send(sender.next(20, kNow), sent);
  ASSERT_TRUE(store_->close());
  store_.reset();
  const std::string path = "data/log/00000001.log";
  const std::string bytes = *files_->read_all(path, 1 << 30);
  for (size_t at : {kKindAt, kFormatAt}) {
    std::string later = bytes;
    later[at] = 9;
    ByteReader head(later);
    for (int i = 0; i < 2; ++i) head.fixed<uint32_t>();
    size_t length = kFrameHeadBytes + head.fixed<uint32_t>();
    uint32_t crc = crc32c(std::string_view(later).substr(kCheckedFrom, length - kCheckedFrom));
    ByteWriter(later).patch_u32(kCrcAt, crc);
    ASSERT_TRUE(files_->replace(path, later));
    auto opened = Store::open(options_, *files_, clock_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::failed_precondition);
    EXPECT_THAT(opened.error().message, HasSubstr("later version"));
    EXPECT_EQ(*files_->read_all(path, 1 << 30), later);
  }
  ASSERT_TRUE(files_->replace(path, bytes));
  open(options_);
  EXPECT_TRUE(same(stored(sent), sent));
}

TEST_F(DamageTest, ALogFileThatFeedsNothingAnyMoreIsRemovedAtStart) {
  options_.log_file_bytes = 1;
  open(options_);
  Sender sender(4);
  SpanTexts sent;
  send(sender.next(20, kNow), sent);
  // The removal fails once, so the file is still there at the next start.
  files_->set_fault([](std::string_view operation, const std::string& path) -> Status {
    if (operation == "remove" && path.ends_with(".log")) return fail(ErrorCode::unavailable, "EIO");
    return {};
  });
  ASSERT_TRUE(store_->seal_all());
  store_.reset();
  files_->set_fault({});
  EXPECT_THAT(names_in("data/log"), Not(IsEmpty()));
  open(options_);
  EXPECT_THAT(names_in("data/log"), IsEmpty());
  EXPECT_TRUE(same(stored(sent), sent));
}

}  // namespace
}  // namespace clew::store
