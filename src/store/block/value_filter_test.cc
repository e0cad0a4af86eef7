#include "store/block/value_filter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace clew::store {
namespace {

uint64_t hash_of(uint32_t number) {
  return value_hash(fmt::format("value-{}", number));
}

class ValueFilterTest : public testing::TestWithParam<uint32_t> {};

// Pages of unlike numbers of values, and the value 7 in all of them.
TEST_P(ValueFilterTest, FindsThePagesOfAValueAndFewOthers) {
  const uint32_t pages = GetParam();
  constexpr uint32_t kValues = 500;
  auto values_of = [](uint32_t page) { return page % 3 == 2 ? kValues / 10 : kValues; };
  auto builder = ValueFilterBuilder::of_pages(pages, kValues + 1);
  for (uint32_t page = 0; page < pages; ++page) {
    builder.add(page, hash_of(7));
    for (uint32_t i = 0; i < values_of(page); ++i) builder.add(page, hash_of(1000 + page * kValues + i));
  }
  auto filter = ValueFilter::decode(builder.finish(), pages);
  ASSERT_TRUE(filter) << filter.error().message;
  std::vector<uint32_t> found;
  filter->find(hash_of(7), found);
  EXPECT_EQ(found.size(), pages);
  size_t in_vain = 0;
  for (uint32_t page = 0; page < pages; ++page) {
    for (uint32_t i = 0; i < values_of(page); ++i) {
      found.clear();
      filter->find(hash_of(1000 + page * kValues + i), found);
      ASSERT_THAT(found, testing::Contains(page));
      in_vain += found.size() - 1;
    }
    found.clear();
    filter->find(hash_of(10'000'000 + page), found);
    in_vain += found.size();
  }
  EXPECT_LT(in_vain, size_t{pages} * pages * kValues / 50);
}

INSTANTIATE_TEST_SUITE_P(Pages, ValueFilterTest, testing::Values(1, 2, 13, 31, 32, 33, 64, 70));

TEST(ValueFilter, OfADictionaryHidesMostOfWhatIsNotInIt) {
  auto builder = ValueFilterBuilder::of_dictionary(1000);
  for (uint32_t i = 0; i < 1000; ++i) builder.add(0, hash_of(i));
  auto filter = ValueFilter::decode(builder.finish(), 1);
  ASSERT_TRUE(filter);
  EXPECT_LT(filter->bytes(), 640U);
  std::vector<uint32_t> found;
  for (uint32_t i = 1000; i < 2000; ++i) filter->find(hash_of(i), found);
  EXPECT_LT(found.size(), 150U);
}

TEST(ValueFilter, WhatIsNoFilterIsCorruption) {
  std::string whole = ValueFilterBuilder::of_pages(3, 10).finish();
  for (const auto& [raw, pages] : std::vector<std::pair<std::string, uint32_t>>{{"", 3},
                                                                                {whole, 2},
                                                                                {whole.substr(0, whole.size() - 1), 3},
                                                                                {whole + "x", 3},
                                                                                {std::string("\3\0\1", 3), 3}}) {
    auto filter = ValueFilter::decode(raw, pages);
    ASSERT_FALSE(filter);
    EXPECT_EQ(filter.error().code, ErrorCode::corruption);
  }
}

// Reaches the disk: never changes.
TEST(ValueFilter, TheHashIsTheSameForEver) {
  EXPECT_EQ(value_hash(""), 0ULL);
  EXPECT_EQ(value_hash("GET /"), 16718458473937244983ULL);
  EXPECT_EQ(value_hash("exactly sixteen!"), 9171888724674975764ULL);
}

}  // namespace
}  // namespace clew::store
