// How an array or key-value list is kept inside a value: one canonical encoding, so that equal values are equal bytes.
//
//   array   = count (varint), then count elements
//   kvlist  = count (varint), then count × (key: varint length + bytes, element)
//   element = type (1 byte, ValueType), then
//             string, bytes: varint length + content      boolean: 1 byte      integer: zigzag varint
//             real: 8 bytes little-endian                  none: nothing        array, kvlist: varint length + encoding
//
// Example: ["a", 7] is 02 01 01 'a' 03 0e.
// Depth is limited by whoever writes (Limits::value_depth); readers may recurse to that depth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "column/value.h"

namespace clew {

// Appends one element (without a key) to a nested encoding under construction.
void append_nested(std::string& out, ValueView value);

// Walks an array or kvlist:
//   for (NestedReader reader(value); reader.next();) use(reader.key(), reader.value());
class NestedReader {
 public:
  // Precondition: value is an array or a kvlist. Damaged bytes end the walk early, and ok() is then false.
  explicit NestedReader(ValueView value);

  bool next();
  std::string_view key() const { return key_; }  // empty in an array
  const ValueView& value() const { return value_; }
  uint64_t count() const { return count_; }
  bool ok() const { return reader_.ok(); }

 private:
  ByteReader reader_;
  bool keyed_;
  uint64_t count_;
  uint64_t left_;
  std::string_view key_;
  ValueView value_;
};

// Builds an array or kvlist value. The view of finish() is valid until the builder is changed or dies.
class NestedBuilder {
 public:
  void add(ValueView value) {
    append_nested(body_, value);
    ++count_;
  }
  void add(std::string_view key, ValueView value) {
    ByteWriter(body_).sized(key);
    append_nested(body_, value);
    ++count_;
  }
  // Precondition: every add() had a key (kvlist) or none had (array).
  ValueView finish(ValueType type);
  void clear() {
    body_.clear();
    count_ = 0;
  }

 private:
  std::string body_;
  std::string whole_;
  uint64_t count_ = 0;
};

}  // namespace clew
