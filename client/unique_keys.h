// Builds a list of attributes in which each key stands once, at its first place, with its last value.
#pragma once

#include "arena.h"
#include "clew/value.h"

CLEW_BEGIN
namespace detail {

class UniqueKeys {
 public:
  // Precondition: `pairs` has room for `most`, which are never exceeded.
  UniqueKeys(KeyValue* pairs, size_t most, Arena& arena) noexcept : pairs_(pairs), most_(most), arena_(arena) {}

  // Where the pair with that key is, or the place for it when there is none: then `is_new`.
  KeyValue* find(std::string_view key, bool& is_new) noexcept;
  // The pair at the place of a new key is there.
  void added(std::string_view key) noexcept;
  size_t count() const noexcept { return count_; }

 private:
  static constexpr size_t kFew = 16;  // are compared one by one
  static uint64_t print_of(std::string_view key) noexcept;
  static uint32_t hash(std::string_view key) noexcept;
  void index(size_t pair) noexcept;

  KeyValue* pairs_;
  size_t most_;
  Arena& arena_;
  size_t count_ = 0;
  uint64_t prints_[kFew];      // of the first keys: equal keys have equal ones
  uint32_t* slots_ = nullptr;  // number of a pair + 1
  size_t slot_mask_ = 0;
};

}  // namespace detail
CLEW_END
