#include "env/process_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

namespace clew::env {
namespace {

TEST(ProcessMemoryTest, WhatIsTouchedIsCounted) {
  constexpr size_t kBytes = size_t{256} << 20;
  uint64_t before = anonymous_bytes();
  ASSERT_GT(before, 0U);
  auto block = std::make_unique<char[]>(kBytes);
  std::memset(block.get(), 1, kBytes);
  uint64_t during = anonymous_bytes();
  EXPECT_GE(during, before + kBytes / 2);
  EXPECT_EQ(block[kBytes / 2], 1);
}

}  // namespace
}  // namespace clew::env
