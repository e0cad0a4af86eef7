// An OTLP request taken apart, for tests: any protobuf message as its fields, in order.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clew {

// Fields by number; a length-delimited field's bytes, or a number as text ("12"), a fixed one's as decimal text too.
class ProtoTree {
 public:
  explicit ProtoTree(std::string_view bytes) {
    while (!bytes.empty() && ok_) read_field(bytes);
  }
  bool ok() const { return ok_; }
  std::vector<std::string> all(unsigned field) const {
    const auto found = fields_.find(field);
    return found == fields_.end() ? std::vector<std::string>() : found->second;
  }
  // The only value of the field, or "" when there is none.
  std::string one(unsigned field) const {
    const std::vector<std::string> values = all(field);
    return values.size() == 1 ? values[0] : "";
  }
  ProtoTree message(unsigned field) const { return ProtoTree(one(field)); }
  std::vector<ProtoTree> messages(unsigned field) const {
    std::vector<ProtoTree> trees;
    for (const std::string& bytes : all(field)) trees.emplace_back(bytes);
    return trees;
  }

 private:
  uint64_t read_varint(std::string_view& bytes) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) break;
      const uint8_t byte = uint8_t(bytes[0]);
      bytes.remove_prefix(1);
      value |= uint64_t(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  void read_field(std::string_view& bytes) {
    const uint64_t tag = read_varint(bytes);
    std::string value;
    size_t size = 0;
    switch (tag & 7) {
      case 0: value = std::to_string(read_varint(bytes)); break;
      case 1: size = 8; break;
      case 5: size = 4; break;
      case 2: size = read_varint(bytes); break;
      default: ok_ = false; return;
    }
    if (size > bytes.size()) {
      ok_ = false;
      return;
    }
    if ((tag & 7) == 2) {
      value = bytes.substr(0, size);
    } else if (size != 0) {
      uint64_t number = 0;
      std::memcpy(&number, bytes.data(), size);
      value = std::to_string(number);
    }
    bytes.remove_prefix(size);
    fields_[unsigned(tag >> 3)].push_back(value);
  }

  bool ok_ = true;
  std::map<unsigned, std::vector<std::string>> fields_;
};

// The spans of an ExportTraceServiceRequest, whatever their resource and scope.
inline std::vector<ProtoTree> spans_of(std::string_view request) {
  std::vector<ProtoTree> spans;
  for (const ProtoTree& resource : ProtoTree(request).messages(1)) {
    for (const ProtoTree& scope : resource.messages(2)) {
      for (const ProtoTree& span : scope.messages(2)) spans.push_back(span);
    }
  }
  return spans;
}

}  // namespace clew
