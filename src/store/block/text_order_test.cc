#include "store/block/text_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/mix.h"

namespace clew::store {
namespace {

template <typename T>
void expect_distinct(const DistinctOrder& order, const std::vector<T>& values) {
  const std::set<T> distinct(values.begin(), values.end());
  const std::vector<T> expected(distinct.begin(), distinct.end());
  ASSERT_EQ(order.firsts().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(values[order.firsts()[i]], expected[i]) << i;
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(expected[order.places()[i]], values[i]) << i;
}

void expect_sorted(const std::vector<std::string>& texts) {
  DistinctOrder order;
  std::vector<std::string_view> views(texts.begin(), texts.end());
  order.order_texts(views);
  expect_distinct(order, texts);
  // Some that are not used, behind something that does not count.
  std::vector<std::string> with_head(texts.size() * 2);
  std::vector<uint8_t> used(texts.size() * 2);
  for (size_t i = 0; i < texts.size(); ++i) {
    with_head[2 * i] = std::to_string(mix64(i) % 10) + texts[i];
    with_head[2 * i + 1] = "0not used";
    used[2 * i] = 1;
  }
  views.assign(with_head.begin(), with_head.end());
  order.order_texts(views, 1, used);
  const std::set<std::string> distinct(texts.begin(), texts.end());
  const std::vector<std::string> expected(distinct.begin(), distinct.end());
  ASSERT_EQ(order.firsts().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(views[order.firsts()[i]].substr(1), expected[i]) << i;
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(expected[order.places()[2 * i]], texts[i]) << i;
}

TEST(TextOrder, SortsByBytes) {
  const std::string zero(1, '\0');
  const std::vector<std::vector<std::string>> cases = {
      {},
      {""},
      {"", "", ""},
      {"b", "a", "b", "a", "", "ab"},
      {"a", "a" + zero, "a" + zero + zero, "a" + std::string(9, '\0'), "a"},
      {"12345678", "1234567", "123456789", "12345678" + zero, "12345678", "1234567" + zero},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x7f", "\x80", "\xff", "~"},
      {"same begin, longer than a word: 2", "same begin, longer than a word: 1",
       "same begin, longer than a word: ", "same begin, longer than a word: 10", "same begin, longer than a word: 9"},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    expect_sorted(cases[i]);
  }
}

// Few letters, so that texts of all lengths begin alike, and some are there twice.
TEST(TextOrder, AgreesWithASetOnRandomTexts) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<std::string> texts(mix64(seed, 0) % 300);
    for (size_t i = 0; i < texts.size(); ++i) {
      const uint64_t random = mix64(seed, i + 1);
      texts[i].assign(random % 3 * 11, 'x');
      for (uint64_t at = 0; at < (random >> 8) % 20; ++at) {
        texts[i].push_back("\0ab\xff"[mix64(random, at) % (1 + seed % 4)]);
      }
    }
    SCOPED_TRACE(seed);
    expect_sorted(texts);
  }
}

// More than are sorted by comparison, of all bytes and lengths, many of them there twice.
TEST(TextOrder, AgreesWithASetOnManyTexts) {
  for (uint64_t alphabet : {2, 11, 256}) {
    std::vector<std::string> texts(5000);
    for (size_t i = 0; i < texts.size(); ++i) {
      const uint64_t number = mix64(alphabet, i) % 3000;
      const uint64_t random = mix64(alphabet, number);
      texts[i] = random % 4 == 0 ? "10." : "";
      for (uint64_t at = 0; at < random % 40; ++at) texts[i].push_back(static_cast<char>(mix64(random, at) % alphabet));
    }
    SCOPED_TRACE(alphabet);
    expect_sorted(texts);
  }
}

TEST(TextOrder, SortsNumbers) {
  for (uint64_t bits : {1, 9, 16, 63, 64}) {
    for (size_t count : {0, 1, 100, 3000}) {
      std::vector<uint64_t> numbers;
      for (size_t i = 0; i < count; ++i) numbers.push_back(mix64(bits, i % 2000) >> (64 - bits));
      std::vector<std::string_view> views;
      for (const uint64_t& number : numbers) views.emplace_back(reinterpret_cast<const char*>(&number), sizeof number);
      SCOPED_TRACE(bits);
      DistinctOrder order;
      order.order_numbers(views);
      expect_distinct(order, numbers);
    }
  }
}

}  // namespace
}  // namespace clew::store
