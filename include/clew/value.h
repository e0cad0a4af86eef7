// Attribute values, of every type that OTLP knows. A Value looks at what it was made from and owns nothing: it is an
// argument, or what an exporter is shown during one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

#include "clew/detail/export.h"

CLEW_BEGIN

// A view of an array.
template <typename T>
struct List {
  T* data = nullptr;
  size_t count = 0;

  T* begin() const noexcept { return data; }
  T* end() const noexcept { return data + count; }
  size_t size() const noexcept { return count; }
  bool empty() const noexcept { return count == 0; }
  T& operator[](size_t i) const noexcept { return data[i]; }
};

struct KeyValue;

struct Bytes {
  const void* data = nullptr;
  size_t size = 0;
};

class Value {
 public:
  enum class Type : uint8_t { kNone, kString, kBool, kInt, kDouble, kBytes, kArray, kMap };

  constexpr Value() noexcept : type_(Type::kNone), int_(0) {}
  constexpr Value(std::string_view text) noexcept : type_(Type::kString), size_(text.size()), text_(text.data()) {}
  constexpr Value(const char* text) noexcept : Value(text == nullptr ? std::string_view() : std::string_view(text)) {}
  template <typename Bool, std::enable_if_t<std::is_same<Bool, bool>::value, int> = 0>
  constexpr Value(Bool value) noexcept : type_(Type::kBool), int_(value) {}
  // An unsigned number above what int64 holds becomes the largest one.
  template <typename Int, std::enable_if_t<std::is_integral<Int>::value && !std::is_same<Int, bool>::value, int> = 0,
            typename = void>
  constexpr Value(Int value) noexcept : type_(Type::kInt), int_(saturated(value)) {}
  constexpr Value(double value) noexcept : type_(Type::kDouble), double_(value) {}
  constexpr Value(float value) noexcept : Value(double(value)) {}
  // std::string and whatever else is a string_view.
  template <typename Text,
            std::enable_if_t<std::is_convertible<const Text&, std::string_view>::value &&
                                 !std::is_convertible<const Text&, const char*>::value,
                             int> = 0,
            typename = void, typename = void>
  constexpr Value(const Text& text) noexcept : Value(std::string_view(text)) {}
  Value(Bytes bytes) noexcept : type_(Type::kBytes), size_(bytes.size), text_(static_cast<const char*>(bytes.data)) {}
  constexpr Value(List<const Value> items) noexcept : type_(Type::kArray), size_(items.count), items_(items.data) {}
  constexpr Value(List<const KeyValue> pairs) noexcept : type_(Type::kMap), size_(pairs.count), pairs_(pairs.data) {}

  Type type() const noexcept { return type_; }
  // Each only for its own type.
  std::string_view text() const noexcept { return {text_, size_}; }  // kString, kBytes
  bool boolean() const noexcept { return int_ != 0; }
  int64_t integer() const noexcept { return int_; }
  double number() const noexcept { return double_; }
  List<const Value> items() const noexcept { return {items_, size_}; }
  List<const KeyValue> pairs() const noexcept { return {pairs_, size_}; }

 private:
  template <typename Int>
  static constexpr int64_t saturated(Int value) noexcept {
    return std::is_unsigned<Int>::value && uint64_t(value) > uint64_t(INT64_MAX) ? INT64_MAX : int64_t(value);
  }

  Type type_;
  size_t size_ = 0;
  union {
    int64_t int_;
    double double_;
    const char* text_;
    const Value* items_;
    const KeyValue* pairs_;
  };
};

struct KeyValue {
  std::string_view key;
  Value value;
};

using Attributes = std::initializer_list<KeyValue>;

CLEW_END
