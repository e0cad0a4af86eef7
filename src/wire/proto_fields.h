// The protobuf wire format, read in place: one message's fields in order, nothing copied.
//
//   FieldReader field(message);
//   while (field.next()) switch (field.tag()) { case tag_of(1, kBytes): use(field.bytes()); … }
//   if (field.fault() != nullptr) …   // malformed; field.at() is where
//
// Groups (wire types 3 and 4) are refused: no message of OTLP ever had one.
// Source: protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace clew::wire {

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint32_t tag_of(uint32_t number, WireType type) {
  return number << 3 | type;
}

class FieldReader {
 public:
  explicit FieldReader(std::string_view message)
      : next_(message.data()), end_(message.data() + message.size()), at_(next_) {}

  // False at the end of the message and at the first malformed field.
  bool next() {
    if (next_ == end_) return false;
    at_ = next_;
    uint64_t tag = 0;
    if (!varint(tag)) return false;
    if (tag < 8 || tag > 0xffffffffU) return broken("field number out of range");
    tag_ = static_cast<uint32_t>(tag);
    switch (tag_ & 7) {
      case kBytes:
        if (!varint(scalar_)) return false;
        if (scalar_ > left()) return broken("length goes beyond the enclosing message");
        bytes_ = {next_, static_cast<size_t>(scalar_)};
        next_ += scalar_;
        return true;
      case kVarint: return varint(scalar_);
      case kFixed64: return fixed<uint64_t>();
      case kFixed32: return fixed<uint32_t>();
      default: return broken("a group or an unknown wire type");
    }
  }

  uint32_t tag() const { return tag_; }
  uint32_t number() const { return tag_ >> 3; }
  // Of a varint or fixed field.
  uint64_t scalar() const { return scalar_; }
  uint32_t scalar32() const { return static_cast<uint32_t>(scalar_); }
  std::string_view bytes() const { return bytes_; }

  const char* fault() const { return fault_; }
  // The first byte of the current field.
  const char* at() const { return at_; }

 private:
  size_t left() const { return static_cast<size_t>(end_ - next_); }
  bool broken(const char* what) {
    fault_ = what;
    next_ = end_;
    return false;
  }
  bool varint(uint64_t& value) {
    if (next_ != end_ && static_cast<uint8_t>(*next_) < 0x80) {
      value = static_cast<uint8_t>(*next_++);
      return true;
    }
    return long_varint(value);
  }
  [[gnu::noinline]] bool long_varint(uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (next_ == end_) return broken("truncated");
      auto byte = static_cast<uint8_t>(*next_++);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return broken("varint longer than 64 bits");
  }
  template <typename T>
  bool fixed() {
    if (left() < sizeof(T)) return broken("truncated");
    T value;
    std::memcpy(&value, next_, sizeof(T));
    scalar_ = value;
    next_ += sizeof(T);
    return true;
  }

  const char* next_;
  const char* end_;
  const char* at_;
  const char* fault_ = nullptr;
  uint32_t tag_ = 0;
  uint64_t scalar_ = 0;
  std::string_view bytes_;
};

}  // namespace clew::wire
