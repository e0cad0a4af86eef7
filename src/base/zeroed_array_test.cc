#include "base/zeroed_array.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <numeric>

namespace clew {
namespace {

// Around the sizes from which on an array is made of huge pages.
TEST(ZeroedArray, IsZeroAndWritableAtEverySize) {
  constexpr size_t kHuge = (size_t{2} << 20) / sizeof(uint64_t);
  for (size_t size : {size_t{1}, size_t{1000}, kHuge - 1, kHuge, kHuge + 1, 3 * kHuge, 4 * kHuge}) {
    ZeroedArray<uint64_t> array(size);
    ASSERT_EQ(array.size(), size);
    EXPECT_EQ(std::accumulate(array.begin(), array.end(), uint64_t{0}), 0) << size;
    std::iota(array.begin(), array.end(), uint64_t{1});
    EXPECT_EQ(array[0], 1);
    EXPECT_EQ(array[size - 1], size);
  }
}

TEST(ZeroedArray, Moves) {
  ZeroedArray<std::atomic<uint64_t>> empty;
  EXPECT_TRUE(empty.empty());
  ZeroedArray<std::atomic<uint64_t>> array(10);
  array[3].store(7);
  ZeroedArray<std::atomic<uint64_t>> taken = std::move(array);
  EXPECT_EQ(taken[3].load(), 7);
  EXPECT_EQ(taken.size(), 10);
  empty = std::move(taken);
  EXPECT_EQ(empty[3].load(), 7);
}

}  // namespace
}  // namespace clew
