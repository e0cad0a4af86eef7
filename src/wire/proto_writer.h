// Writing protobuf. A message inside another is open as long as its writer lives, and appears even when it is empty,
// which Status, Resource and Scope must.
//
// Invariant: while an inner writer lives, the outer one is not written to.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/proto_fields.h"

namespace clew::wire {

class MessageWriter {
 public:
  // A whole message at the end of `out`.
  explicit MessageWriter(std::string& out) : out_(out), outermost_(true) {}
  MessageWriter(MessageWriter& outer, uint32_t field) : out_(outer.out_), outermost_(false) {
    outer.tag(field, kBytes);
    out_.push_back('\0');  // the length, when it fits a byte
    begin_ = out_.size();
  }
  ~MessageWriter() {
    if (outermost_) return;
    size_t length = out_.size() - begin_;
    if (length < 0x80) {
      out_[begin_ - 1] = static_cast<char>(length);
      return;
    }
    std::string prefix;
    ByteWriter(prefix).varint(length);
    out_.replace(begin_ - 1, 1, prefix);
  }
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  void varint(uint32_t field, uint64_t value) {
    tag(field, kVarint);
    ByteWriter(out_).varint(value);
  }
  void fixed64(uint32_t field, uint64_t value) {
    tag(field, kFixed64);
    ByteWriter(out_).fixed(value);
  }
  void fixed32(uint32_t field, uint32_t value) {
    tag(field, kFixed32);
    ByteWriter(out_).fixed(value);
  }
  void bytes(uint32_t field, std::string_view content) {
    tag(field, kBytes);
    ByteWriter(out_).sized(content);
  }

  // Left out when they say nothing.
  void text_unless_empty(uint32_t field, std::string_view text) {
    if (!text.empty()) bytes(field, text);
  }
  void varint_unless_zero(uint32_t field, uint64_t value) {
    if (value != 0) varint(field, value);
  }
  void fixed64_unless_zero(uint32_t field, uint64_t value) {
    if (value != 0) fixed64(field, value);
  }
  void fixed32_unless_zero(uint32_t field, uint32_t value) {
    if (value != 0) fixed32(field, value);
  }

 private:
  void tag(uint32_t field, WireType type) { ByteWriter(out_).varint(tag_of(field, type)); }

  std::string& out_;
  bool outermost_;
  size_t begin_ = 0;
};

}  // namespace clew::wire
