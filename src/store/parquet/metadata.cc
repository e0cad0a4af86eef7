#include "store/parquet/metadata.h"

#include "store/parquet/thrift.h"

namespace clew::parquet {
namespace {

// ConvertedType, which older readers know instead of LogicalType; -1: none.
int32_t converted_type(LogicalType logical) {
  switch (logical) {
    case LogicalType::string: return 0;
    case LogicalType::map: return 1;
    case LogicalType::list: return 3;
    case LogicalType::uint32: return 13;
    default: return -1;
  }
}

// Field ids of the union LogicalType.
constexpr int16_t kStringId = 1, kMapId = 2, kListId = 3, kTimestampId = 8, kIntegerId = 10, kUuidId = 14;

void write_logical(CompactWriter& writer, LogicalType logical) {
  if (logical == LogicalType::none) return;
  writer.begin_struct(10);
  switch (logical) {
    case LogicalType::none: break;
    case LogicalType::string: writer.begin_struct(kStringId); break;
    case LogicalType::map: writer.begin_struct(kMapId); break;
    case LogicalType::list: writer.begin_struct(kListId); break;
    case LogicalType::uuid: writer.begin_struct(kUuidId); break;
    case LogicalType::timestamp_ns:
      writer.begin_struct(kTimestampId);
      writer.field_bool(1, true);
      writer.begin_struct(2);
      writer.begin_struct(3);
      writer.end_struct();
      writer.end_struct();
      break;
    case LogicalType::uint32:
      writer.begin_struct(kIntegerId);
      writer.field_byte(1, 32);
      writer.field_bool(2, false);
      break;
  }
  writer.end_struct();
  writer.end_struct();
}

LogicalType read_logical(CompactReader& reader) {
  LogicalType logical = LogicalType::none;
  for (reader.enter(); reader.next_field(); reader.skip()) {
    switch (reader.id()) {
      case kStringId: logical = LogicalType::string; break;
      case kMapId: logical = LogicalType::map; break;
      case kListId: logical = LogicalType::list; break;
      case kTimestampId: logical = LogicalType::timestamp_ns; break;
      case kIntegerId: logical = LogicalType::uint32; break;
      case kUuidId: logical = LogicalType::uuid; break;
      default: break;
    }
  }
  return logical;
}

void write_schema_element(CompactWriter& writer, const SchemaElement& element) {
  writer.begin_element();
  if (element.type) writer.field_i32(1, static_cast<int32_t>(*element.type));
  if (element.type_length != 0) writer.field_i32(2, element.type_length);
  writer.field_i32(3, static_cast<int32_t>(element.repetition));
  writer.field_binary(4, element.name);
  if (!element.type) writer.field_i32(5, element.children);
  if (int32_t converted = converted_type(element.logical); converted >= 0) writer.field_i32(6, converted);
  write_logical(writer, element.logical);
  writer.end_struct();
}

SchemaElement read_schema_element(CompactReader& reader) {
  SchemaElement out;
  for (reader.enter(); reader.next_field();) {
    switch (reader.id()) {
      case 1: out.type = static_cast<PhysicalType>(reader.i32()); break;
      case 2: out.type_length = reader.i32(); break;
      case 3: out.repetition = static_cast<Repetition>(reader.i32()); break;
      case 4: out.name = reader.binary(); break;
      case 5: out.children = reader.i32(); break;
      case 10:
        if (!reader.is_struct()) {
          reader.fail();
        } else {
          out.logical = read_logical(reader);
        }
        break;
      default: reader.skip();
    }
  }
  return out;
}

void write_statistics(CompactWriter& writer, const ColumnChunk& chunk) {
  if (!chunk.nulls && chunk.min_value.empty()) return;
  writer.begin_struct(12);
  if (chunk.nulls) writer.field_i64(3, *chunk.nulls);
  if (!chunk.min_value.empty()) {
    writer.field_binary(5, chunk.max_value);
    writer.field_binary(6, chunk.min_value);
  }
  writer.end_struct();
}

void read_statistics(CompactReader& reader, ColumnChunk& chunk) {
  for (reader.enter(); reader.next_field();) {
    switch (reader.id()) {
      case 3: chunk.nulls = reader.i64(); break;
      case 5: chunk.max_value = reader.binary(); break;
      case 6: chunk.min_value = reader.binary(); break;
      default: reader.skip();
    }
  }
}

void write_chunk(CompactWriter& writer, const ColumnChunk& chunk) {
  writer.begin_element();
  writer.field_i64(2, 0);
  writer.begin_struct(3);
  writer.field_i32(1, static_cast<int32_t>(chunk.type));
  writer.begin_list(2, ThriftType::i32, chunk.encodings.size());
  for (Encoding encoding : chunk.encodings) writer.element_i32(static_cast<int32_t>(encoding));
  writer.begin_list(3, ThriftType::binary, chunk.path.size());
  for (const std::string& part : chunk.path) writer.element_binary(part);
  writer.field_i32(4, static_cast<int32_t>(chunk.codec));
  writer.field_i64(5, chunk.values);
  writer.field_i64(6, chunk.raw_bytes);
  writer.field_i64(7, chunk.stored_bytes);
  writer.field_i64(9, chunk.data_page_offset);
  if (chunk.dictionary_page_offset != 0) writer.field_i64(11, chunk.dictionary_page_offset);
  write_statistics(writer, chunk);
  writer.end_struct();
  writer.end_struct();
}

void read_chunk_metadata(CompactReader& reader, ColumnChunk& out) {
  for (reader.enter(); reader.next_field();) {
    switch (reader.id()) {
      case 1: out.type = static_cast<PhysicalType>(reader.i32()); break;
      case 2:
        for (size_t n = reader.list(ThriftType::i32); n > 0 && reader.ok(); --n) {
          out.encodings.push_back(static_cast<Encoding>(reader.element_i32()));
        }
        break;
      case 3:
        for (size_t n = reader.list(ThriftType::binary); n > 0 && reader.ok(); --n) {
          out.path.emplace_back(reader.element_binary());
        }
        break;
      case 4: out.codec = static_cast<Codec>(reader.i32()); break;
      case 5: out.values = reader.i64(); break;
      case 6: out.raw_bytes = reader.i64(); break;
      case 7: out.stored_bytes = reader.i64(); break;
      case 9: out.data_page_offset = reader.i64(); break;
      case 11: out.dictionary_page_offset = reader.i64(); break;
      case 12:
        if (!reader.is_struct()) {
          reader.fail();
        } else {
          read_statistics(reader, out);
        }
        break;
      default: reader.skip();
    }
  }
}

ColumnChunk read_chunk(CompactReader& reader) {
  ColumnChunk out;
  for (reader.enter(); reader.next_field();) {
    if (reader.id() == 3 && reader.is_struct()) {
      read_chunk_metadata(reader, out);
    } else {
      reader.skip();
    }
  }
  return out;
}

void write_row_group(CompactWriter& writer, const RowGroup& group) {
  writer.begin_element();
  writer.begin_list(1, ThriftType::structure, group.columns.size());
  for (const ColumnChunk& chunk : group.columns) write_chunk(writer, chunk);
  writer.field_i64(2, group.raw_bytes);
  writer.field_i64(3, group.rows);
  writer.field_i64(5, group.file_offset);
  writer.field_i64(6, group.stored_bytes);
  writer.end_struct();
}

RowGroup read_row_group(CompactReader& reader) {
  RowGroup out;
  for (reader.enter(); reader.next_field();) {
    switch (reader.id()) {
      case 1:
        for (size_t n = reader.list(ThriftType::structure); n > 0 && reader.ok(); --n) {
          out.columns.push_back(read_chunk(reader));
        }
        break;
      case 2: out.raw_bytes = reader.i64(); break;
      case 3: out.rows = reader.i64(); break;
      case 5: out.file_offset = reader.i64(); break;
      case 6: out.stored_bytes = reader.i64(); break;
      default: reader.skip();
    }
  }
  return out;
}

void read_key_value(CompactReader& reader, FileMetadata& out) {
  std::pair<std::string, std::string> pair;
  for (reader.enter(); reader.next_field();) {
    switch (reader.id()) {
      case 1: pair.first = reader.binary(); break;
      case 2: pair.second = reader.binary(); break;
      default: reader.skip();
    }
  }
  out.key_values.push_back(std::move(pair));
}

}  // namespace

std::string FileMetadata::encode() const {
  std::string out;
  CompactWriter writer(out);
  writer.field_i32(1, 1);
  writer.begin_list(2, ThriftType::structure, schema.size());
  for (const SchemaElement& element : schema) write_schema_element(writer, element);
  writer.field_i64(3, rows);
  writer.begin_list(4, ThriftType::structure, row_groups.size());
  for (const RowGroup& group : row_groups) write_row_group(writer, group);
  writer.begin_list(5, ThriftType::structure, key_values.size());
  for (const auto& [key, value] : key_values) {
    writer.begin_element();
    writer.field_binary(1, key);
    writer.field_binary(2, value);
    writer.end_struct();
  }
  writer.field_binary(6, created_by);
  // min_value and max_value count only where the column's order is declared: TypeDefinedOrder for every leaf.
  size_t leaves = 0;
  for (const SchemaElement& element : schema) leaves += element.type.has_value();
  writer.begin_list(7, ThriftType::structure, leaves);
  for (size_t i = 0; i < leaves; ++i) {
    writer.begin_element();
    writer.begin_struct(1);
    writer.end_struct();
    writer.end_struct();
  }
  writer.end_struct();
  return out;
}

Result<FileMetadata> FileMetadata::decode(std::string_view bytes) {
  FileMetadata out;
  CompactReader reader(bytes);
  for (reader.enter(); reader.next_field();) {
    switch (reader.id()) {
      case 2:
        for (size_t n = reader.list(ThriftType::structure); n > 0 && reader.ok(); --n) {
          out.schema.push_back(read_schema_element(reader));
        }
        break;
      case 3: out.rows = reader.i64(); break;
      case 4:
        for (size_t n = reader.list(ThriftType::structure); n > 0 && reader.ok(); --n) {
          out.row_groups.push_back(read_row_group(reader));
        }
        break;
      case 5:
        for (size_t n = reader.list(ThriftType::structure); n > 0 && reader.ok(); --n) read_key_value(reader, out);
        break;
      case 6: out.created_by = reader.binary(); break;
      default: reader.skip();
    }
  }
  if (!reader.ok()) return corrupt("the Parquet footer is malformed");
  return out;
}

std::optional<std::string_view> FileMetadata::value_of(std::string_view key) const {
  for (const auto& [name, value] : key_values) {
    if (name == key) return value;
  }
  return {};
}

void PageHeader::append_to(std::string& out) const {
  CompactWriter writer(out);
  writer.field_i32(1, is_dictionary ? 2 : 0);
  writer.field_i32(2, raw_bytes);
  writer.field_i32(3, stored_bytes);
  writer.field_i32(4, static_cast<int32_t>(crc));
  writer.begin_struct(is_dictionary ? 7 : 5);
  writer.field_i32(1, values);
  writer.field_i32(2, static_cast<int32_t>(encoding));
  if (!is_dictionary) {
    writer.field_i32(3, static_cast<int32_t>(Encoding::rle));
    writer.field_i32(4, static_cast<int32_t>(Encoding::rle));
  }
  writer.end_struct();
  writer.end_struct();
}

Result<std::pair<PageHeader, size_t>> PageHeader::decode(std::string_view bytes) {
  PageHeader out;
  CompactReader reader(bytes);
  int32_t type = -1;
  for (reader.enter(); reader.next_field();) {
    switch (reader.id()) {
      case 1: type = reader.i32(); break;
      case 2: out.raw_bytes = reader.i32(); break;
      case 3: out.stored_bytes = reader.i32(); break;
      case 4: out.crc = static_cast<uint32_t>(reader.i32()); break;
      case 5:
      case 7:
        if (!reader.is_struct()) {
          reader.fail();
          break;
        }
        for (reader.enter(); reader.next_field();) {
          switch (reader.id()) {
            case 1: out.values = reader.i32(); break;
            case 2: out.encoding = static_cast<Encoding>(reader.i32()); break;
            default: reader.skip();
          }
        }
        break;
      default: reader.skip();
    }
  }
  out.is_dictionary = type == 2;
  if (!reader.ok() || (type != 0 && type != 2) || out.raw_bytes < 0 || out.stored_bytes < 0 || out.values < 0) {
    return corrupt("a page header is malformed");
  }
  return std::pair(out, reader.position());
}

}  // namespace clew::parquet
