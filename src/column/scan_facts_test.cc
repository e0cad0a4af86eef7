#include "column/scan_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/nested.h"

namespace clew {
namespace {

TEST(CodeRange, LacksNoCode) {
  for (const auto& codes : std::vector<std::vector<uint32_t>>{
           {}, {kNoCode}, {7}, {0, kNoCode, 63, 64}, {1000, 1001, 1500}, {5, 5, 5, 70000}}) {
    CodeRange range = CodeRange::of(codes);
    for (uint32_t code : codes) EXPECT_EQ(range.may_contain(code), code != kNoCode);
    EXPECT_FALSE(range.may_contain(2000));
    EXPECT_FALSE(range.may_contain(6));
  }
}

TEST(ScanFacts, AreKeptByColumnAndPage) {
  ScanFacts facts;
  EXPECT_FALSE(facts.codes(3, 0));
  EXPECT_FALSE(facts.numbers(3, 0));
  const uint32_t codes[] = {4, 9};
  const int64_t numbers[] = {5, -2, 7};
  facts.set_codes(3, 2, codes);
  facts.set_numbers(3, 2, numbers);
  EXPECT_FALSE(facts.codes(3, 1));
  EXPECT_FALSE(facts.codes(3, 3));
  EXPECT_FALSE(facts.codes(4, 2));
  EXPECT_EQ(facts.codes(3, 2)->least, 4U);
  EXPECT_EQ(facts.codes(3, 2)->most, 9U);
  EXPECT_EQ(facts.numbers(3, 2), (ScanFacts::NumberRange{-2, 7}));
}

TEST(ScanFacts, FindArraysOfAGrowingDictionary) {
  ScanFacts facts;
  ValueDictionary values;
  NestedBuilder items;
  items.add(ValueView::of_int(1));
  const ValueView array = items.finish(ValueType::array);
  std::vector<uint32_t> found;
  values.intern(ValueView::of_string("a"));
  facts.array_codes(16, values, found);
  EXPECT_TRUE(found.empty());
  uint32_t code = values.intern(array);
  values.intern(ValueView::of_string("b"));
  for (int i = 0; i < 2; ++i) {
    found.clear();
    facts.array_codes(16, values, found);
    EXPECT_THAT(found, testing::ElementsAre(code));
  }
}

}  // namespace
}  // namespace clew
