#include "store/parquet/thrift.h"

#include "base/check.h"

namespace clew::parquet {

void CompactWriter::head(int16_t id, ThriftType type) {
  int16_t& last = last_id_[depth_];
  int delta = id - last;
  CHECK(delta > 0);
  if (delta <= 15) {
    writer_.fixed(static_cast<uint8_t>(delta << 4 | static_cast<int>(type)));
  } else {
    writer_.fixed(static_cast<uint8_t>(type));
    writer_.zigzag(id);
  }
  last = id;
}

void CompactWriter::field_i32(int16_t id, int32_t value) {
  head(id, ThriftType::i32);
  writer_.zigzag(value);
}

void CompactWriter::field_i64(int16_t id, int64_t value) {
  head(id, ThriftType::i64);
  writer_.zigzag(value);
}

void CompactWriter::field_byte(int16_t id, int8_t value) {
  head(id, ThriftType::byte);
  writer_.fixed(value);
}

void CompactWriter::field_binary(int16_t id, std::string_view value) {
  head(id, ThriftType::binary);
  writer_.sized(value);
}

void CompactWriter::begin_struct(int16_t id) {
  head(id, ThriftType::structure);
  begin_element();
}

void CompactWriter::begin_element() {
  CHECK(depth_ + 1 < kMaxDepth);
  last_id_[++depth_] = 0;
}

void CompactWriter::begin_list(int16_t id, ThriftType element, size_t count) {
  head(id, ThriftType::list);
  if (count < 15) {
    writer_.fixed(static_cast<uint8_t>(count << 4 | static_cast<size_t>(element)));
  } else {
    writer_.fixed(static_cast<uint8_t>(0xf0 | static_cast<int>(element)));
    writer_.varint(count);
  }
}

void CompactWriter::end_struct() {
  writer_.fixed(static_cast<uint8_t>(ThriftType::stop));
  if (depth_ > 0) --depth_;
}

void CompactReader::enter() {
  if (depth_ + 1 >= kMaxDepth) return fail();
  last_id_[++depth_] = 0;
}

bool CompactReader::next_field() {
  auto byte = reader_.fixed<uint8_t>();
  type_ = static_cast<ThriftType>(byte & 15);
  if (!ok() || type_ == ThriftType::stop || type_ > ThriftType::structure) {
    if (type_ > ThriftType::structure) fail();
    if (depth_ > 0) --depth_;
    return false;
  }
  int delta = byte >> 4;
  int64_t id = delta != 0 ? last_id_[depth_] + delta : reader_.zigzag();
  if (id < INT16_MIN || id > INT16_MAX) {
    fail();
    return false;
  }
  id_ = last_id_[depth_] = static_cast<int16_t>(id);
  return true;
}

bool CompactReader::expect(ThriftType type) {
  if (type_ != type) fail();
  return ok();
}

int32_t CompactReader::i32() {
  return expect(ThriftType::i32) ? static_cast<int32_t>(reader_.zigzag()) : 0;
}

int64_t CompactReader::i64() {
  return expect(ThriftType::i64) ? reader_.zigzag() : 0;
}

bool CompactReader::boolean() {
  if (type_ != ThriftType::boolean_true && type_ != ThriftType::boolean_false) fail();
  return type_ == ThriftType::boolean_true;
}

std::string_view CompactReader::binary() {
  return expect(ThriftType::binary) ? reader_.sized() : std::string_view{};
}

size_t CompactReader::list(ThriftType element) {
  if (!expect(ThriftType::list)) return 0;
  auto byte = reader_.fixed<uint8_t>();
  uint64_t count = byte >> 4;
  if (count == 15) count = reader_.varint();
  if ((byte & 15) != static_cast<int>(element) || count > reader_.left()) {
    fail();
    return 0;
  }
  type_ = element;
  return count;
}

void CompactReader::skip_value(ThriftType type, int depth) {
  if (depth >= kMaxDepth) return fail();
  switch (type) {
    case ThriftType::boolean_true:
    case ThriftType::boolean_false: return;
    case ThriftType::byte: reader_.take(1); return;
    case ThriftType::i16:
    case ThriftType::i32:
    case ThriftType::i64: reader_.varint(); return;
    case ThriftType::real: reader_.take(8); return;
    case ThriftType::binary: reader_.sized(); return;
    case ThriftType::list:
    case ThriftType::set: {
      auto byte = reader_.fixed<uint8_t>();
      uint64_t count = byte >> 4;
      if (count == 15) count = reader_.varint();
      auto element = static_cast<ThriftType>(byte & 15);
      // A boolean takes a byte as an element, unlike as a field.
      if (element <= ThriftType::boolean_false) element = ThriftType::byte;
      if (count > reader_.left()) return fail();
      for (uint64_t i = 0; i < count && ok(); ++i) skip_value(element, depth + 1);
      return;
    }
    case ThriftType::structure: {
      while (ok()) {
        auto byte = reader_.fixed<uint8_t>();
        auto field = static_cast<ThriftType>(byte & 15);
        if (field == ThriftType::stop) return;
        if (byte >> 4 == 0) reader_.varint();
        skip_value(field, depth + 1);
      }
      return;
    }
    default: return fail();
  }
}

}  // namespace clew::parquet
