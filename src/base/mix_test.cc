#include "base/mix.h"

#include <gtest/gtest.h>

namespace clew {
namespace {

// SplitMix64 from seed 0: its first outputs, as published with the generator. These values are on disks.
TEST(Mix, TheValuesAreFixedForEver) {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15ULL;
  EXPECT_EQ(mix64(kStep), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(mix64(2 * kStep), 0x6e789e6aa1b965f4ULL);
  EXPECT_EQ(mix64(3 * kStep), 0x06c45d188009454fULL);
  EXPECT_EQ(mix64(0, 0), 0xe220a8397b1dcdafULL);
  EXPECT_NE(mix64(1, 2), mix64(2, 1));
}

}  // namespace
}  // namespace clew
