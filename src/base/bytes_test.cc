#include "base/bytes.h"

#include <gmock/gmock.h>

#include <array>
#include <limits>
#include <random>
#include <vector>

namespace clew {
namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;

TEST(Bytes, VarintsHaveTheKnownForm) {
  struct Case {
    uint64_t value;
    std::string bytes;
  };
  const Case cases[] = {
      {0, "\x00"s},
      {1, "\x01"},
      {127, "\x7f"},
      {128, "\x80\x01"},
      {300, "\xac\x02"},
      {16383, "\xff\x7f"},
      {16384, "\x80\x80\x01"},
      {uint64_t{1} << 63, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"},
      {std::numeric_limits<uint64_t>::max(), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
  };
  for (const Case& c : cases) {
    std::string out;
    ByteWriter(out).varint(c.value);
    EXPECT_EQ(out, c.bytes) << c.value;
    ByteReader reader(c.bytes);
    EXPECT_EQ(reader.varint(), c.value);
    EXPECT_TRUE(reader.ok() && reader.at_end()) << c.value;
  }
}

TEST(Bytes, MalformedVarintsBreakTheReaderOff) {
  const std::string cases[] = {
      "",                                               // nothing
      "\x80",                                           // no last byte
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff",           // nine, no last
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",       // bit 64
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"s,  // eleven bytes
      std::string(20, '\x80'),
  };
  for (const std::string& bytes : cases) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), 0u);
    EXPECT_FALSE(reader.ok()) << testing::PrintToString(bytes);
    EXPECT_EQ(reader.left(), 0u);
  }
}

TEST(Bytes, ZigzagKeepsSmallNumbersShort) {
  const std::pair<int64_t, std::string> cases[] = {
      {0, "\x00"s},
      {-1, "\x01"},
      {1, "\x02"},
      {-64, "\x7f"},
      {64, "\x80\x01"},
      {std::numeric_limits<int64_t>::max(), "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {std::numeric_limits<int64_t>::min(), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
  };
  for (const auto& [value, bytes] : cases) {
    std::string out;
    ByteWriter(out).zigzag(value);
    EXPECT_EQ(out, bytes) << value;
    EXPECT_EQ(ByteReader(bytes).zigzag(), value);
  }
}

TEST(Bytes, FixedIsLittleEndian) {
  std::string out;
  ByteWriter writer(out);
  writer.fixed<uint32_t>(0x01020304);
  writer.fixed<int16_t>(-2);
  writer.fixed(1.5);
  EXPECT_EQ(out.substr(0, 6), "\x04\x03\x02\x01\xfe\xff");
  writer.patch_u32(0, 7);
  EXPECT_EQ(writer.size(), 14u);
  ByteReader reader(out);
  EXPECT_EQ(reader.fixed<uint32_t>(), 7u);
  EXPECT_EQ(reader.fixed<int16_t>(), -2);
  EXPECT_EQ(reader.position(), 6u);
  EXPECT_EQ(reader.fixed<double>(), 1.5);
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

// A record with one of everything.
std::string record() {
  std::string out;
  ByteWriter writer(out);
  writer.fixed<uint8_t>(9);
  writer.varint(1000);
  writer.zigzag(-70000);
  writer.sized("name");
  writer.sized("");
  writer.array<uint32_t>(std::array<uint32_t, 3>{1, 2, 3});
  writer.array<uint32_t>({});
  writer.raw("end");
  writer.fixed<uint64_t>(11);
  return out;
}

bool read_record(ByteReader& reader) {
  std::array<uint32_t, 3> numbers{};
  bool same = reader.fixed<uint8_t>() == 9;
  same &= reader.varint() == 1000;
  same &= reader.zigzag() == -70000;
  same &= reader.sized() == "name";
  same &= reader.sized().empty();
  same &= reader.array<uint32_t>(numbers) && numbers[2] == 3;
  same &= reader.array<uint32_t>({});
  same &= reader.take(3) == "end";
  same &= reader.fixed<uint64_t>() == 11;
  return same && reader.ok();
}

TEST(Bytes, ARecordBrokenOffAnywhereIsNoticedOnce) {
  const std::string whole = record();
  ByteReader reader(whole);
  EXPECT_TRUE(read_record(reader) && reader.at_end());
  for (size_t length = 0; length < whole.size(); ++length) {
    ByteReader cut(std::string_view(whole).substr(0, length));
    EXPECT_FALSE(read_record(cut)) << length;
    EXPECT_FALSE(cut.ok()) << length;
    EXPECT_EQ(cut.fixed<uint64_t>(), 0u);
    EXPECT_EQ(cut.varint(), 0u);
    EXPECT_EQ(cut.sized(), "");
    EXPECT_TRUE(cut.at_end());
  }
}

TEST(Bytes, LengthsFromOutsideCannotReachBeyondTheEnd) {
  std::string bytes;
  ByteWriter(bytes).varint(std::numeric_limits<uint64_t>::max());
  bytes += "abc";
  ByteReader reader(bytes);
  EXPECT_EQ(reader.sized(), "");
  EXPECT_FALSE(reader.ok());

  std::vector<uint64_t> numbers(2, 5);
  ByteReader small(std::string_view("0123456789"));
  EXPECT_FALSE(small.array<uint64_t>(numbers));
  EXPECT_THAT(numbers, ElementsAre(5, 5));
}

TEST(Bytes, RandomNumbersComeBack) {
  std::mt19937_64 random(7);
  std::vector<uint64_t> values;
  std::string out;
  ByteWriter writer(out);
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(random() >> (random() % 64));
    writer.varint(values.back());
    writer.zigzag(static_cast<int64_t>(values.back()));
  }
  ByteReader reader(out);
  for (uint64_t value : values) {
    ASSERT_EQ(reader.varint(), value);
    ASSERT_EQ(reader.zigzag(), static_cast<int64_t>(value));
  }
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

}  // namespace
}  // namespace clew
