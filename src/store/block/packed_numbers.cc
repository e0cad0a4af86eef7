#include "store/block/packed_numbers.h"

#include <algorithm>
#include <bit>

namespace clew::store {

PackedNumbers::PackedNumbers(std::span<const uint64_t> numbers) {
  runs_.reserve((numbers.size() + kRun - 1) / kRun);
  uint64_t bits = 0;
  for (size_t first = 0; first < numbers.size(); first += kRun) {
    auto [least, most] = std::ranges::minmax(numbers.subspan(first, std::min(kRun, numbers.size() - first)));
    const auto width = static_cast<uint64_t>(std::bit_width(most - least));
    runs_.push_back({least, bits, width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1, width});
    bits += width * kRun;
  }
  // Numbers of no bits are read from the word behind the last one.
  words_.resize(bits / 64 + 1);
  for (size_t at = 0; at < numbers.size(); ++at) {
    const Run& run = runs_[at / kRun];
    const uint64_t bit = run.first_bit + at % kRun * run.width;
    const uint64_t more = numbers[at] - run.least;
    words_[bit / 64] |= more << bit % 64;
    if (bit % 64 + run.width > 64) words_[bit / 64 + 1] |= more >> (64 - bit % 64);
  }
}

}  // namespace clew::store
