// Data folders that earlier versions wrote, opened by this one: tests/corpus/golden/README.md.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "env/files.h"
#include "store/block/block_index.h"
#include "store/block_catalog.h"
#include "store/log_frame.h"
#include "store/store_fixture.h"

namespace clew::store {
namespace {

const std::string kGolden = "tests/corpus/golden";
constexpr uint64_t kLimit = 1 << 24;
constexpr std::string_view kExpected = "expected.txt";

class GoldenTest : public StoreFixture {
 protected:
  static std::string versions() {
    return fmt::format("log{}-block{}-meta{}", kFrameFormat, kIndexVersion, kMetaFormat);
  }
  static void list_files(env::Files& files, const std::string& root, const std::string& below,
                         std::vector<std::string>& out) {
    auto names = files.list(root + below);
    ASSERT_TRUE(names) << names.error().message;
    for (const std::string& name : *names) {
      const std::string path = below + "/" + name;
      if (*files.is_folder(root + path)) {
        list_files(files, root, path, out);
      } else if (name != kExpected && name != "clew.lock") {
        out.push_back(path);
      }
    }
  }
  static void copy(env::Files& from, const std::string& from_root, env::Files& to, const std::string& to_root) {
    std::vector<std::string> paths;
    list_files(from, from_root, "", paths);
    ASSERT_FALSE(paths.empty()) << from_root;
    for (const std::string& path : paths) {
      auto bytes = from.read_all(from_root + path, kLimit);
      ASSERT_TRUE(bytes) << bytes.error().message;
      ASSERT_TRUE(to.make_folders(env::folder_of(to_root + path)));
      ASSERT_TRUE(to.replace(to_root + path, *bytes));
    }
  }
  // Of each tenant its units, and all spans as text.
  std::string content() {
    std::string out;
    for (const std::string& tenant : store_->source().tenants()) {
      SpanTexts spans;
      auto snapshot = store_->source().snapshot(tenant, std::make_shared<ReadBudget>());
      for (const auto& unit : snapshot->units()) {
        out += fmt::format("unit {} {} {} rows\n", tenant, unit->name(), unit->rows());
        std::vector<uint32_t> rows(unit->rows());
        for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
        SpanTable table;
        EXPECT_TRUE(unit->copy_rows(rows, table));
        table.publish();
        collect(table, spans);
      }
      for (const auto& [key, text] : spans) out += fmt::format("span {} {}\n", tenant, text);
    }
    return out;
  }
  // A block with a displaced part, one made of others, and live rows in a log of several chapters' files.
  void make_store() {
    StoreOptions options = small_options();
    options.lanes = 1;
    options.log_file_bytes = 1;
    open(options);
    Sender sender(1), late(2);
    late.set_clock_error_ns(-int64_t{400} * 86'400 * 1'000'000'000);
    for (uint64_t i = 0; i < 5; ++i) {
      ASSERT_TRUE(append(sender.next(6, kNow + i)));
      if (i == 4) {
        ASSERT_TRUE(append(late.next(3, kNow + i)));
      }
      ASSERT_TRUE(store_->seal_all());
      if (i == 3) {
        ASSERT_TRUE(store_->compact());
      }
    }
    ASSERT_TRUE(append(sender.next(6, kNow + 10)));
    ASSERT_TRUE(append(sender.next(4, kNow + 11), "another"));
    ASSERT_TRUE(store_->close());
    store_.reset();
  }
  void open_to_read() {
    StoreOptions reading = small_options();
    reading.read_only = true;
    open(reading);
  }
};

TEST_F(GoldenTest, EveryFolderIsReadAsItWasWritten) {
  auto folders = env::system_files().list(kGolden);
  ASSERT_TRUE(folders) << folders.error().message;
  bool present = false;
  for (const std::string& name : *folders) {
    if (!*env::system_files().is_folder(kGolden + "/" + name)) continue;
    SCOPED_TRACE(name);
    present = present || name == versions();
    store_.reset();
    files_ = env::FaultyFiles::make(1);
    copy(env::system_files(), kGolden + "/" + name, *files_, "data");
    open_to_read();
    auto expected = env::system_files().read_all(kGolden + "/" + name + "/" + std::string(kExpected), kLimit);
    ASSERT_TRUE(expected) << expected.error().message;
    EXPECT_EQ(content(), *expected);
  }
  EXPECT_TRUE(present) << "there is no " << versions() << ": see " << kGolden << "/README.md";
}

// The command of the README; writes only where there is nothing yet.
TEST_F(GoldenTest, WritesAFolderOfThisVersion) {
  if (!std::getenv("CLEW_WRITE_GOLDEN")) GTEST_SKIP() << "CLEW_WRITE_GOLDEN is not set";
  const std::string folder = kGolden + "/" + versions();
  ASSERT_FALSE(*env::system_files().exists(folder)) << "what a version wrote is never changed";
  make_store();
  open_to_read();
  const std::string expected = content();
  copy(*files_, "data", env::system_files(), folder);
  ASSERT_TRUE(env::system_files().replace(folder + "/" + std::string(kExpected), expected));
}

}  // namespace
}  // namespace clew::store
