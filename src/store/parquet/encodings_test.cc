// Bit packing, RLE, delta and plain values: round trips, known bytes, and damaged input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "store/parquet/bit_packing.h"
#include "store/parquet/delta.h"
#include "store/parquet/plain.h"
#include "store/parquet/rle.h"

namespace clew::parquet {
namespace {

using testing::ElementsAre;

TEST(BitPacking, EveryWidthComesBack) {
  std::mt19937_64 random(1);
  for (int width = 0; width <= 64; ++width) {
    for (size_t count : {0, 1, 7, 8, 9, 63, 64, 65, 200}) {
      std::vector<uint64_t> values(count);
      for (uint64_t& value : values) value = width == 0 ? 0 : random() >> (64 - width);
      std::string packed;
      pack_bits(std::span<const uint64_t>(values), width, packed);
      ASSERT_EQ(packed.size(), packed_bytes(count, width));
      std::vector<uint64_t> back(count);
      ASSERT_TRUE(unpack_bits(packed, width, std::span<uint64_t>(back)));
      ASSERT_EQ(back, values) << "width " << width;
      if (!packed.empty()) {
        packed.pop_back();
        EXPECT_FALSE(unpack_bits(packed, width, std::span<uint64_t>(back)));
      }
    }
  }
}

TEST(BitPacking, BitsForIsTheLeastWidth) {
  EXPECT_EQ(bits_for(0), 0);
  EXPECT_EQ(bits_for(1), 1);
  EXPECT_EQ(bits_for(2), 2);
  EXPECT_EQ(bits_for(255), 8);
  EXPECT_EQ(bits_for(256), 9);
  EXPECT_EQ(bits_for(~uint64_t{0}), 64);
}

std::vector<uint32_t> runs(std::mt19937& random, size_t count, int width) {
  std::vector<uint32_t> out;
  while (out.size() < count) {
    auto value = width == 0 ? 0U : static_cast<uint32_t>(random()) >> (32 - width);
    size_t length = 1 + random() % (random() % 3 == 0 ? 40 : 3);
    out.insert(out.end(), std::min(length, count - out.size()), value);
  }
  return out;
}

TEST(Rle, RandomRunsComeBack) {
  std::mt19937 random(2);
  for (int width = 0; width <= 32; ++width) {
    for (size_t count : {0, 1, 5, 8, 100, 1000}) {
      auto values = runs(random, count, width);
      std::string bytes;
      encode_rle(values, width, bytes);
      std::vector<uint32_t> back(count);
      ASSERT_TRUE(decode_rle(bytes, width, back));
      ASSERT_EQ(back, values) << "width " << width << " count " << count;
    }
  }
}

TEST(Rle, APartIsReadByItself) {
  std::mt19937 random(12);
  for (int width : {0, 1, 3, 8, 13, 32}) {
    auto values = runs(random, 1000, width);
    std::string bytes;
    encode_rle(values, width, bytes);
    for (int i = 0; i < 300; ++i) {
      const size_t skip = random() % values.size();
      std::vector<uint32_t> back(random() % (values.size() - skip + 1));
      ASSERT_TRUE(decode_rle(bytes, width, back, skip));
      ASSERT_TRUE(std::equal(back.begin(), back.end(), values.begin() + static_cast<ptrdiff_t>(skip)))
          << "width " << width << ", " << back.size() << " from " << skip;
    }
    std::vector<uint32_t> beyond(10);
    if (width > 0) {
      EXPECT_FALSE(decode_rle(bytes, width, beyond, 1000));
    }
  }
}

TEST(Rle, KnownBytes) {
  // parquet-format/Encodings.md: 0 … 7 with width 3 is 88 c6 fa, after the head of one group.
  std::string bytes;
  encode_rle(std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6, 7}, 3, bytes);
  EXPECT_EQ(bytes, "\x03\x88\xc6\xfa");
  bytes.clear();
  encode_rle(std::vector<uint32_t>(100, 4), 3, bytes);
  EXPECT_EQ(bytes, "\xc8\x01\x04");
}

// Wherever a run lies, it is found: values that differ around it take their own bits, the run a few bytes.
TEST(Rle, ALongRunIsFoundAnywhere) {
  for (int width : {1, 2, 3, 8, 17, 32}) {
    for (size_t begin = 0; begin < 70; ++begin) {
      constexpr size_t kRun = 200, kAll = 300;
      std::vector<uint32_t> values(kAll);
      for (size_t i = 0; i < kAll; ++i) values[i] = i % 2;
      for (size_t i = begin; i < begin + kRun; ++i) values[i] = 1;
      std::string bytes;
      encode_rle(values, width, bytes);
      // Up to seven values of the run and of the end fill groups; two heads of packed values, one of the run.
      size_t most = packed_bytes(kAll - kRun + 14, width) + 4 + 2 + 4;
      EXPECT_LE(bytes.size(), most) << "width " << width << " begin " << begin;
      std::vector<uint32_t> back(kAll);
      ASSERT_TRUE(decode_rle(bytes, width, back));
      ASSERT_EQ(back, values);
    }
  }
}

TEST(Rle, BitsComeBackFromEveryForm) {
  std::mt19937 random(3);
  for (size_t count : {0, 1, 63, 64, 65, 1000}) {
    auto values = runs(random, count, 1);
    std::vector<uint64_t> bits(count / 64 + 1);
    for (size_t i = 0; i < count; ++i) bits[i / 64] |= uint64_t{values[i]} << i % 64;
    std::string one_run, many_runs;
    encode_rle_bits(bits, count, one_run);
    encode_rle(values, 1, many_runs);
    bits.resize((count + 63) / 64);
    for (const std::string& bytes : {one_run, many_runs}) {
      if (count == 0 && bytes.empty()) continue;
      auto back = decode_rle_bits(bytes, count);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(*back, bits);
    }
  }
}

TEST(Rle, DamageIsCorruptionOrOtherValuesOfTheSameWidth) {
  std::mt19937 random(4);
  auto values = runs(random, 300, 5);
  std::string bytes;
  encode_rle(values, 5, bytes);
  std::vector<uint32_t> back(values.size());
  for (size_t cut = 0; cut + 1 < bytes.size(); ++cut) {
    Status status = decode_rle(bytes.substr(0, cut), 5, back);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::corruption);
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    if (!decode_rle(damaged, 5, back)) continue;
    for (uint32_t value : back) ASSERT_LT(value, 32U);
  }
  EXPECT_FALSE(decode_rle("\x01", 33, back));
  EXPECT_FALSE(decode_rle("\x00\x00", 1, back));                      // a run of none
  EXPECT_FALSE(decode_rle("\x08\x04", 2, std::span(back).first(4)));  // 4 needs three bits
}

std::vector<int64_t> numbers(std::mt19937_64& random, size_t count, int shape) {
  std::vector<int64_t> out;
  int64_t at = 1'700'000'000'000'000'000;
  for (size_t i = 0; i < count; ++i) {
    switch (shape) {
      case 0: out.push_back(static_cast<int64_t>(random())); break;
      case 1: out.push_back(at += static_cast<int64_t>(random() % 5000)); break;
      case 2: out.push_back(7); break;
      default: out.push_back(i % 2 == 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max());
    }
  }
  return out;
}

TEST(Delta, NumbersComeBack) {
  std::mt19937_64 random(5);
  for (int shape = 0; shape < 4; ++shape) {
    for (size_t count : {0, 1, 2, 32, 33, 128, 129, 130, 1000}) {
      auto values = numbers(random, count, shape);
      std::string bytes;
      encode_delta(values, bytes);
      size_t length = bytes.size();
      bytes += "what follows";
      std::vector<int64_t> back(count);
      auto used = decode_delta(bytes, back);
      ASSERT_TRUE(used) << used.error().message;
      EXPECT_EQ(*used, length);
      EXPECT_EQ(back, values) << "shape " << shape << " count " << count;

      for (int64_t& value : values) value = static_cast<int32_t>(value);
      bytes.clear();
      encode_delta32(values, bytes);
      ASSERT_TRUE(decode_delta32(bytes, back));
      EXPECT_EQ(back, values);
    }
  }
}

TEST(Delta, TheFirstNumbersAreReadByThemselves) {
  std::mt19937_64 random(13);
  std::vector<int64_t> values(1000);
  for (int64_t& value : values) value = static_cast<int64_t>(static_cast<int32_t>(random()));
  std::string bytes, bytes32;
  encode_delta(values, bytes);
  encode_delta32(values, bytes32);
  for (size_t count : {0, 1, 2, 128, 129, 500, 1000}) {
    std::vector<int64_t> back(count), back32(count);
    ASSERT_TRUE(decode_delta_begin(bytes, values.size(), back));
    ASSERT_TRUE(decode_delta32_begin(bytes32, values.size(), back32));
    EXPECT_TRUE(std::equal(back.begin(), back.end(), values.begin())) << count;
    EXPECT_EQ(back, back32);
    EXPECT_FALSE(decode_delta_begin(bytes, values.size() + 1, back));
  }
}

TEST(Delta, ConstantStepsTakeAlmostNothing) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < 8192; ++i) values.push_back(i * 1000);
  std::string bytes;
  encode_delta(values, bytes);
  EXPECT_LT(bytes.size(), 500U);
}

TEST(Delta, DamageIsCorruptionOrOtherNumbers) {
  std::mt19937_64 random(6);
  auto values = numbers(random, 300, 1);
  std::string bytes;
  encode_delta(values, bytes);
  std::vector<int64_t> back(values.size());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    auto used = decode_delta(bytes.substr(0, cut), back);
    ASSERT_FALSE(used) << cut;
    EXPECT_EQ(used.error().code, ErrorCode::corruption);
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    auto used = decode_delta(damaged, back);
    EXPECT_LE(used.value_or(0), damaged.size());
  }
  back.pop_back();
  EXPECT_FALSE(decode_delta(bytes, back));  // another number of values
}

TEST(Plain, ValuesMustFillTheirPage) {
  std::string bytes;
  append_plain_bytes(bytes, "GET");
  append_plain_bytes(bytes, "");
  auto read = read_plain_bytes(bytes, 2);
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, ElementsAre("GET", ""));
  EXPECT_FALSE(read_plain_bytes(bytes, 1));
  EXPECT_FALSE(read_plain_bytes(bytes, 3));
  EXPECT_FALSE(read_plain_bytes(bytes, size_t{1} << 40));
  EXPECT_FALSE(read_plain_bytes(std::string("\xff\xff\xff\x7f", 4), 1));
  auto fixed = read_plain_fixed("12345678", 2, 4);
  ASSERT_TRUE(fixed);
  EXPECT_THAT(*fixed, ElementsAre("1234", "5678"));
  EXPECT_FALSE(read_plain_fixed("1234567", 2, 4));
  EXPECT_FALSE(read_plain_fixed("12345678", 1, 4));
}

}  // namespace
}  // namespace clew::parquet
