#include "store/erasure_record.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "store/block/memory_objects.h"

namespace clew::store {
namespace {

ErasureRecord example() {
  return {7, 1'700'000'000'000'000'000, 12, {{0x0102030405060708, 0x090a0b0c0d0e0f10}, {0xa0, 0xb0}}};
}

// As in docs/internals/deletion.md.
TEST(ErasureRecord, IsWrittenAsTheDocumentSays) {
  ErasureRecord record = example();
  std::ranges::sort(record.ids);
  std::string hex;
  for (unsigned char byte : encode_erasure(record)) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  EXPECT_EQ(hex,
            "434c4531d2bcc7530100000000000000"
            "070000000000000000002a36fe9c97170c000000000000000200000000000000"
            "00000000000000a000000000000000b0"
            "0102030405060708090a0b0c0d0e0f10");
}

TEST(ErasureRecord, ComesBackAsItWas) {
  for (size_t ids : {0UZ, 1UZ, 1000UZ}) {
    ErasureRecord record = example();
    record.ids.clear();
    for (size_t i = 0; i < ids; ++i) record.ids.push_back({i, ~i});
    auto read = decode_erasure(encode_erasure(record));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(std::tuple(read->number, read->received_ns, read->segments_below),
              std::tuple(record.number, record.received_ns, record.segments_below));
    EXPECT_EQ(read->ids, record.ids);
  }
}

TEST(ErasureRecord, AnyDamageIsFound) {
  ErasureRecord record = example();
  std::ranges::sort(record.ids);
  const std::string whole = encode_erasure(record);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    auto read = decode_erasure(bytes);
    ASSERT_FALSE(read) << "bit " << bit;
    EXPECT_EQ(read.error().code, ErrorCode::corruption);
  }
  for (size_t length = 0; length < whole.size(); ++length) {
    ASSERT_FALSE(decode_erasure(std::string_view(whole).substr(0, length))) << length << " bytes";
  }
  ASSERT_FALSE(decode_erasure(whole + std::string(16, 'x')));
}

TEST(ErasureRecord, OneOfALaterVersionSaysSo) {
  std::string bytes = encode_erasure(ErasureRecord{});
  ByteWriter writer(bytes);
  writer.patch_u32(8, kErasureFormat + 1);
  writer.patch_u32(4, crc32c(std::string_view(bytes).substr(8)));
  auto read = decode_erasure(bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::failed_precondition);
}

TEST(ErasureRecord, OneThatCannotBeReadIsNamed) {
  MemoryObjects objects;
  ErasureRecords found;
  ASSERT_TRUE(objects.put(key_of_erasure("t", 7), encode_erasure(example())));
  ASSERT_TRUE(objects.put("tenants/t/blocks/b/meta.json", ""));
  auto read = read_erasures(objects, found);
  ASSERT_FALSE(read) << "its ids do not ascend";
  EXPECT_NE(read.error().message.find("tenants/t/erasures/0000000000000007.ids"), std::string::npos);
  ErasureRecord record = example();
  std::ranges::sort(record.ids);
  ASSERT_TRUE(objects.put(key_of_erasure("t", 7), encode_erasure(record)));
  ASSERT_TRUE(read_erasures(objects, found));
  EXPECT_EQ(found["t"].at(7).ids.size(), 2U);
  ASSERT_TRUE(objects.put(key_of_erasure("t", 8), encode_erasure(record)));
  EXPECT_FALSE(read_erasures(objects, found)) << "another number than its name says";
}

}  // namespace
}  // namespace clew::store
