// Parquet's file metadata and page headers (parquet-format/src/main/thrift/parquet.thrift), as much as we write and
// read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace clew::parquet {

// Numbers are parquet.thrift's.
enum class PhysicalType : int32_t {
  boolean = 0,
  int32 = 1,
  int64 = 2,
  float32 = 4,
  float64 = 5,
  byte_array = 6,
  fixed_byte_array = 7,
};
enum class Encoding : int32_t { plain = 0, rle = 3, delta_binary_packed = 5, rle_dictionary = 8 };
enum class Codec : int32_t { uncompressed = 0, zstd = 6 };
enum class Repetition : int32_t { required = 0, optional = 1, repeated = 2 };
enum class LogicalType : uint8_t { none, string, map, list, timestamp_ns, uint32, uuid };

struct SchemaElement {
  std::string name;
  std::optional<PhysicalType> type;  // none: a group
  int32_t type_length = 0;
  Repetition repetition = Repetition::required;
  int32_t children = 0;
  LogicalType logical = LogicalType::none;

  friend bool operator==(const SchemaElement&, const SchemaElement&) = default;
};

struct ColumnChunk {
  PhysicalType type = PhysicalType::int32;
  std::vector<Encoding> encodings;
  std::vector<std::string> path;
  Codec codec = Codec::uncompressed;
  int64_t values = 0;  // with nulls
  int64_t raw_bytes = 0;
  int64_t stored_bytes = 0;
  int64_t data_page_offset = 0;
  int64_t dictionary_page_offset = 0;  // 0: none
  std::optional<int64_t> nulls;
  std::string min_value, max_value;  // empty: unknown

  int64_t offset() const { return dictionary_page_offset != 0 ? dictionary_page_offset : data_page_offset; }
  friend bool operator==(const ColumnChunk&, const ColumnChunk&) = default;
};

struct RowGroup {
  std::vector<ColumnChunk> columns;
  int64_t raw_bytes = 0;
  int64_t rows = 0;
  int64_t file_offset = 0;
  int64_t stored_bytes = 0;

  friend bool operator==(const RowGroup&, const RowGroup&) = default;
};

struct FileMetadata {
  std::vector<SchemaElement> schema;  // depth first, the root first
  int64_t rows = 0;
  std::vector<RowGroup> row_groups;
  std::vector<std::pair<std::string, std::string>> key_values;
  std::string created_by;

  std::string encode() const;
  // corruption when malformed; what we never write may be missing, but nothing is guessed.
  static Result<FileMetadata> decode(std::string_view bytes);
  std::optional<std::string_view> value_of(std::string_view key) const;

  friend bool operator==(const FileMetadata&, const FileMetadata&) = default;
};

struct PageHeader {
  bool is_dictionary = false;
  int32_t raw_bytes = 0;
  int32_t stored_bytes = 0;
  uint32_t crc = 0;
  int32_t values = 0;  // with nulls
  Encoding encoding = Encoding::plain;

  void append_to(std::string& out) const;
  // Answers the header and its own length.
  static Result<std::pair<PageHeader, size_t>> decode(std::string_view bytes);
};

}  // namespace clew::parquet
