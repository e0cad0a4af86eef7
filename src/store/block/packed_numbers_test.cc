#include "store/block/packed_numbers.h"

#include <gtest/gtest.h>

#include <random>

namespace clew::store {
namespace {

// Every width on both sides of every word boundary, alone and beside other widths.
TEST(PackedNumbersTest, EachNumberIsReadAsItWasPut) {
  std::mt19937_64 random(11);
  for (size_t count : {0, 1, 127, 128, 129, 700}) {
    for (int width = 0; width <= 64; ++width) {
      std::vector<uint64_t> numbers;
      const uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
      const uint64_t base = random();
      for (size_t i = 0; i < count; ++i) {
        const bool wide = i / PackedNumbers::kRun % 2 == 1;
        numbers.push_back(wide ? random() : base + (random() & mask));
      }
      PackedNumbers packed(numbers);
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(packed[i], numbers[i]) << width << " bits, number " << i;
    }
  }
}

TEST(PackedNumbersTest, NumbersThatAreCloseTakeFewBytes) {
  std::vector<uint64_t> numbers;
  for (uint64_t i = 0; i < 12'800; ++i) numbers.push_back(1'700'000'000'000'000'000 + i * 7);
  EXPECT_LE(PackedNumbers(numbers).bytes(), 12'800 * 2);
}

}  // namespace
}  // namespace clew::store
