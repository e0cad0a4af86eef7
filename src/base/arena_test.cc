#include "base/arena.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

namespace clew {
namespace {

TEST(Arena, PiecesNeverMoveAndNeverOverlap) {
  Arena arena;
  std::mt19937 random(1);
  std::vector<std::pair<std::string, std::string_view>> pieces;
  for (size_t i = 0; i < 20'000; ++i) {
    size_t size = i % 500 == 0 ? 5000 + random() % 300'000 : random() % 60;
    pieces.emplace_back(std::string(size, static_cast<char>('a' + i % 26)), std::string_view());
    pieces.back().second = arena.copy(pieces.back().first);
  }
  for (const auto& [text, view] : pieces) ASSERT_EQ(text, view);
}

TEST(Arena, ASmallOwnerStaysSmall) {
  Arena arena;
  EXPECT_EQ(arena.copy("").size(), 0u);
  EXPECT_EQ(arena.allocated_bytes(), 0u);
  EXPECT_EQ(arena.copy("a"), "a");
  EXPECT_EQ(arena.allocated_bytes(), 1024u);
}

TEST(Arena, LongPiecesCostTheirLengthAndWasteNoChunk) {
  Arena arena;
  size_t copied = 0;
  std::string longer(2 << 20, 'x');
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(arena.copy(longer), longer);
    EXPECT_EQ(arena.copy("short"), "short");
    copied += longer.size() + 5;
  }
  EXPECT_LT(arena.allocated_bytes() - copied, size_t{2} << 20);
}

TEST(Arena, WhatIsWastedIsAFractionWhateverTheSize) {
  for (size_t size : {1, 100, 300, 1100, 70'000, 260'000, 300'000}) {
    Arena arena;
    const std::string piece(size, 'y');
    size_t copied = 0;
    while (copied < 16 << 20) {
      arena.copy(piece);
      copied += size;
    }
    EXPECT_LT(static_cast<double>(arena.allocated_bytes()), static_cast<double>(copied) * 1.25 + (1 << 20)) << size;
  }
}

}  // namespace
}  // namespace clew
