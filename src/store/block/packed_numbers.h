// Numbers in memory at about the bits they differ by, any of them read by itself: in runs of kRun the least one, and
// how much more each of the others is.
//
// Thread rule: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace clew::store {

class PackedNumbers {
 public:
  static constexpr size_t kRun = 128;

  PackedNumbers() = default;
  explicit PackedNumbers(std::span<const uint64_t> numbers);

  // Precondition: below the number of numbers.
  uint64_t operator[](size_t at) const {
    const Run& run = runs_[at / kRun];
    const uint64_t bit = run.first_bit + at % kRun * run.width;
    const size_t word = bit / 64;
    const uint64_t shift = bit % 64;
    uint64_t more = words_[word] >> shift;
    if (shift + run.width > 64) more |= words_[word + 1] << (64 - shift);
    return run.least + (more & run.mask);
  }
  size_t bytes() const { return runs_.capacity() * sizeof(Run) + words_.capacity() * sizeof(uint64_t); }

 private:
  struct Run {
    uint64_t least = 0;
    uint64_t first_bit = 0;
    uint64_t mask = 0;
    uint64_t width = 0;
  };
  std::vector<Run> runs_;
  std::vector<uint64_t> words_;
};

}  // namespace clew::store
