// Numbers, or codes with kNoCode among them, in as few whole bytes as they differ by: none where all are the same. Any
// of them is read by itself, and runs of them by loops that g++ turns into vector instructions.
//
// Thread rule: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

namespace clew::store {

// T is uint32_t (codes: kNoCode is kept apart from the others) or int64_t.
template <typename T>
class NarrowNumbers {
 public:
  NarrowNumbers() = default;
  // Of those without a bit in `present` any number may be read. No bits: all are there.
  explicit NarrowNumbers(std::span<const T> numbers, std::span<const uint64_t> present = {});

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Precondition of both: below size().
  T operator[](size_t at) const {
    switch (more_.index()) {
      case 1: return value_of(std::get<1>(more_)[at]);
      case 2: return value_of(std::get<2>(more_)[at]);
      case 3: return value_of(std::get<3>(more_)[at]);
      case 4: return value_of(std::get<4>(more_)[at]);
      default: return least_;
    }
  }
  void copy(size_t from, size_t count, T* out) const;
  size_t bytes() const;
  friend bool operator==(const NarrowNumbers&, const NarrowNumbers&) = default;

 private:
  // Of low codes, nearly all there are: kNoCode is -1.
  template <typename Stored>
  static T extended(Stored stored) {
    return static_cast<T>(static_cast<int32_t>(static_cast<std::make_signed_t<Stored>>(stored)));
  }
  template <typename Stored>
  T value_of(Stored stored) const {
    return are_low_ ? extended(stored) : widened(least_, stored);
  }
  // The greatest of its type is kNoCode among codes.
  template <typename Stored>
  static T widened(T least, Stored stored) {
    using U = std::make_unsigned_t<T>;
    const U number = static_cast<U>(least) + static_cast<U>(stored);
    if constexpr (!std::is_same_v<T, uint32_t>) return static_cast<T>(number);
    const bool is_none = stored == static_cast<Stored>(~Stored{0});
    return static_cast<T>(number | (U{0} - static_cast<U>(is_none)));
  }
  template <typename Stored>
  void store(std::span<const T> numbers);

  T least_ = 0;
  bool are_low_ = false;
  size_t size_ = 0;
  // How much more than the least each is; nothing when all are the least.
  std::variant<std::monostate, std::vector<uint8_t>, std::vector<uint16_t>, std::vector<uint32_t>,
               std::vector<uint64_t>>
      more_;
};

using NarrowCodes = NarrowNumbers<uint32_t>;

inline bool is_equal(std::span<const uint32_t> numbers, const NarrowCodes& narrow) {
  if (numbers.size() != narrow.size()) return false;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != narrow[i]) return false;
  }
  return true;
}

extern template class NarrowNumbers<uint32_t>;
extern template class NarrowNumbers<int64_t>;

}  // namespace clew::store
