#include "env/object_store.h"

#include <limits>
#include <set>
#include <thread>

#include "env/files_fixture.h"

namespace clew::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ObjectStoreTest : public FilesTest {
 protected:
  void SetUp() override {
    FilesTest::SetUp();
    store_ = local_object_store(files(), at("new/objects/"));
  }
  std::vector<std::string> listed(const std::string& prefix) {
    auto keys = store_->list(prefix);
    EXPECT_THAT(keys, Succeeds());
    return keys.value_or(std::vector<std::string>{"(error)"});
  }

  std::unique_ptr<ObjectStore> store_;
};

ON_BOTH_FILES(ObjectStoreTest);

TEST_P(ObjectStoreTest, WhatIsPutIsGot) {
  EXPECT_THAT(store_->put("tenants/t/blocks/1/spans.parquet", "0123456789"), Succeeds());
  EXPECT_THAT(store_->put("empty", ""), Succeeds());
  const std::string key = "tenants/t/blocks/1/spans.parquet";
  EXPECT_EQ(store_->get(key).value(), "0123456789");
  EXPECT_EQ(store_->get("empty").value(), "");
  EXPECT_EQ(store_->size(key).value(), 10u);
  EXPECT_EQ(store_->get_range(key, 4, 3).value(), "456");
  EXPECT_EQ(store_->get_range(key, 10, 0).value(), "");
  EXPECT_THAT(store_->get_range(key, 8, 3), FailsWith(ErrorCode::out_of_range));
  EXPECT_THAT(store_->get_range(key, 1, std::numeric_limits<size_t>::max()), FailsWith(ErrorCode::out_of_range));
  EXPECT_THAT(store_->put(key, "other"), Succeeds());
  EXPECT_EQ(store_->get(key).value(), "other");
}

TEST_P(ObjectStoreTest, WhatIsMissingIsNotFound) {
  EXPECT_THAT(store_->get("a/b"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(store_->get_range("a", 0, 1), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(store_->size("a"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(store_->remove("a/b/c"), Succeeds());
  EXPECT_THAT(listed(""), IsEmpty());
}

TEST_P(ObjectStoreTest, ListsKeysByPrefixSorted) {
  for (const char* key : {"b/1", "a/2/x", "a/10/x", "a/1/x", "a/1/y", "ab", "a-b/z"}) {
    ASSERT_THAT(store_->put(key, "x"), Succeeds());
  }
  EXPECT_THAT(listed(""), ElementsAre("a-b/z", "a/1/x", "a/1/y", "a/10/x", "a/2/x", "ab", "b/1"));
  EXPECT_THAT(listed("a/"), ElementsAre("a/1/x", "a/1/y", "a/10/x", "a/2/x"));
  EXPECT_THAT(listed("a/1"), ElementsAre("a/1/x", "a/1/y", "a/10/x"));
  EXPECT_THAT(listed("a/1/"), ElementsAre("a/1/x", "a/1/y"));
  EXPECT_THAT(listed("a/1/x"), ElementsAre("a/1/x"));
  EXPECT_THAT(listed("a"), ElementsAre("a-b/z", "a/1/x", "a/1/y", "a/10/x", "a/2/x", "ab"));
  EXPECT_THAT(listed("a/1/x/"), IsEmpty());
  EXPECT_THAT(listed("c/d"), IsEmpty());
  EXPECT_THAT(store_->list("../"), FailsWith(ErrorCode::invalid_argument));
}

TEST_P(ObjectStoreTest, RemovingTakesTheEmptyFoldersWithIt) {
  ASSERT_THAT(store_->put("t/blocks/1/a", "x"), Succeeds());
  ASSERT_THAT(store_->put("t/blocks/1/b", "x"), Succeeds());
  ASSERT_THAT(store_->put("t/keep", "x"), Succeeds());
  EXPECT_THAT(store_->remove("t/blocks/1/a"), Succeeds());
  EXPECT_THAT(store_->remove("t/blocks/1/a"), Succeeds());
  EXPECT_THAT(listed("t/blocks"), ElementsAre("t/blocks/1/b"));
  EXPECT_THAT(store_->remove("t/blocks/1/b"), Succeeds());
  EXPECT_THAT(listed(""), ElementsAre("t/keep"));
  EXPECT_THAT(files().list(at("new/objects/t")).value(), ElementsAre("keep"));
  EXPECT_THAT(store_->remove("t/keep"), Succeeds());
  EXPECT_TRUE(files().is_folder(at("new/objects")).value());
  EXPECT_THAT(store_->put("t/blocks/1/a", "again"), Succeeds());
}

TEST_P(ObjectStoreTest, KeysThatCannotBe) {
  const std::string keys[] = {"",
                              "/",
                              "/a",
                              "a/",
                              "a//b",
                              ".",
                              "..",
                              "a/../b",
                              "./a",
                              "a/.",
                              std::string("a\0b", 3),
                              "~unfinished",
                              "~unfinished/0",
                              std::string(1025, 'k')};
  for (const std::string& key : keys) {
    SCOPED_TRACE(testing::PrintToString(key));
    EXPECT_THAT(store_->put(key, "x"), FailsWith(ErrorCode::invalid_argument));
    EXPECT_THAT(store_->get(key), FailsWith(ErrorCode::invalid_argument));
    EXPECT_THAT(store_->get_range(key, 0, 0), FailsWith(ErrorCode::invalid_argument));
    EXPECT_THAT(store_->size(key), FailsWith(ErrorCode::invalid_argument));
    EXPECT_THAT(store_->remove(key), FailsWith(ErrorCode::invalid_argument));
  }
  EXPECT_FALSE(files().exists(at("new")).value());
  for (const char* key : {"...", "a/..b", ".tmp", "x.tmp", "a/~unfinished"})
    EXPECT_THAT(store_->put(key, "x"), Succeeds());
}

TEST_P(ObjectStoreTest, LeftOversAreNeverListedAndGoWithTheFirstPut) {
  ASSERT_THAT(store_->put("a", "x"), Succeeds());
  write("new/objects/~unfinished/left-over", "half");
  auto reopened = local_object_store(files(), at("new/objects"));
  EXPECT_THAT(reopened->list("").value(), ElementsAre("a"));
  EXPECT_EQ(content("new/objects/~unfinished/left-over"), "half");
  EXPECT_THAT(reopened->put("b", "y"), Succeeds());
  EXPECT_THAT(files().list(at("new/objects/~unfinished")).value(), IsEmpty());
  EXPECT_THAT(reopened->list("").value(), ElementsAre("a", "b"));
}

TEST_P(ObjectStoreTest, FoldersComeAndGoUnderManyThreads) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string key = "same/folder/" + std::to_string(t);
      for (int i = 0; i < 15; ++i) {
        ASSERT_THAT(store_->put(key, std::to_string(i)), Succeeds());
        ASSERT_EQ(store_->get(key).value(), std::to_string(i));
        ASSERT_THAT(store_->list("same"), Succeeds());
        ASSERT_THAT(store_->remove(key), Succeeds());
      }
    });
  }
  threads.clear();
  EXPECT_THAT(listed(""), IsEmpty());
}

// Runs `work` on a store over files that stop at each operation in turn, then crashes, reopens and asks `judge`.
template <typename Prepare, typename Work, typename Judge>
void stop_everywhere(Prepare prepare, Work work, Judge judge) {
  bool finished = false;
  for (uint64_t stop = 0; !finished; ++stop) {
    ASSERT_LT(stop, 100u);
    for (uint64_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE("stopped after " + std::to_string(stop) + " operations, seed " + std::to_string(seed));
      auto files = FaultyFiles::make(seed);
      prepare(*local_object_store(*files, "data/objects"));
      const uint64_t first = files->operations();
      files->set_fault([&](std::string_view operation, const std::string&) -> Status {
        if (operation == "read" || files->operations() - first <= stop) return {};
        return fail(ErrorCode::unavailable, "the machine stopped");
      });
      finished = work(*local_object_store(*files, "data/objects")).has_value();
      files->crash();
      files->set_fault(nullptr);
      auto reopened = local_object_store(*files, "data/objects");
      judge(*reopened, finished);
      ASSERT_THAT(reopened->put("t/b/one", "once more"), Succeeds());
      ASSERT_EQ(reopened->get("t/b/one").value(), "once more");
    }
  }
}

std::string found(ObjectStore& store, const std::string& key) {
  auto bytes = store.get(key);
  return bytes ? *bytes : "(" + std::string(name_of(bytes.error().code)) + ")";
}

TEST(LocalObjectStore, AnObjectIsThereWholeOrNotWhereverTheMachineStops) {
  std::set<std::string> seen;
  stop_everywhere([](ObjectStore&) {}, [](ObjectStore& store) { return store.put("t/b/one", "whole"); },
                  [&](ObjectStore& store, bool acknowledged) {
                    const std::string now = found(store, "t/b/one");
                    EXPECT_THAT(now, testing::AnyOf("whole", "(not found)"));
                    if (acknowledged) {
                      EXPECT_EQ(now, "whole");
                    }
                    EXPECT_THAT(store.list("").value(), testing::SizeIs(now == "whole" ? 1 : 0));
                    seen.insert(now);
                  });
  EXPECT_THAT(seen, testing::SizeIs(2));
}

TEST(LocalObjectStore, AnObjectPutAgainIsTheOldOrTheNewOne) {
  auto put = [](ObjectStore& store, std::string_view bytes) { return store.put("t/b/one", bytes); };
  stop_everywhere([&](ObjectStore& store) { ASSERT_THAT(put(store, "old one"), Succeeds()); },
                  [&](ObjectStore& store) { return put(store, "new"); },
                  [](ObjectStore& store, bool acknowledged) {
                    const std::string now = found(store, "t/b/one");
                    EXPECT_THAT(now, testing::AnyOf("old one", "new"));
                    if (acknowledged) {
                      EXPECT_EQ(now, "new");
                    }
                  });
}

TEST(LocalObjectStore, ARemovalThatWasAcknowledgedStays) {
  // The first is alone in its folder, the second is not.
  for (const std::string key : {"t/b/one", "t/c"}) {
    const std::string other = key == "t/c" ? "t/b/one" : "t/c";
    stop_everywhere(
        [](ObjectStore& store) {
          ASSERT_THAT(store.put("t/b/one", "x"), Succeeds());
          ASSERT_THAT(store.put("t/c", "x"), Succeeds());
        },
        [&](ObjectStore& store) { return store.remove(key); },
        [&](ObjectStore& store, bool acknowledged) {
          EXPECT_THAT(found(store, key), testing::AnyOf("x", "(not found)"));
          if (acknowledged) {
            EXPECT_EQ(found(store, key), "(not found)");
          }
          EXPECT_EQ(found(store, other), "x");
        });
  }
}

// A process that ended before its syncs leaves names that only look durable.
TEST(LocalObjectStore, NamesAnEarlierProcessDidNotSyncAreSyncedWithTheNextPut) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    auto files = FaultyFiles::make(seed);
    ASSERT_THAT(files->make_folders("data"), Succeeds());
    ASSERT_THAT(files->sync_folder("."), Succeeds());
    ASSERT_THAT(files->make_folders("data/objects/t/b"), Succeeds());
    ASSERT_THAT(local_object_store(*files, "data/objects")->put("t/b/one", "x"), Succeeds());
    files->crash();
    ASSERT_EQ(found(*local_object_store(*files, "data/objects"), "t/b/one"), "x") << seed;
  }
}

TEST(LocalObjectStore, ReadingChangesNothing) {
  auto files = FaultyFiles::make(1);
  auto store = local_object_store(*files, "data/objects");
  EXPECT_THAT(store->list("").value(), IsEmpty());
  EXPECT_EQ(found(*store, "a"), "(not found)");
  EXPECT_EQ(files->operations(), 0u);
}

TEST(LocalObjectStore, AFullDiskIsSaidAndLeavesNothingBehind) {
  auto files = FaultyFiles::make(1);
  auto store = local_object_store(*files, "data/objects");
  ASSERT_THAT(store->put("a", "x"), Succeeds());
  files->set_free_bytes(100);
  EXPECT_THAT(store->put("b", std::string(200, 'b')), FailsWith(ErrorCode::resource_exhausted));
  EXPECT_EQ(files->free_bytes(".").value(), 100u);
  EXPECT_THAT(store->list("").value(), ElementsAre("a"));
  EXPECT_THAT(files->list("data/objects/~unfinished").value(), IsEmpty());
}

}  // namespace
}  // namespace clew::env
