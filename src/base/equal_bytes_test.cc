#include "base/equal_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace clew {
namespace {

TEST(EqualBytes, SeesADifferenceAtEveryPlaceOfEverySize) {
  for (size_t size = 0; size <= 200; ++size) {
    std::string text(size, 'a');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
    std::string other = text;
    EXPECT_TRUE(equal_bytes(text.data(), other.data(), size)) << size;
    for (size_t at = 0; at < size; ++at) {
      other[at] ^= 1;
      EXPECT_FALSE(equal_bytes(text.data(), other.data(), size)) << size << " at " << at;
      other[at] ^= 1;
    }
  }
}

TEST(EqualBytes, ReadsNothingBeyondTheirEnd) {
  for (size_t size = 0; size <= 80; ++size) {
    std::string text = std::string(size, 'x') + "1";
    std::string other = std::string(size, 'x') + "2";
    EXPECT_TRUE(equal_bytes(text.data(), other.data(), size)) << size;
  }
}

}  // namespace
}  // namespace clew
