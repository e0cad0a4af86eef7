#include "store/block/text_numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/counters.h"
#include "column/dictionary.h"

namespace clew::store {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Ne;

std::unique_ptr<ValueList> list_of(const std::vector<std::string>& texts) {
  std::string bytes;
  ByteWriter writer(bytes);
  for (const std::string& text : texts) {
    writer.fixed(static_cast<uint32_t>(text.size()));
    writer.raw(text);
  }
  parquet::OpenPage page;
  page.total_bytes = bytes.size();
  page.payload = bytes;
  return *ValueList::make(LeafKind::text, bytes, std::move(page), 0, texts.size());
}

std::vector<std::string> texts(uint32_t begin, uint32_t end) {
  std::vector<std::string> out;
  for (uint32_t i = begin; i < end; ++i) out.push_back("text " + std::to_string(i));
  return out;
}

TEST(TextNumbers, EqualTextsHaveEqualNumbers) {
  TextNumbers numbers;
  auto first = numbers.number(*list_of({"a", "", "b"}));
  auto second = numbers.number(*list_of({"b", "c", "a", ""}));
  EXPECT_EQ(first->numbering, second->numbering);
  EXPECT_NE(first->numbering, 0U);
  EXPECT_THAT(first->numbers, Each(Ne(kNoCode)));
  EXPECT_THAT(second->numbers, ElementsAre(first->numbers[2], 3U, first->numbers[0], first->numbers[1]));
}

TEST(TextNumbers, BeyondTheLimitThereAreNone) {
  for (bool by_bytes : {false, true}) {
    TextNumbers numbers(by_bytes ? 1 << 20 : 100, by_bytes ? 1000 : 1 << 20);
    auto all = numbers.number(*list_of(texts(0, 10'000)));
    EXPECT_NE(all->numbers.front(), kNoCode);
    EXPECT_EQ(all->numbers.back(), kNoCode);
    // Others that are not met again change nothing: nobody would use their numbers.
    auto others = numbers.number(*list_of(texts(20'000, 20'100)));
    EXPECT_EQ(others->numbering, all->numbering);
    EXPECT_THAT(others->numbers, Each(kNoCode));
  }
}

TEST(TextNumbers, WhenTheyAreOfUseAndFullTheyBeginAnew) {
  Counter& numberings =
      counter("clew_store_text_numberings_total", "Times that the numbers of texts were full and given anew.");
  const int64_t before = numberings.value();
  TextNumbers numbers(100);
  auto old = numbers.number(*list_of(texts(0, 100)));
  EXPECT_EQ(numbers.number(*list_of(texts(0, 100)))->numbers, old->numbers);
  EXPECT_EQ(numbers.numbering(), old->numbering);
  auto anew = numbers.number(*list_of(texts(50, 150)));
  EXPECT_NE(anew->numbering, old->numbering);
  EXPECT_EQ(numbers.numbering(), anew->numbering);
  EXPECT_THAT(anew->numbers, Each(Ne(kNoCode)));
  EXPECT_EQ(numberings.value() - before, 1);
}

}  // namespace
}  // namespace clew::store
