// Names of headers, for carriers.
#pragma once

#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}
inline bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Collects the values of HeaderReader::get().
class Found {
 public:
  Found(std::string_view* values, unsigned room) noexcept : values_(values), room_(room) {}
  void add(std::string_view value) noexcept {
    if (count_ < room_) values_[count_] = value;
    ++count_;
  }
  unsigned count() const noexcept { return count_; }

 private:
  std::string_view* values_;
  unsigned room_, count_ = 0;
};

}  // namespace detail
CLEW_END
