// One attribute value, with OTLP's type kept: integer 1, real 1.0 and text "1" are three values.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace clew {

// Numbers are those of OTLP's AnyValue (common.proto), 0 is an AnyValue with nothing set. They reach the disk.
enum class ValueType : uint8_t {
  none = 0,
  string = 1,
  boolean = 2,
  integer = 3,
  real = 4,
  array = 5,
  kvlist = 6,
  bytes = 7,
};
inline constexpr int kValueTypes = 8;

// A view: `text` belongs to somebody else. For string and bytes it is the content; for array and kvlist the encoding of
// nested.h; empty for the others, whose bits are in `scalar`.
struct ValueView {
  ValueType type = ValueType::none;
  uint64_t scalar = 0;
  std::string_view text;

  static ValueView of_string(std::string_view text) { return {ValueType::string, 0, text}; }
  static ValueView of_bool(bool value) { return {ValueType::boolean, value, {}}; }
  static ValueView of_int(int64_t value) { return {ValueType::integer, static_cast<uint64_t>(value), {}}; }
  static ValueView of_real(double value) { return {ValueType::real, std::bit_cast<uint64_t>(value), {}}; }
  static ValueView of_bytes(std::string_view bytes) { return {ValueType::bytes, 0, bytes}; }
  static ValueView of_array(std::string_view nested) { return {ValueType::array, 0, nested}; }
  static ValueView of_kvlist(std::string_view nested) { return {ValueType::kvlist, 0, nested}; }

  bool as_bool() const { return scalar != 0; }
  int64_t as_int() const { return static_cast<int64_t>(scalar); }
  double as_real() const { return std::bit_cast<double>(scalar); }

  // Same type and same bits: NaN equals itself, 0.0 and -0.0 differ, as a round trip needs.
  friend bool operator==(const ValueView&, const ValueView&) = default;
};

}  // namespace clew
