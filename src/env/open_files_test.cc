#include "env/open_files.h"

#include <thread>
#include <vector>

#include "base/counters.h"
#include "env/files_fixture.h"
#include "env/object_store.h"

namespace clew::env {
namespace {

using testing::HasSubstr;

class OpenFilesTest : public FilesTest {
 protected:
  std::string read(OpenFiles& open, const std::string& name) {
    auto file = open.open(at(name));
    if (!file) return "(" + std::string(name_of(file.error().code)) + ")";
    std::string out;
    EXPECT_THAT((*file)->read(0, (*file)->size(), out), Succeeds());
    return out;
  }
  static int64_t opened() {
    return counter("clew_env_object_files_opened_total", "Files of objects that were opened for reading.").value();
  }
};

ON_BOTH_FILES(OpenFilesTest);

TEST_P(OpenFilesTest, AFileIsOpenedOnceAndStaysTheSameUntilItIsClosed) {
  OpenFiles open(files());
  write("a", "first");
  const int64_t before = opened();
  EXPECT_EQ(read(open, "a"), "first");
  ASSERT_THAT(files().remove(at("a")), Succeeds());
  write("a", "second");
  EXPECT_EQ(read(open, "a"), "first");
  EXPECT_EQ(opened() - before, 1);
  open.close(at("a"));
  EXPECT_EQ(read(open, "a"), "second");
  EXPECT_EQ(read(open, "b"), "(not found)");
  EXPECT_EQ(open.size(), 1U);
}

TEST_P(OpenFilesTest, OfTooManyTheOneReadLongestAgoIsClosed) {
  OpenFiles open(files(), 3);
  for (const char* name : {"0", "1", "2", "3"}) write(name, name);
  for (const char* name : {"0", "1", "2", "0", "3"}) EXPECT_EQ(read(open, name), name);
  EXPECT_EQ(open.size(), 3U);
  const int64_t before = opened();
  for (const char* name : {"0", "2", "3"}) EXPECT_EQ(read(open, name), name);
  EXPECT_EQ(opened() - before, 0);
  EXPECT_EQ(read(open, "1"), "1");
  EXPECT_EQ(opened() - before, 1);
  EXPECT_EQ(open.size(), 3U);
}

TEST_P(OpenFilesTest, WhoHasAFileReadsOnWhenItIsClosed) {
  OpenFiles open(files(), 1);
  write("a", "whole");
  write("b", "other");
  auto file = open.open(at("a"));
  ASSERT_THAT(file, Succeeds());
  EXPECT_EQ(read(open, "b"), "other");
  open.close(at("a"));
  std::string out;
  EXPECT_THAT((*file)->read(1, 3, out), Succeeds());
  EXPECT_EQ(out, "hol");
}

// An object that is put again or removed is never answered from a file that was open before.
TEST_P(OpenFilesTest, RangesOfAnObjectAreThoseOfTheLatest) {
  auto store = local_object_store(files(), at("objects"));
  for (const char* bytes : {"one", "two"}) {
    ASSERT_THAT(store->put("t/a", bytes), Succeeds());
    EXPECT_EQ(store->get_range("t/a", 0, 3).value(), bytes);
  }
  ASSERT_THAT(store->remove("t/a"), Succeeds());
  EXPECT_THAT(store->get_range("t/a", 0, 3), FailsWith(ErrorCode::not_found));
}

TEST_P(OpenFilesTest, ManyThreadsReadAndClose) {
  auto store = local_object_store(files(), at("objects"));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string key = "t/" + std::to_string(t % 2) + "/" + std::to_string(t);
      for (int i = 0; i < 15; ++i) {
        const std::string bytes = std::to_string(1000 + i);
        ASSERT_THAT(store->put(key, bytes), Succeeds());
        ASSERT_EQ(store->get_range(key, 0, 4).value(), bytes);
      }
      ASSERT_THAT(store->remove(key), Succeeds());
      ASSERT_THAT(store->get_range(key, 0, 4), FailsWith(ErrorCode::not_found));
    });
  }
}

// A file that was open before an error is not asked again.
TEST(OpenFiles, AfterAFailedReadTheFileIsOpenedAnew) {
  auto files = FaultyFiles::make(1);
  auto store = local_object_store(*files, "objects");
  ASSERT_THAT(store->put("a", "bytes"), Succeeds());
  ASSERT_EQ(store->get_range("a", 0, 5).value(), "bytes");
  files->crash();
  EXPECT_THAT(store->get_range("a", 0, 5), FailsWith(ErrorCode::failed_precondition));
  EXPECT_EQ(store->get_range("a", 0, 5).value(), "bytes");
}

}  // namespace
}  // namespace clew::env
