#include "ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

namespace clew {
namespace detail {
namespace {

struct RingTest : testing::Test {
  void make(size_t bytes) { ring = Ring::create(bytes); }
  ~RingTest() override { ring->destroy(); }

  bool put(uint32_t bytes, uint32_t content) {
    char* const at = ring->reserve(bytes);
    if (at == nullptr) return false;
    std::memcpy(at, &bytes, sizeof bytes);
    for (uint32_t i = sizeof bytes; i < bytes; i += sizeof content) std::memcpy(at + i, &content, sizeof content);
    ring->publish();
    return true;
  }
  // The contents of up to `most` records; a torn one is a failure.
  std::vector<uint32_t> take(size_t most = SIZE_MAX) {
    std::vector<uint32_t> contents;
    if (most == 0) return contents;
    ring->drain([&](const char* at) {
      uint32_t bytes, content, word;
      std::memcpy(&bytes, at, sizeof bytes);
      std::memcpy(&content, at + sizeof bytes, sizeof content);
      for (uint32_t i = sizeof bytes; i < bytes; i += sizeof word) {
        std::memcpy(&word, at + i, sizeof word);
        EXPECT_EQ(word, content);
      }
      contents.push_back(content);
      return contents.size() < most;
    });
    return contents;
  }

  Ring* ring = nullptr;
};

TEST_F(RingTest, FillsToTheLastByteAndNotBeyond) {
  make(4096);
  for (uint32_t i = 0; i < 64; ++i) ASSERT_TRUE(put(64, i));
  EXPECT_FALSE(put(8, 0));
  EXPECT_EQ(take(1), std::vector<uint32_t>{0});
  EXPECT_TRUE(put(64, 64));
  EXPECT_FALSE(put(8, 0));
  EXPECT_EQ(take().size(), 64u);
  EXPECT_TRUE(ring->empty());
}

TEST_F(RingTest, ARecordNeverWraps) {
  make(4096);
  ASSERT_TRUE(put(4000, 1));
  EXPECT_FALSE(put(104, 2));  // 96 bytes at the end, and nothing at the beginning yet
  EXPECT_EQ(take().size(), 1u);
  ASSERT_TRUE(put(104, 2));
  ASSERT_TRUE(put(3896, 3));
  EXPECT_FALSE(put(8, 4));  // 96 of 4096 are padding
  EXPECT_EQ(take(), (std::vector<uint32_t>{2, 3}));
}

TEST_F(RingTest, AsksToBeLookedAfterOnceWhenWatchedAndWhenMoreThanHalfFull) {
  make(4096);
  const auto asks = [&](uint32_t bytes) {
    char* const at = ring->reserve(bytes);
    std::memcpy(at, &bytes, sizeof bytes);
    return ring->publish();
  };
  EXPECT_TRUE(asks(64));  // new rings are watched
  EXPECT_FALSE(asks(64));
  EXPECT_FALSE(asks(1912));
  EXPECT_TRUE(asks(16));  // 2056
  EXPECT_FALSE(asks(64));
  EXPECT_TRUE(asks(448));  // another eighth
  take();
  EXPECT_FALSE(asks(448));
  ring->watch();
  EXPECT_TRUE(asks(8));
}

TEST_F(RingTest, MarksWhatIsThere) {
  make(4096);
  put(64, 1);
  put(64, 2);
  ring->mark();
  put(64, 3);
  EXPECT_TRUE(ring->before_mark());
  take(1);
  EXPECT_TRUE(ring->before_mark());
  take(1);
  EXPECT_FALSE(ring->before_mark());
  EXPECT_FALSE(ring->empty());
}

TEST_F(RingTest, TwoThreadsLoseNothingAndKeepTheOrder) {
  make(4096);
  constexpr uint32_t kRecords = 200'000;
  std::thread producer([&] {
    std::minstd_rand random(7);
    for (uint32_t i = 0; i < kRecords;) {
      if (put(uint32_t(8 * (2 + random() % 40)), i)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  uint32_t expected = 0;
  while (expected < kRecords) {
    const std::vector<uint32_t> contents = take();
    for (uint32_t content : contents) {
      ASSERT_EQ(content, expected);
      ++expected;
    }
    if (contents.empty()) std::this_thread::yield();
  }
  producer.join();
}

}  // namespace
}  // namespace detail
}  // namespace clew
