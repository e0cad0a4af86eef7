#include "store/block/text_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/mix.h"
#include "store/parquet/plain.h"

namespace clew::store {
namespace {

std::string plain(const std::vector<std::string>& texts, std::vector<size_t>* begins) {
  std::string out;
  for (const std::string& text : texts) {
    if (begins != nullptr) begins->push_back(out.size());
    parquet::append_plain_bytes(out, text);
  }
  return out;
}

void expect_sorted(const std::vector<std::string>& texts) {
  std::vector<size_t> begins;
  const std::string entries = plain(texts, &begins);
  const SortedEntries sorted = sort_entries(entries, begins);
  const std::set<std::string> distinct(texts.begin(), texts.end());
  const std::vector<std::string> expected(distinct.begin(), distinct.end());
  EXPECT_EQ(sorted.bytes, plain(expected, nullptr));
  ASSERT_EQ(sorted.count, expected.size());
  ASSERT_EQ(sorted.places.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(expected[sorted.places[i]], texts[i]) << i;
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

}  // namespace
}  // namespace clew::store
