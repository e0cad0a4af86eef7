#include "column/chunked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

namespace clew {
namespace {

TEST(ChunkedVector, KeepsOrderAndAddressesOverManyChunks) {
  ChunkedVector<uint32_t, 4> all;
  std::vector<const uint32_t*> addresses;
  for (uint32_t i = 0; i < 1000; ++i) {
    all.append(i * 3);
    addresses.push_back(&all[i]);
  }
  EXPECT_EQ(all.size(), 0) << "nothing is published yet";
  EXPECT_EQ(all.pending_size(), 1000);
  all.publish();
  EXPECT_EQ(all.size(), 1000);
  for (uint32_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(all[i], i * 3);
    ASSERT_EQ(&all[i], addresses[i]);
  }
}

TEST(ChunkedVector, PiecesCoverARange) {
  ChunkedVector<uint32_t, 4> all;
  std::vector<uint32_t> values(500);
  std::iota(values.begin(), values.end(), 0);
  all.append(std::span<const uint32_t>(values));
  all.publish();
  for (uint32_t begin : {0U, 3U, 4U, 100U, 499U}) {
    std::vector<uint32_t> got;
    while (begin + got.size() < 500) {
      auto piece = all.piece(begin + static_cast<uint32_t>(got.size()), 500);
      ASSERT_FALSE(piece.empty());
      got.insert(got.end(), piece.begin(), piece.end());
    }
    EXPECT_TRUE(std::equal(got.begin(), got.end(), values.begin() + begin));
  }
}

TEST(ChunkedVector, WhatIsAppendedTogetherLiesTogether) {
  ChunkedVector<uint32_t, 4> all;
  std::vector<std::pair<uint32_t, std::vector<uint32_t>>> runs;
  uint32_t next = 0;
  // Among them runs longer than the chunk that would be next, and than the one after that.
  for (size_t length : {3, 2, 60, 1, 7, 4, 1000, 5, 0, 31, 33}) {
    std::vector<uint32_t> run(length);
    std::iota(run.begin(), run.end(), next);
    next += static_cast<uint32_t>(length);
    runs.emplace_back(all.append_together(run), run);
  }
  all.publish();
  for (const auto& [first, run] : runs) {
    if (run.empty()) continue;
    auto piece = all.piece(first, first + static_cast<uint32_t>(run.size()));
    EXPECT_THAT(piece, testing::ElementsAreArray(run));
  }
}

TEST(ChunkedVector, ReadersSeeWhatIsPublished) {
  ChunkedVector<uint64_t, 4> all;
  constexpr uint32_t kEnd = 200'000;
  auto value_of = [](uint32_t i) { return uint64_t{i} * 0x9e3779b97f4a7c15ULL; };
  std::vector<std::thread> readers;
  std::atomic<uint32_t> wrong{0};
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      for (uint32_t seen = 0; seen < kEnd;) {
        uint32_t size = all.size();
        if (size < seen) wrong.fetch_add(1);
        for (uint32_t i = seen; i < size; ++i) {
          if (all[i] != value_of(i)) wrong.fetch_add(1);
        }
        seen = size;
      }
    });
  }
  for (uint32_t i = 0; i < kEnd; ++i) {
    all.append(value_of(i));
    if (i % 7 == 0) all.publish();
  }
  all.publish();
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace clew
