// Thrift's compact protocol, as much as Parquet's metadata needs (thrift/doc/specs/thrift-compact-protocol.md).
//
// The reader trusts nothing: a length beyond the input, a wrong type or nesting deeper than kMaxDepth makes ok() false,
// after which every read answers zero or empty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace clew::parquet {

enum class ThriftType : uint8_t {
  stop = 0,
  boolean_true = 1,
  boolean_false = 2,
  byte = 3,
  i16 = 4,
  i32 = 5,
  i64 = 6,
  real = 7,
  binary = 8,
  list = 9,
  set = 10,
  map = 11,
  structure = 12,
};

class CompactWriter {
 public:
  explicit CompactWriter(std::string& out) : writer_(out) {}

  // Field ids ascend within a struct.
  void field_i32(int16_t id, int32_t value);
  void field_i64(int16_t id, int64_t value);
  void field_bool(int16_t id, bool value) { head(id, value ? ThriftType::boolean_true : ThriftType::boolean_false); }
  void field_byte(int16_t id, int8_t value);
  void field_binary(int16_t id, std::string_view value);
  void begin_struct(int16_t id);
  void begin_list(int16_t id, ThriftType element, size_t count);
  // Elements of a list.
  void begin_element();
  void element_i32(int32_t value) { writer_.zigzag(value); }
  void element_binary(std::string_view value) { writer_.sized(value); }
  // Ends the innermost struct, also one that is an element, and the outermost.
  void end_struct();
  size_t size() const { return writer_.size(); }

 private:
  void head(int16_t id, ThriftType type);

  static constexpr int kMaxDepth = 8;
  ByteWriter writer_;
  int16_t last_id_[kMaxDepth] = {};
  int depth_ = 0;
};

class CompactReader {
 public:
  explicit CompactReader(std::string_view bytes) : reader_(bytes) {}

  // for (reader.enter(); reader.next_field();) switch (reader.id()) { case 1: x = reader.i32(); break; default:
  // reader.skip(); }. A field that is not read must be skipped.
  void enter();
  bool next_field();
  int16_t id() const { return id_; }

  int32_t i32();
  int64_t i64();
  bool boolean();
  std::string_view binary();
  // The number of elements, each of which takes at least a byte; 0 when the type is another.
  size_t list(ThriftType element);
  int32_t element_i32() { return static_cast<int32_t>(reader_.zigzag()); }
  std::string_view element_binary() { return reader_.sized(); }
  // Precondition: the field (or element) at hand is a struct; then enter() reads it.
  bool is_struct() const { return type_ == ThriftType::structure; }
  void skip() { skip_value(type_, 0); }

  void fail() { reader_.take(reader_.left() + 1); }
  bool ok() const { return reader_.ok(); }
  size_t position() const { return reader_.position(); }

 private:
  bool expect(ThriftType type);
  void skip_value(ThriftType type, int depth);

  static constexpr int kMaxDepth = 16;
  ByteReader reader_;
  int16_t last_id_[kMaxDepth] = {};
  int depth_ = 0;
  int16_t id_ = 0;
  ThriftType type_ = ThriftType::stop;
};

}  // namespace clew::parquet
