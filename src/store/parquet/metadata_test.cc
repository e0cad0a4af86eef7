#include "store/parquet/metadata.h"

#include <gtest/gtest.h>

#include <random>

#include "store/parquet/page.h"
#include "store/parquet/thrift.h"

namespace clew::parquet {
namespace {

FileMetadata example() {
  FileMetadata out;
  SchemaElement root;
  root.name = "spans";
  root.children = 3;
  SchemaElement id{"trace_id", PhysicalType::fixed_byte_array, 16, Repetition::required, 0, LogicalType::none};
  SchemaElement start{"start", PhysicalType::int64, 0, Repetition::required, 0, LogicalType::timestamp_ns};
  SchemaElement name{"name", PhysicalType::byte_array, 0, Repetition::optional, 0, LogicalType::string};
  SchemaElement flags{"flags", PhysicalType::int32, 0, Repetition::optional, 0, LogicalType::uint32};
  SchemaElement uuid{"id:uuid", PhysicalType::fixed_byte_array, 16, Repetition::optional, 0, LogicalType::uuid};
  out.schema = {root, id, start, name, flags, uuid};
  out.rows = 3'000'000'000;
  for (int g = 0; g < 20; ++g) {
    RowGroup group;
    group.rows = 10 + g;
    group.raw_bytes = 1 << g;
    group.stored_bytes = 5;
    group.file_offset = 4;
    ColumnChunk chunk;
    chunk.type = PhysicalType::int64;
    chunk.encodings = {Encoding::plain, Encoding::delta_binary_packed};
    chunk.path = {"events", "list", "element", "name"};
    chunk.codec = Codec::zstd;
    chunk.values = 12;
    chunk.raw_bytes = 1 << 20;
    chunk.stored_bytes = 1 << 10;
    chunk.data_page_offset = int64_t{1} << 40;
    chunk.dictionary_page_offset = g % 2 == 0 ? 0 : 99;
    chunk.nulls = 3;
    chunk.min_value = g % 3 == 0 ? "" : std::string("\0\0\0\0\0\0\0\1", 8);
    chunk.max_value = chunk.min_value;
    group.columns = {chunk, chunk};
    out.row_groups.push_back(group);
  }
  out.key_values = {{"clew.index", "1 2 3"}, {"", ""}};
  out.created_by = "clew";
  return out;
}

TEST(FileMetadata, ComesBack) {
  auto back = FileMetadata::decode(example().encode());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, example());
  EXPECT_EQ(back->value_of("clew.index"), "1 2 3");
  EXPECT_EQ(back->value_of("other"), std::nullopt);
}

TEST(FileMetadata, EveryCutIsCorruption) {
  std::string bytes = example().encode();
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    auto back = FileMetadata::decode(std::string_view(bytes).substr(0, cut));
    ASSERT_FALSE(back) << cut;
    EXPECT_EQ(back.error().code, ErrorCode::corruption);
  }
}

TEST(FileMetadata, DamageNeverCrashes) {
  std::string bytes = example().encode();
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 1 + round % 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    auto back = FileMetadata::decode(damaged);
    EXPECT_TRUE(back || back.error().code == ErrorCode::corruption);
  }
}

TEST(CompactReader, RefusesEndlessNesting) {
  // A struct in a struct in a struct …
  auto back = FileMetadata::decode(std::string(1000, '\x1c'));
  EXPECT_FALSE(back);
  // A list in a list in a list …
  EXPECT_FALSE(FileMetadata::decode("\xf9" + std::string(1000, '\x19')));
}

TEST(CompactReader, SkipsWhatItDoesNotKnow) {
  std::string bytes;
  CompactWriter writer(bytes);
  writer.begin_struct(1);
  writer.field_bool(1, true);
  writer.begin_list(2, ThriftType::i32, 20);
  for (int i = 0; i < 20; ++i) writer.element_i32(i);
  writer.end_struct();
  writer.field_binary(3, "text");
  writer.field_i64(300, -5);
  writer.end_struct();
  CompactReader reader(bytes);
  int64_t found = 0;
  for (reader.enter(); reader.next_field();) {
    if (reader.id() == 300) {
      found = reader.i64();
    } else {
      reader.skip();
    }
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.position(), bytes.size());
  EXPECT_EQ(found, -5);
}

struct PageCase {
  Codec codec;
  std::string payload;
};

TEST(Page, ComesBackAndKnowsDamage) {
  for (const auto& [codec, payload] :
       {PageCase{Codec::uncompressed, "values"}, PageCase{Codec::zstd, std::string(5000, 'x')},
        PageCase{Codec::uncompressed, ""}}) {
    std::string stored = payload;
    Compressor compressor;
    if (codec == Codec::zstd) stored = compressor.compress(payload);
    PageHeader header;
    header.values = 7;
    header.encoding = Encoding::rle_dictionary;
    std::string bytes;
    append_page(header, payload.size(), stored, bytes);
    const std::string followed = bytes + "next page";
    auto page = open_page(followed, codec);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(page->payload, payload);
    EXPECT_EQ(page->total_bytes, bytes.size());
    EXPECT_EQ(page->header.values, 7);
    EXPECT_EQ(page->header.encoding, Encoding::rle_dictionary);
    for (size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(open_page(bytes.substr(0, cut), codec));
    size_t body = bytes.size() - stored.size();
    for (size_t bit = body * 8; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      auto opened = open_page(damaged, codec);
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error().code, ErrorCode::corruption);
    }
  }
}

TEST(Page, RefusesABomb) {
  Compressor compressor;
  const std::string_view stored = compressor.compress("x");
  PageHeader header;
  std::string bytes;
  append_page(header, kMaxPageBytes, stored, bytes);
  auto page = open_page(bytes, Codec::zstd);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::corruption);
}

TEST(Crc32, KnownVector) {
  EXPECT_EQ(crc32_ieee("123456789"), 0xcbf43926U);
}

}  // namespace
}  // namespace clew::parquet
