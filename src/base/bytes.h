// Little-endian bytes out and in, for every format of ours (log frames, block index, nested values).
// Byte strings are std::string_view throughout; a view never owns.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace clew {

static_assert(std::endian::native == std::endian::little, "the formats are written by memcpy");

// Not bool: a byte of outside data that is neither 0 nor 1 is not a value of it.
template <typename T>
concept FixedWidth = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

// Appends to a string it does not own.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <FixedWidth T>
  void fixed(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    out_.append(raw, sizeof(T));
  }
  void varint(uint64_t value);
  void zigzag(int64_t value) { varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63)); }
  void raw(std::string_view bytes) { out_.append(bytes); }
  // A varint length, then the bytes.
  void sized(std::string_view bytes) {
    varint(bytes.size());
    out_.append(bytes);
  }
  template <FixedWidth T>
  void array(std::span<const T> values) {
    out_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  size_t size() const { return out_.size(); }
  // Overwrites 4 bytes written earlier (lengths and checksums that are known last).
  void patch_u32(size_t at, uint32_t value) { std::memcpy(out_.data() + at, &value, sizeof value); }

 private:
  std::string& out_;
};

// Reads from bytes it does not own. After the first read beyond the end, or of a malformed varint, ok() is false,
// every read answers zero or empty, and nothing more is consumed; so a reader checks once, at the end of a record.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <FixedWidth T>
  T fixed() {
    T value{};
    std::string_view raw = take(sizeof(T));
    if (raw.size() == sizeof(T)) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  uint64_t varint();
  int64_t zigzag() {
    uint64_t value = varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::string_view take(size_t count) {
    if (count > bytes_.size() - at_) {
      break_off();
      return {};
    }
    std::string_view out = bytes_.substr(at_, count);
    at_ += count;
    return out;
  }
  std::string_view sized() { return take(varint()); }
  // Copies values.size() elements; false (and zeroes nothing) when there are not that many bytes.
  template <FixedWidth T>
  bool array(std::span<T> values) {
    std::string_view raw = take(values.size_bytes());
    if (!ok_) return false;
    if (!raw.empty()) std::memcpy(values.data(), raw.data(), raw.size());
    return true;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  size_t position() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }

 private:
  void break_off() {
    ok_ = false;
    at_ = bytes_.size();
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace clew
