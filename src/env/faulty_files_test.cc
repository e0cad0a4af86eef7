#include "env/faulty_files.h"

#include <map>
#include <random>
#include <set>
#include <thread>

#include "env/files_fixture.h"

namespace clew::env {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Gt;
using testing::IsSupersetOf;
using testing::SizeIs;
using testing::StartsWith;

constexpr uint64_t kSeeds = 300;

std::unique_ptr<AppendFile> created(Files& files, const std::string& path, std::string_view bytes) {
  auto file = files.create(path);
  EXPECT_THAT(file, Succeeds());
  EXPECT_THAT((*file)->append(bytes), Succeeds());
  return std::move(*file);
}

void write_durably(Files& files, const std::string& path, std::string_view bytes) {
  ASSERT_THAT(created(files, path, bytes)->sync(), Succeeds());
  ASSERT_THAT(files.sync_folder(folder_of(path)), Succeeds());
}

std::string content(Files& files, const std::string& path) {
  auto bytes = files.read_all(path, 1 << 20);
  return bytes ? *bytes : "(" + std::string(name_of(bytes.error().code)) + ")";
}

// What path holds after `prepare` and a crash, over many seeds.
template <typename Prepare>
std::set<std::string> outcomes(const std::string& path, Prepare prepare) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    auto files = FaultyFiles::make(seed);
    prepare(*files);
    files->crash();
    seen.insert(content(*files, path));
  }
  return seen;
}

FaultyFiles::Fault failing(std::string operation) {
  return [operation](std::string_view asked, const std::string& path) -> Status {
    if (asked != operation) return {};
    return fail(ErrorCode::unavailable, "no " + operation + " of " + path);
  };
}

TEST(FaultyFiles, WhatWasSyncedSurvives) {
  EXPECT_THAT(outcomes("f/a",
                       [](Files& files) {
                         ASSERT_THAT(files.make_folders("f"), Succeeds());
                         ASSERT_THAT(files.sync_folder("."), Succeeds());
                         write_durably(files, "f/a", "durable");
                       }),
              ElementsAre("durable"));
}

TEST(FaultyFiles, OfUnsyncedBytesAPrefixSurvivesPerhapsTorn) {
  auto seen = outcomes("a", [](Files& files) {
    auto file = created(files, "a", "durable");
    ASSERT_THAT(file->sync(), Succeeds());
    ASSERT_THAT(files.sync_folder("."), Succeeds());
    ASSERT_THAT(file->append("-later"), Succeeds());
  });
  EXPECT_THAT(seen, testing::Each(StartsWith("durable")));
  EXPECT_THAT(seen, testing::Each(SizeIs(testing::Le(13u))));
  EXPECT_THAT(seen, IsSupersetOf({"durable", "durable-", "durable-la", "durable-later"}));
  EXPECT_THAT(seen, Contains(AllOf(SizeIs(13), testing::Ne("durable-later"))));
}

TEST(FaultyFiles, ANameNeedsItsFoldersSync) {
  auto seen = outcomes("a", [](Files& files) { ASSERT_THAT(created(files, "a", "x")->sync(), Succeeds()); });
  EXPECT_THAT(seen, ElementsAre("(not found)", "x"));
}

TEST(FaultyFiles, AFolderNeedsTheSyncOfTheOneAbove) {
  auto seen = outcomes("f/a", [](Files& files) {
    ASSERT_THAT(files.make_folders("f"), Succeeds());
    write_durably(files, "f/a", "x");
  });
  EXPECT_THAT(seen, ElementsAre("(not found)", "x"));
}

TEST(FaultyFiles, ARemovalNeedsTheSyncToo) {
  auto remove = [](Files& files) {
    write_durably(files, "a", "x");
    ASSERT_THAT(files.remove("a"), Succeeds());
  };
  EXPECT_THAT(outcomes("a", remove), ElementsAre("(not found)", "x"));
  EXPECT_THAT(outcomes("a",
                       [&](Files& files) {
                         remove(files);
                         ASSERT_THAT(files.sync_folder("."), Succeeds());
                       }),
              ElementsAre("(not found)"));
}

TEST(FaultyFiles, ARenameIsWholeOrNotAtAll) {
  for (std::string to : {"b", "f/b"}) {
    std::set<std::string> seen;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      auto files = FaultyFiles::make(seed);
      ASSERT_THAT(files->make_folders("f"), Succeeds());
      write_durably(*files, "a", "moved");
      write_durably(*files, to, "replaced");
      ASSERT_THAT(files->rename("a", to), Succeeds());
      files->crash();
      seen.insert(content(*files, "a") + " " + content(*files, to));
    }
    EXPECT_THAT(seen, ElementsAre("(not found) moved", "moved replaced"));
  }
}

// Either folder's sync makes the rename durable; journals know no half of it.
TEST(FaultyFiles, ARenameBetweenFoldersNeedsOneSync) {
  for (std::string synced : {".", "f"}) {
    EXPECT_THAT(outcomes("f/b",
                         [&](Files& files) {
                           ASSERT_THAT(files.make_folders("f"), Succeeds());
                           write_durably(files, "a", "moved");
                           ASSERT_THAT(files.rename("a", "f/b"), Succeeds());
                           ASSERT_THAT(files.sync_folder(synced), Succeeds());
                         }),
                ElementsAre("moved"));
  }
}

TEST(FaultyFiles, OneNamesOperationsSurviveInTheirOrder) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    auto files = FaultyFiles::make(seed);
    write_durably(*files, "x", "1");
    write_durably(*files, "y", "2");
    ASSERT_THAT(files->rename("x", "y"), Succeeds());
    ASSERT_THAT(files->rename("y", "z"), Succeeds());
    files->crash();
    std::string found;
    const auto names = files->list(".").value();
    for (const std::string& name : names) found += name + content(*files, name) + " ";
    seen.insert(found);
  }
  EXPECT_THAT(seen, ElementsAre("x1 y2 ", "y1 ", "z1 "));
}

TEST(FaultyFiles, TruncateIsDurable) {
  EXPECT_THAT(outcomes("a",
                       [](Files& files) {
                         write_durably(files, "a", "0123456789");
                         ASSERT_THAT(files.truncate("a", 3), Succeeds());
                       }),
              ElementsAre("012"));
}

// Random operations on a few names, and beside them what must be found after the crash.
TEST(FaultyFiles, WhatIsPromisedIsKeptAfterAnything) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    auto files = FaultyFiles::make(seed);
    std::mt19937_64 random(seed);
    struct Expected {
      std::string synced;
      std::unique_ptr<AppendFile> file;
      std::string written;
    };
    std::map<std::string, std::shared_ptr<Expected>> now;
    std::map<std::string, std::shared_ptr<Expected>> promised;
    std::set<std::string> touched;
    for (int i = 0; i < 40; ++i) {
      const std::string name(1, static_cast<char>('a' + random() % 4));
      const std::string other(1, static_cast<char>('a' + random() % 4));
      auto here = now.contains(name) ? now[name] : nullptr;
      switch (random() % 6) {
        case 0:
          if (!here) {
            now[name] = std::make_shared<Expected>("", created(*files, name, ""), "");
            touched.insert(name);
          }
          break;
        case 1:
          if (here) {
            here->written += std::to_string(i) + ";";
            ASSERT_THAT(here->file->append(std::to_string(i) + ";"), Succeeds());
          }
          break;
        case 2:
          if (here) {
            ASSERT_THAT(here->file->sync(), Succeeds());
            here->synced = here->written;
          }
          break;
        case 3:
          ASSERT_THAT(files->remove(name), Succeeds());
          now.erase(name);
          touched.insert(name);
          break;
        case 4:
          if (here && name != other) {
            ASSERT_THAT(files->rename(name, other), Succeeds());
            now[other] = here;
            now.erase(name);
            touched.insert({name, other});
          }
          break;
        default:
          ASSERT_THAT(files->sync_folder("."), Succeeds());
          promised = now;
          touched.clear();
      }
    }
    files->crash();
    for (const char* name : {"a", "b", "c", "d"}) {
      if (touched.contains(name)) continue;
      if (promised.contains(name)) {
        EXPECT_THAT(content(*files, name), StartsWith(promised[name]->synced)) << "seed " << seed;
        EXPECT_LE(content(*files, name).size(), promised[name]->written.size()) << "seed " << seed;
      } else {
        EXPECT_EQ(content(*files, name), "(not found)") << "seed " << seed;
      }
    }
  }
}

TEST(FaultyFiles, ReplaceIsAtomicWhereverTheMachineStops) {
  std::set<std::string> seen;
  uint64_t last = 1;
  for (uint64_t stop = 0; stop <= last; ++stop) {
    for (uint64_t seed = 0; seed < 50; ++seed) {
      auto files = FaultyFiles::make(seed);
      write_durably(*files, "a", "the old content");
      const uint64_t first = files->operations();
      files->set_fault([&](std::string_view operation, const std::string&) -> Status {
        if (operation == "read" || files->operations() - first <= stop) return {};
        return fail(ErrorCode::unavailable, "the machine stopped");
      });
      Status done = files->replace("a", "new");
      last = std::max(last, files->operations() - first);
      files->crash();
      files->set_fault(nullptr);
      const std::string found = content(*files, "a");
      EXPECT_EQ(done.has_value(), stop >= 6) << "remove, create, append, sync, rename, sync_folder";
      EXPECT_THAT(found, testing::AnyOf("the old content", "new")) << stop << " of " << last << ", seed " << seed;
      if (done) {
        EXPECT_EQ(found, "new");
      }
      seen.insert(found);
      ASSERT_THAT(files->replace("a", "again"), Succeeds());
    }
  }
  EXPECT_THAT(seen, SizeIs(2));
}

TEST(FaultyFiles, AFailedAppendWritesAPrefixAndEndsTheFile) {
  std::set<size_t> lengths;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    auto files = FaultyFiles::make(seed);
    auto file = created(*files, "a", "before ");
    files->set_fault(failing("append"));
    EXPECT_THAT(file->append("after"), FailsWith(ErrorCode::unavailable));
    files->set_fault(nullptr);
    EXPECT_EQ(file->size(), 7u);
    EXPECT_THAT(file->append("more"), FailsWith(ErrorCode::failed_precondition));
    EXPECT_THAT(file->sync(), FailsWith(ErrorCode::failed_precondition));
    EXPECT_THAT(std::string("before after"), StartsWith(content(*files, "a")));
    lengths.insert(content(*files, "a").size());
  }
  EXPECT_THAT(lengths, ElementsAre(7, 8, 9, 10, 11, 12));
}

TEST(FaultyFiles, AFailedSyncMayDropTheBytesAndEndsTheFile) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    auto files = FaultyFiles::make(seed);
    auto file = created(*files, "a", "kept");
    ASSERT_THAT(file->sync(), Succeeds());
    ASSERT_THAT(file->append(" lost"), Succeeds());
    files->set_fault(failing("sync"));
    EXPECT_THAT(file->sync(), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(file->sync(), FailsWith(ErrorCode::failed_precondition));
    seen.insert(content(*files, "a"));
  }
  EXPECT_THAT(seen, ElementsAre("kept", "kept lost"));
}

TEST(FaultyFiles, EveryOperationCanFailAndThenChangesNothing) {
  struct Case {
    std::string operation;
    std::function<bool(Files&)> call;
    bool mutates = true;
  };
  const Case cases[] = {
      {"create", [](Files& f) { return f.create("new").has_value(); }},
      {"create", [](Files& f) { return f.make_folders("new").has_value(); }},
      {"create", [](Files& f) { return f.lock("new").has_value(); }},
      {"rename", [](Files& f) { return f.rename("a", "new").has_value(); }},
      {"remove", [](Files& f) { return f.remove("a").has_value(); }},
      {"remove", [](Files& f) { return f.remove_folder("f").has_value(); }},
      {"sync_folder", [](Files& f) { return f.sync_folder("f").has_value(); }},
      {"truncate", [](Files& f) { return f.truncate("a", 1).has_value(); }},
      {"read", [](Files& f) { return f.open("a").has_value(); }, false},
      {"read", [](Files& f) { return f.read_all("a", 100).has_value(); }, false},
      {"read", [](Files& f) { return f.list(".").has_value(); }, false},
  };
  for (const Case& c : cases) {
    auto files = FaultyFiles::make(1);
    write_durably(*files, "a", "content");
    ASSERT_THAT(files->make_folders("f"), Succeeds());
    const uint64_t before = files->operations();
    files->set_fault(failing(c.operation));
    EXPECT_FALSE(c.call(*files)) << c.operation;
    EXPECT_EQ(files->operations() - before, c.mutates ? 1u : 0u) << c.operation;
    files->set_fault(nullptr);
    EXPECT_THAT(files->list(".").value(), ElementsAre("a", "f")) << c.operation;
    EXPECT_EQ(content(*files, "a"), "content");
    EXPECT_TRUE(c.call(*files)) << c.operation;
  }
}

TEST(FaultyFiles, AReadCanFailAfterTheOpening) {
  auto files = FaultyFiles::make(1);
  write_durably(*files, "a", "content");
  auto file = files->open("a");
  ASSERT_THAT(file, Succeeds());
  files->set_fault(failing("read"));
  std::string out = "x";
  EXPECT_THAT((*file)->read(0, 3, out), FailsWith(ErrorCode::unavailable));
  EXPECT_EQ(out, "x");
}

TEST(FaultyFiles, AFolderRemovedHalfWayStaysHalf) {
  auto files = FaultyFiles::make(1);
  ASSERT_THAT(files->make_folders("f/inner"), Succeeds());
  for (const char* name : {"f/a", "f/b", "f/inner/c"}) write_durably(*files, name, "x");
  files->set_fault([](std::string_view, const std::string& path) {
    return path == "f/b" ? Status(fail(ErrorCode::unavailable, "f/b stays")) : Status();
  });
  EXPECT_THAT(files->remove_folder("f"), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(files->list("f").value(), ElementsAre("b", "inner"));
}

TEST(FaultyFiles, WhatWasOpenBeforeTheCrashIsOfNoUse) {
  auto files = FaultyFiles::make(1);
  write_durably(*files, "a", "x");
  auto reader = files->open("a");
  auto writer = created(*files, "b", "y");
  auto lock = files->lock("LOCK");
  ASSERT_TRUE(reader && lock);
  files->crash();
  std::string out;
  EXPECT_THAT((*reader)->read(0, 1, out), FailsWith(ErrorCode::failed_precondition));
  EXPECT_THAT(writer->append("z"), FailsWith(ErrorCode::failed_precondition));
  EXPECT_THAT(writer->sync(), FailsWith(ErrorCode::failed_precondition));

  auto again = files->lock("LOCK");
  EXPECT_THAT(again, Succeeds());
  lock->reset();
  EXPECT_THAT(files->lock("LOCK"), FailsWith(ErrorCode::failed_precondition));
}

TEST(FaultyFiles, AFaultMayCrashTheMachineItself) {
  auto files = FaultyFiles::make(1);
  auto file = created(*files, "a", "x");
  files->set_fault([&](std::string_view operation, const std::string&) -> Status {
    if (operation != "sync") return {};
    files->crash();
    return fail(ErrorCode::unavailable, "down");
  });
  EXPECT_FALSE(file->sync());
  EXPECT_THAT(file->append("y"), FailsWith(ErrorCode::failed_precondition));
}

TEST(FaultyFiles, BitsFlipForEveryone) {
  auto files = FaultyFiles::make(1);
  write_durably(*files, "a", "AAA");
  auto reader = files->open("a");
  ASSERT_THAT(reader, Succeeds());
  EXPECT_THAT(files->flip_bit("a", 8 + 1), Succeeds());
  std::string out;
  EXPECT_THAT((*reader)->read(0, 3, out), Succeeds());
  EXPECT_EQ(out, "ACA");
  EXPECT_THAT(files->flip_bit("a", 24), FailsWith(ErrorCode::out_of_range));
  EXPECT_THAT(files->flip_bit("none", 0), FailsWith(ErrorCode::not_found));
  files->crash();
  EXPECT_EQ(content(*files, "a"), "ACA");
}

TEST(FaultyFiles, TheDiskFillsAndIsFreed) {
  auto files = FaultyFiles::make(1);
  files->set_free_bytes(10);
  auto first = created(*files, "a", "123456");
  EXPECT_EQ(files->free_bytes(".").value(), 4u);
  EXPECT_THAT(first->append("789012"), FailsWith(ErrorCode::resource_exhausted));
  EXPECT_EQ(content(*files, "a"), "1234567890");
  EXPECT_EQ(files->free_bytes(".").value(), 0u);
  EXPECT_THAT(files->replace("b", "x"), FailsWith(ErrorCode::resource_exhausted));

  EXPECT_THAT(files->truncate("a", 8), Succeeds());
  EXPECT_THAT(files->replace("b", "x"), Succeeds());
  EXPECT_THAT(files->replace("b", "y"), Succeeds());
  EXPECT_EQ(files->free_bytes(".").value(), 1u);
  EXPECT_THAT(files->sync_folder("."), Succeeds());
  files->crash();
  EXPECT_EQ(files->free_bytes(".").value(), 1u);
  EXPECT_THAT(files->remove("a"), Succeeds());
  EXPECT_EQ(files->free_bytes(".").value(), 9u);
}

TEST(FaultyFiles, WhatACrashTakesIsFreeAgain) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    auto files = FaultyFiles::make(seed);
    files->set_free_bytes(100);
    auto kept = created(*files, "a", std::string(30, 'a'));
    ASSERT_THAT(files->sync_folder("."), Succeeds());
    auto lost = created(*files, "b", std::string(50, 'b'));
    files->crash();
    uint64_t used = 0;
    const auto names = files->list(".").value();
    for (const std::string& name : names) used += content(*files, name).size();
    ASSERT_EQ(files->free_bytes(".").value(), 100 - used) << "seed " << seed;
  }
}

TEST(FaultyFiles, TheSameSeedDoesTheSame) {
  auto run = [](uint64_t seed) {
    auto files = FaultyFiles::make(seed);
    std::string found;
    for (int round = 0; round < 20; ++round) {
      const std::string name = std::to_string(round);
      created(*files, name, "some bytes that are not synced");
      if (round % 3 == 0) {
        EXPECT_THAT(files->sync_folder("."), Succeeds());
      }
      if (round % 4 == 3) files->crash();
    }
    const std::vector<std::string> names = files->list(".").value();
    for (const std::string& name : names) found += name + "=" + content(*files, name) + "\n";
    return found;
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

TEST(FaultyFiles, BrokenByOneThreadWhileOthersWrite) {
  auto files = FaultyFiles::make(1);
  std::atomic<int> crashes = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      // Every answer is allowed here; the sanitizers look on.
      while (crashes < 50) (void)files->replace(std::to_string(t), "content");
    });
  }
  for (int i = 0; i < 50; ++i) {
    files->set_fault(i % 2 ? failing("rename") : FaultyFiles::Fault());
    files->crash();
    ++crashes;
  }
  threads.clear();
  files->set_fault(nullptr);
  EXPECT_THAT(files->replace("0", "at last"), Succeeds());
  EXPECT_EQ(content(*files, "0"), "at last");
}

}  // namespace
}  // namespace clew::env
