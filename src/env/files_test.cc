#include "env/files.h"

#include <unistd.h>

#include <limits>
#include <thread>

#include "env/files_fixture.h"

namespace clew::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ON_BOTH_FILES(FilesTest);

TEST_P(FilesTest, WhatIsAppendedIsRead) {
  auto file = files().create(at("a"));
  ASSERT_THAT(file, Succeeds());
  EXPECT_EQ((*file)->size(), 0u);
  EXPECT_THAT((*file)->append("hello "), Succeeds());
  EXPECT_THAT((*file)->append(""), Succeeds());
  EXPECT_THAT((*file)->append(std::string_view("wor\0ld", 6)), Succeeds());
  EXPECT_THAT((*file)->sync(), Succeeds());
  EXPECT_EQ((*file)->size(), 12u);
  EXPECT_EQ(content("a"), std::string("hello wor\0ld", 12));
  EXPECT_THAT((*file)->append("!"), Succeeds());
  EXPECT_EQ(content("a").size(), 13u);
}

TEST_P(FilesTest, ReadsAnExactRangeOrNothing) {
  write("a", "0123456789");
  auto file = files().open(at("a"));
  ASSERT_THAT(file, Succeeds());
  EXPECT_EQ((*file)->size(), 10u);
  std::string out = "x";
  EXPECT_THAT((*file)->read(3, 4, out), Succeeds());
  EXPECT_THAT((*file)->read(0, 10, out), Succeeds());
  EXPECT_THAT((*file)->read(10, 0, out), Succeeds());
  EXPECT_EQ(out, "x34560123456789");

  constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
  const std::pair<uint64_t, size_t> beyond[] = {{10, 1},    {0, 11},    {11, 0},       {9, 2},
                                                {kHuge, 1}, {1, kHuge}, {kHuge, kHuge}};
  for (auto [offset, count] : beyond) {
    EXPECT_THAT((*file)->read(offset, count, out), FailsWith(ErrorCode::out_of_range)) << offset << "+" << count;
    EXPECT_EQ(out, "x34560123456789");
  }
}

TEST_P(FilesTest, AReaderSeesWhatIsAppendedLaterAndOutlivesTheName) {
  auto writer = files().create(at("a"));
  ASSERT_THAT(writer, Succeeds());
  ASSERT_THAT((*writer)->append("one"), Succeeds());
  auto reader = files().open(at("a"));
  ASSERT_THAT(reader, Succeeds());
  ASSERT_THAT((*writer)->append("two"), Succeeds());
  EXPECT_THAT(files().remove(at("a")), Succeeds());
  std::string out;
  EXPECT_THAT((*reader)->read(0, 6, out), Succeeds());
  EXPECT_EQ(out, "onetwo");
  EXPECT_EQ((*reader)->size(), 3u);
}

TEST_P(FilesTest, ReadAllHasALimit) {
  write("a", "0123456789");
  EXPECT_EQ(files().read_all(at("a"), 10).value(), "0123456789");
  EXPECT_THAT(files().read_all(at("a"), 9), FailsWith(ErrorCode::resource_exhausted));
  EXPECT_THAT(files().read_all(at("a"), 0), FailsWith(ErrorCode::resource_exhausted));
  write("empty", "");
  EXPECT_EQ(files().read_all(at("empty"), 0).value(), "");
}

TEST_P(FilesTest, ErrorsNameThePathAndSayWhatItIs) {
  write("file", "x");
  ASSERT_THAT(files().make_folders(at("folder/inner")), Succeeds());
  const std::string none = at("none");
  EXPECT_THAT(files().open(none), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().read_all(none, 1), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().list(none), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().rename(none, at("x")), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().truncate(none, 0), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().sync_folder(none), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().free_bytes(none), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().create(at("none/x")), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().lock(at("none/x")), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().rename(at("file"), at("none/x")), FailsWith(ErrorCode::not_found));

  EXPECT_THAT(files().create(at("file")), FailsWith(ErrorCode::already_exists));
  EXPECT_THAT(files().create(at("folder")), FailsWith(ErrorCode::already_exists));

  EXPECT_THAT(files().create(at("file/x")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().open(at("folder")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().read_all(at("folder"), 1), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().list(at("file")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().make_folders(at("file")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().make_folders(at("file/x")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().remove(at("folder")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().remove_folder(at("file")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().sync_folder(at("file")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().rename(at("file"), at("folder")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().rename(at("folder"), at("file")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().rename(at("folder"), at("folder/inner/x")), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().truncate(at("folder"), 0), FailsWith(ErrorCode::unavailable));

  EXPECT_THAT(files().open(none).error().message, HasSubstr("'" + none + "'"));
  EXPECT_THAT(files().open(none).error().message, HasSubstr("No such file or directory"));
  EXPECT_EQ(content("file"), "x");
}

TEST_P(FilesTest, FoldersAreMadeListedAndRemoved) {
  EXPECT_THAT(files().make_folders(at("a/b//c/")), Succeeds());
  EXPECT_THAT(files().make_folders(at("a/b/c")), Succeeds());
  write("a/z", "1");
  write("a/b/y", "2");
  write("a/.hidden", "3");
  EXPECT_THAT(files().list(at("a")).value(), ElementsAre(".hidden", "b", "z"));
  EXPECT_THAT(files().list(at("a/b/c")).value(), IsEmpty());
  EXPECT_THAT(files().sync_folder(at("a")), Succeeds());

  EXPECT_TRUE(files().exists(at("a/b")).value());
  EXPECT_TRUE(files().is_folder(at("a/b")).value());
  EXPECT_TRUE(files().exists(at("a/z")).value());
  EXPECT_FALSE(files().is_folder(at("a/z")).value());
  for (const char* missing : {"none", "none/x", "a/z/x"}) {
    EXPECT_FALSE(files().exists(at(missing)).value()) << missing;
    EXPECT_FALSE(files().is_folder(at(missing)).value()) << missing;
  }

  EXPECT_THAT(files().remove_folder(at("a")), Succeeds());
  EXPECT_THAT(files().remove_folder(at("a")), Succeeds());
  EXPECT_THAT(files().remove(at("none")), Succeeds());
  EXPECT_THAT(files().remove(at("none/x")), Succeeds());
  EXPECT_THAT(files().remove_folder(at("none/x")), Succeeds());
  EXPECT_THAT(files().list(root_).value(), IsEmpty());
}

TEST_P(FilesTest, RenameReplaces) {
  write("new", "new");
  write("old", "old");
  EXPECT_THAT(files().rename(at("new"), at("old")), Succeeds());
  EXPECT_EQ(content("old"), "new");
  EXPECT_EQ(content("new"), "(not found)");
  EXPECT_THAT(files().rename(at("old"), at("old")), Succeeds());
  ASSERT_THAT(files().make_folders(at("f/g")), Succeeds());
  EXPECT_THAT(files().rename(at("old"), at("f/moved")), Succeeds());
  EXPECT_THAT(files().rename(at("f"), at("h")), Succeeds());
  EXPECT_EQ(content("h/moved"), "new");
  EXPECT_THAT(files().list(root_).value(), ElementsAre("h"));
}

TEST_P(FilesTest, TruncateOnlyShortens) {
  write("a", "0123456789");
  EXPECT_THAT(files().truncate(at("a"), 11), FailsWith(ErrorCode::out_of_range));
  EXPECT_THAT(files().truncate(at("a"), 10), Succeeds());
  EXPECT_THAT(files().truncate(at("a"), 4), Succeeds());
  EXPECT_EQ(content("a"), "0123");
  EXPECT_THAT(files().truncate(at("a"), 0), Succeeds());
  EXPECT_EQ(content("a"), "");
}

TEST_P(FilesTest, ReplaceLeavesTheNewContentAndNothingElse) {
  write("a.tmp", "left over by a crash");
  EXPECT_THAT(files().replace(at("a"), "one"), Succeeds());
  EXPECT_EQ(content("a"), "one");
  EXPECT_THAT(files().replace(at("a"), ""), Succeeds());
  EXPECT_EQ(content("a"), "");
  EXPECT_THAT(files().list(root_).value(), ElementsAre("a"));

  ASSERT_THAT(files().make_folders(at("folder")), Succeeds());
  EXPECT_THAT(files().replace(at("folder"), "x"), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files().replace(at("none/a"), "x"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(files().list(root_).value(), ElementsAre("a", "folder"));
}

TEST_P(FilesTest, OneHolderOfALock) {
  const std::string process = std::to_string(::getpid());
  auto first = files().lock(at("LOCK"));
  ASSERT_THAT(first, Succeeds());
  EXPECT_EQ(content("LOCK"), process + "\n");
  auto second = files().lock(at("LOCK"));
  ASSERT_THAT(second, FailsWith(ErrorCode::failed_precondition));
  EXPECT_THAT(second.error().message, HasSubstr("process " + process));
  auto other = files().lock(at("OTHER"));
  EXPECT_THAT(other, Succeeds());

  first->reset();
  EXPECT_EQ(content("LOCK"), process + "\n");
  EXPECT_THAT(files().lock(at("LOCK")), Succeeds());
}

TEST_P(FilesTest, FreeBytesAreSome) {
  EXPECT_GT(files().free_bytes(root_).value(), 0u);
}

TEST_P(FilesTest, UsedByManyThreads) {
  write("shared", std::string(1000, 's'));
  auto shared = files().open(at("shared"));
  ASSERT_THAT(shared, Succeeds());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string mine = "t" + std::to_string(t);
      for (int i = 0; i < 20; ++i) {
        ASSERT_THAT(files().make_folders(at("same/deep/folder")), Succeeds());
        ASSERT_THAT(files().replace(at(mine), std::to_string(i)), Succeeds());
        ASSERT_EQ(content(mine), std::to_string(i));
        std::string out;
        ASSERT_THAT((*shared)->read(static_cast<uint64_t>(i), 100, out), Succeeds());
        ASSERT_THAT(files().list(root_), Succeeds());
      }
    });
  }
  threads.clear();
  EXPECT_THAT(files().list(root_).value(), ElementsAre("same", "shared", "t0", "t1", "t2", "t3"));
}

TEST(FolderOf, TheFolderThatHoldsTheName) {
  const std::pair<const char*, const char*> cases[] = {{"a/b/c", "a/b"}, {"a", "."},    {"/a", "/"},   {"/", "/"},
                                                       {"", "."},        {"a/b/", "a"}, {"a//b", "a"}, {"/a/b", "/a"},
                                                       {"./a", "."},     {"//a", "/"}};
  for (const auto& [path, folder] : cases) EXPECT_EQ(folder_of(path), folder) << path;
}

}  // namespace
}  // namespace clew::env
