#include "base/hex.h"

#include <gtest/gtest.h>

namespace clew {
namespace {

TEST(Hex, EveryByteThereAndBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  std::string text;
  append_hex(text, bytes);
  ASSERT_EQ(text.size(), 512u);
  EXPECT_EQ(text.substr(0, 6), "000102");
  EXPECT_EQ(text.substr(506), "fdfeff");
  for (size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(static_cast<size_t>(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1])), i);
  }
}

TEST(Hex, DigitsOfEitherCaseAndNothingElse) {
  int digits = 0;
  for (int c = -128; c < 128; ++c) digits += hex_digit(static_cast<char>(c)) >= 0;
  EXPECT_EQ(digits, 22);
  EXPECT_EQ(hex_digit('F'), 15);
  EXPECT_EQ(hex_digit('g'), -1);
}

}  // namespace
}  // namespace clew
