#include "store/block/read_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace clew::store {
namespace {

struct Piece {
  std::string text;
  size_t bytes() const { return text.size(); }
};

constexpr size_t kPieceBytes = 10'000;

class ReadCacheTest : public testing::Test {
 protected:
  // The piece, and whether it had to be made.
  bool get(ReadCache& cache, uint32_t part, uint64_t block = 1) {
    bool made = false;
    auto piece = cache.get<Piece>({block, CachedKind::leaf_page, 0, part}, [&]() -> Result<std::unique_ptr<Piece>> {
      made = true;
      return std::make_unique<Piece>(std::string(kPieceBytes, static_cast<char>('a' + part % 26)));
    });
    EXPECT_EQ((*piece)->text[0], static_cast<char>('a' + part % 26));
    return made;
  }
};

TEST_F(ReadCacheTest, KeepsWhatFitsAndNoMore) {
  ReadCache cache(5 * kPieceBytes);
  for (uint32_t part = 0; part < 20; ++part) {
    EXPECT_TRUE(get(cache, part));
    EXPECT_LE(cache.bytes(), 5 * kPieceBytes);
  }
  EXPECT_FALSE(get(cache, 19));
  EXPECT_TRUE(get(cache, 0));
}

TEST_F(ReadCacheTest, AScanDoesNotDriveOutWhatIsUsedAgain) {
  ReadCache cache(10 * kPieceBytes);
  get(cache, 0);
  for (uint32_t part = 1; part < 200; ++part) {
    get(cache, part);
    EXPECT_FALSE(get(cache, 0)) << part;
  }
}

TEST_F(ReadCacheTest, WhatIsHeldOutlivesItsEviction) {
  ReadCache cache(2 * kPieceBytes);
  auto held = cache.get<Piece>({1, CachedKind::leaf_page, 0, 0},
                               [] { return Result<std::unique_ptr<Piece>>(std::make_unique<Piece>("kept")); });
  for (uint32_t part = 1; part < 10; ++part) get(cache, part);
  cache.set_limit_bytes(0);
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ((*held)->text, "kept");
}

TEST_F(ReadCacheTest, WhatIsAloneAboveTheLimitIsServedAndNotKept) {
  ReadCache cache(kPieceBytes / 2);
  EXPECT_TRUE(get(cache, 0));
  EXPECT_TRUE(get(cache, 0));
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST_F(ReadCacheTest, AFailureIsNotKept) {
  ReadCache cache;
  ReadCache::Key key{1, CachedKind::filter, 0, 0};
  auto failed = cache.get<Piece>(key, []() -> Result<std::unique_ptr<Piece>> { return corrupt("bad"); });
  ASSERT_FALSE(failed);
  auto second = cache.get<Piece>(key, [] { return Result<std::unique_ptr<Piece>>(std::make_unique<Piece>("good")); });
  EXPECT_EQ((*second)->text, "good");
}

TEST_F(ReadCacheTest, ABlockThatGoesTakesItsPartsWithIt) {
  ReadCache cache;
  get(cache, 0, 1);
  get(cache, 0, 2);
  cache.forget(1);
  EXPECT_TRUE(get(cache, 0, 1));
  EXPECT_FALSE(get(cache, 0, 2));
}

TEST_F(ReadCacheTest, ServesManyThreads) {
  ReadCache cache(5 * kPieceBytes);
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint32_t i = 0; i < 500; ++i) get(cache, (i * (thread + 1)) % 13);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.bytes(), 5 * kPieceBytes);
}

}  // namespace
}  // namespace clew::store
