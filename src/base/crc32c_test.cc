#include "base/crc32c.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <random>
#include <string>

namespace clew {
namespace {

// Bit by bit, from the definition: reflected polynomial 0x82f63b78.
uint32_t crc32c_by_definition(std::string_view bytes) {
  uint32_t crc = 0xffffffffU;
  for (char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78U : crc >> 1;
  }
  return ~crc;
}

// RFC 3720, appendix B.4.
TEST(Crc32c, KnownVectors) {
  std::string up;
  std::string down;
  for (int i = 0; i < 32; ++i) {
    up.push_back(static_cast<char>(i));
    down.push_back(static_cast<char>(31 - i));
  }
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(up), 0x46dd794eU);
  EXPECT_EQ(crc32c(down), 0x113fdb5cU);
}

TEST(Crc32c, AgreesWithTheDefinitionAtEveryLengthAndAlignment) {
  std::mt19937 random(3);
  std::string bytes(5000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (size_t length : {1, 7, 8, 63, 64, 65, 511, 512, 1024, 3072, 4096, 4900}) {
    for (size_t from = 0; from < 9; ++from) {
      std::string_view piece = std::string_view(bytes).substr(from, length);
      ASSERT_EQ(crc32c(piece), crc32c_by_definition(piece)) << from << "+" << length;
    }
  }
}

// a * b over GF(2) modulo the polynomial, reflected.
uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (; a != 0; a <<= 1) {
    if (a & 0x80000000U) product ^= b;
    b = b & 1 ? b >> 1 ^ 0x82f63b78U : b >> 1;
  }
  return product;
}

// The register after `count` zero bytes is the register times x^(8 count).
uint32_t crc32c_of_zeros(uint64_t count) {
  uint32_t power = 0x00800000U;  // x^8
  uint32_t crc = 0xffffffffU;
  for (; count > 0; count >>= 1) {
    if (count & 1) crc = multiply(crc, power);
    power = multiply(power, power);
  }
  return ~crc;
}

TEST(Crc32c, InputsLongerThanOnePieceOfTheLibrary) {
  ASSERT_EQ(crc32c_of_zeros(32), 0x8a9136aaU);
  constexpr size_t kSize = (size_t{1} << 30) + 12345;
  // Never written, so it is one page of zeros that costs no memory.
  void* zeros = mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(zeros, MAP_FAILED);
  EXPECT_EQ(crc32c({static_cast<const char*>(zeros), kSize}), crc32c_of_zeros(kSize));
  munmap(zeros, kSize);
}

}  // namespace
}  // namespace clew
