#include "store/block/narrow_numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "column/dictionary.h"

namespace clew::store {
namespace {

template <typename T>
std::vector<T> all_of(const NarrowNumbers<T>& narrow) {
  std::vector<T> out(narrow.size());
  narrow.copy(0, out.size(), out.data());
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(narrow[i], out[i]) << i;
  return out;
}

TEST(NarrowNumbers, CodesComeBackAtTheBytesTheyDifferBy) {
  struct Case {
    std::vector<uint32_t> codes;
    size_t bytes_each;
  };
  const Case cases[] = {
      {{}, 0},
      {{7}, 0},
      {{7, 7, 7}, 0},
      {{kNoCode, kNoCode}, 0},
      {{7, kNoCode}, 1},
      {{0, 254}, 1},
      {{1000, 1254, kNoCode}, 1},
      {{0, 255}, 2},
      {{0, 255, kNoCode}, 2},
      {{1, 65535, kNoCode}, 2},
      {{0, 65535}, 4},
      {{0, 0x7fffffffU, kNoCode}, 4},
      {{0, 0xfffffffeU, kNoCode}, 4},
  };
  for (const Case& c : cases) {
    NarrowCodes narrow{std::span<const uint32_t>(c.codes)};
    EXPECT_EQ(all_of(narrow), c.codes);
    EXPECT_EQ(narrow.bytes(), c.codes.size() * c.bytes_each) << testing::PrintToString(c.codes);
    EXPECT_TRUE(is_equal(c.codes, narrow));
  }
}

TEST(NarrowNumbers, NumbersComeBackAtTheBytesTheyDifferBy) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  struct Case {
    std::vector<int64_t> numbers;
    size_t bytes_each;
  };
  const Case cases[] = {
      {{}, 0},          {{-5, -5}, 0},        {{-5, 250}, 1},  {{-5, 251}, 2},      {{kMost, kMost - 65535}, 2},
      {{kLeast, 0}, 8}, {{kLeast, kMost}, 8}, {{0, 65536}, 4}, {{0, 1LL << 32}, 8}, {{0, (1LL << 32) - 1}, 4},
  };
  for (const Case& c : cases) {
    NarrowNumbers<int64_t> narrow{std::span<const int64_t>(c.numbers)};
    EXPECT_EQ(all_of(narrow), c.numbers);
    EXPECT_EQ(narrow.bytes(), c.numbers.size() * c.bytes_each) << testing::PrintToString(c.numbers);
  }
}

TEST(NarrowNumbers, WhatIsNotThereTakesNoRoom) {
  std::vector<int64_t> numbers(100, 0);
  std::vector<uint64_t> present(2, 0);
  for (size_t at : {3U, 64U, 99U}) {
    numbers[at] = (int64_t{1} << 40) + static_cast<int64_t>(at);
    present[at / 64] |= uint64_t{1} << at % 64;
  }
  NarrowNumbers<int64_t> narrow(numbers, present);
  EXPECT_EQ(narrow.bytes(), numbers.size());
  for (size_t at : {3U, 64U, 99U}) EXPECT_EQ(narrow[at], numbers[at]);
}

// As of a page of codes, which say themselves what is there.
TEST(NarrowNumbers, OfNoNumbersNoneIsThere) {
  const std::vector<uint64_t> present(2, 5);
  EXPECT_TRUE(NarrowNumbers<int64_t>({}, present).empty());
}

TEST(NarrowNumbers, AnyRunIsCopied) {
  std::mt19937 random(7);
  for (uint32_t range : {3U, 300U, 100'000U}) {
    std::vector<uint32_t> codes(1000);
    for (uint32_t& code : codes) code = random() % 10 == 0 ? kNoCode : 77 + static_cast<uint32_t>(random() % range);
    NarrowCodes narrow{std::span<const uint32_t>(codes)};
    for (int i = 0; i < 100; ++i) {
      size_t from = random() % codes.size();
      size_t count = random() % (codes.size() - from + 1);
      std::vector<uint32_t> out(count + 1, 12345);
      narrow.copy(from, count, out.data());
      EXPECT_EQ(out.back(), 12345U);
      out.pop_back();
      EXPECT_TRUE(std::equal(out.begin(), out.end(), codes.begin() + static_cast<ptrdiff_t>(from)));
    }
  }
}

TEST(NarrowNumbers, EqualOnlyWhenAllAre) {
  const std::vector<uint32_t> codes{1, 2, kNoCode};
  NarrowCodes narrow{std::span<const uint32_t>(codes)};
  EXPECT_EQ(narrow, NarrowCodes(std::span<const uint32_t>(codes)));
  for (std::vector<uint32_t> other : {std::vector<uint32_t>{1, 2}, {1, 2, 2}, {2, 3, kNoCode}}) {
    EXPECT_NE(narrow, NarrowCodes(std::span<const uint32_t>(other)));
    EXPECT_FALSE(is_equal(other, narrow));
  }
}

}  // namespace
}  // namespace clew::store
