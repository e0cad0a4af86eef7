// A set of the traces of one unit, by number.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace clew::traceql {

class TraceSet {
 public:
  explicit TraceSet(uint32_t traces) : words_((traces + 63) / 64) {}

  void set(uint32_t trace) { words_[trace / 64] |= uint64_t{1} << trace % 64; }
  void set_range(uint32_t begin, uint32_t end) {
    for (; begin < end && begin % 64 != 0; ++begin) set(begin);
    for (; begin + 64 <= end; begin += 64) words_[begin / 64] = ~uint64_t{0};
    for (; begin < end; ++begin) set(begin);
  }
  bool test(uint32_t trace) const { return words_[trace / 64] >> trace % 64 & 1; }
  bool empty() const {
    return std::ranges::all_of(words_, [](uint64_t word) { return word == 0; });
  }
  // Whether it has one of first … last.
  bool has_any(uint32_t first, uint32_t last) const {
    uint32_t at = first / 64;
    uint64_t word = words_[at] & ~uint64_t{0} << first % 64;
    for (; at < last / 64; word = words_[++at]) {
      if (word != 0) return true;
    }
    return (word & ~uint64_t{0} >> (63 - last % 64)) != 0;
  }

  // Precondition of these: sets of the same unit.
  void add(const TraceSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  void keep(const TraceSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  void remove(const TraceSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  }

  // Highest first, up to the first error. each() answers a Status.
  template <typename Each>
  Status for_each(Each&& each) const {
    for (size_t i = words_.size(); i-- > 0;) {
      for (uint64_t word = words_[i]; word != 0;) {
        int bit = 63 - std::countl_zero(word);
        word &= ~(uint64_t{1} << bit);
        TRY(each(static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(bit)));
      }
    }
    return {};
  }

 private:
  std::vector<uint64_t> words_;
};

}  // namespace clew::traceql
