#include "store/number_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace clew::store {
namespace {

TEST(NumberSetTest, AnswersAsASetDoesAndKeepsRuns) {
  std::mt19937_64 random(1);
  NumberSet set;
  std::set<uint64_t> model;
  for (int i = 0; i < 5000; ++i) {
    uint64_t number = random() % 1000;
    ASSERT_EQ(set.insert(number), model.insert(number).second) << number;
    if (i % 97 != 0) continue;
    size_t runs = 0;
    for (uint64_t one : model) runs += model.contains(one + 1) ? 0 : 1;
    ASSERT_EQ(set.runs(), runs);
  }
}

}  // namespace
}  // namespace clew::store
