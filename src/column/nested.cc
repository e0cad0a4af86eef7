#include "column/nested.h"

#include "base/check.h"

namespace clew {

void append_nested(std::string& out, ValueView value) {
  ByteWriter writer(out);
  writer.fixed(static_cast<uint8_t>(value.type));
  switch (value.type) {
    case ValueType::none: break;
    case ValueType::boolean: writer.fixed(static_cast<uint8_t>(value.as_bool())); break;
    case ValueType::integer: writer.zigzag(value.as_int()); break;
    case ValueType::real: writer.fixed(value.scalar); break;
    case ValueType::string:
    case ValueType::bytes:
    case ValueType::array:
    case ValueType::kvlist: writer.sized(value.text); break;
  }
}

NestedReader::NestedReader(ValueView value)
    : reader_(value.text), keyed_(value.type == ValueType::kvlist), count_(reader_.varint()), left_(count_) {
  CHECK(value.type == ValueType::array || keyed_);
}

bool NestedReader::next() {
  if (left_ == 0) return false;
  --left_;
  if (keyed_) key_ = reader_.sized();
  auto type = reader_.fixed<uint8_t>();
  value_ = {};
  switch (static_cast<ValueType>(type)) {
    case ValueType::none: break;
    case ValueType::boolean: value_ = ValueView::of_bool(reader_.fixed<uint8_t>() != 0); break;
    case ValueType::integer: value_ = ValueView::of_int(reader_.zigzag()); break;
    case ValueType::real: value_ = {ValueType::real, reader_.fixed<uint64_t>(), {}}; break;
    case ValueType::string:
    case ValueType::bytes:
    case ValueType::array:
    case ValueType::kvlist: value_ = {static_cast<ValueType>(type), 0, reader_.sized()}; break;
    default: reader_.take(reader_.left() + 1);
  }
  return reader_.ok();
}

ValueView NestedBuilder::finish(ValueType type) {
  whole_.clear();
  ByteWriter writer(whole_);
  writer.varint(count_);
  writer.raw(body_);
  return {type, 0, whole_};
}

}  // namespace clew
