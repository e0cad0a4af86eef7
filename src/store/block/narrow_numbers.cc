#include "store/block/narrow_numbers.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "column/dictionary.h"

namespace clew::store {
namespace {

template <typename T>
constexpr bool kAreCodes = std::is_same_v<T, uint32_t>;

// From these on codes are not low, in one byte and in two: they would be taken for negative ones.
constexpr uint64_t kNoLowByte = 0x80;
constexpr uint64_t kNoLow = 0x8000;

// to[i] = make(from[i]), in pieces of a fixed length that nothing else points into.
template <typename From, typename To, typename Make>
void convert(const From* from, size_t count, To* to, Make make) {
  constexpr size_t kAtOnce = 64;
  for (; count >= kAtOnce; count -= kAtOnce, from += kAtOnce, to += kAtOnce) {
    To piece[kAtOnce];
    for (size_t i = 0; i < kAtOnce; ++i) piece[i] = make(from[i]);
    std::memcpy(to, piece, sizeof piece);
  }
  for (size_t i = 0; i < count; ++i) to[i] = make(from[i]);
}

// All bits where the condition holds: without branches, since codes are like dice.
template <typename T>
T all_bits_if(bool condition) {
  return static_cast<T>(T{0} - static_cast<T>(condition));
}

// The least and greatest of those that are there; the greatest is below the least when there are none.
std::pair<uint32_t, uint32_t> range_of(std::span<const uint32_t> codes, std::span<const uint64_t>) {
  constexpr size_t kLanes = 16;
  uint32_t least[kLanes], end[kLanes];  // kNoCode + 1 is none
  std::fill_n(least, kLanes, kNoCode);
  std::fill_n(end, kLanes, 0U);
  size_t at = 0;
  for (; at + kLanes <= codes.size(); at += kLanes) {
    const uint32_t* lanes = codes.data() + at;
    for (size_t i = 0; i < kLanes; ++i) least[i] = lanes[i] < least[i] ? lanes[i] : least[i];
    for (size_t i = 0; i < kLanes; ++i) end[i] = lanes[i] + 1 > end[i] ? lanes[i] + 1 : end[i];
  }
  for (; at < codes.size(); ++at) {
    least[0] = std::min(least[0], codes[at]);
    end[0] = std::max(end[0], codes[at] + 1);
  }
  const uint32_t most_end = *std::max_element(end, end + kLanes);
  if (most_end == 0) return {1, 0};
  return {*std::min_element(least, least + kLanes), most_end - 1};
}

std::pair<int64_t, int64_t> range_of(std::span<const int64_t> numbers, std::span<const uint64_t> present) {
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t most = std::numeric_limits<int64_t>::min();
  auto add = [&](int64_t number) {
    least = std::min(least, number);
    most = std::max(most, number);
  };
  if (present.empty()) {
    for (int64_t number : numbers) add(number);
  }
  for (size_t i = 0; i < present.size(); ++i) {
    for (uint64_t word = present[i]; word != 0; word &= word - 1) {
      add(numbers[i * 64 + static_cast<size_t>(std::countr_zero(word))]);
    }
  }
  return {least, most};
}

}  // namespace

template <typename T>
template <typename Stored>
void NarrowNumbers<T>::store(std::span<const T> numbers) {
  using U = std::make_unsigned_t<T>;
  std::vector<Stored> more(numbers.size());
  // Of what is not there anything may come.
  convert(numbers.data(), numbers.size(), more.data(), [least = static_cast<U>(least_)](T number) {
    const U more_than_least = static_cast<U>(number) - least;
    if constexpr (!kAreCodes<T>) return static_cast<Stored>(more_than_least);
    return static_cast<Stored>(more_than_least | all_bits_if<U>(number == static_cast<T>(kNoCode)));
  });
  more_ = std::move(more);
}

template <typename T>
NarrowNumbers<T>::NarrowNumbers(std::span<const T> numbers, std::span<const uint64_t> present) : size_(numbers.size()) {
  if (numbers.empty()) return;
  auto [least, most] = range_of(numbers, present);
  if (most < least) {
    if (kAreCodes<T>) least_ = static_cast<T>(kNoCode);
    return;
  }
  least_ = least;
  uint64_t range = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  if (kAreCodes<T>) {
    if (range == 0 && std::ranges::find(numbers, static_cast<T>(kNoCode)) == numbers.end()) return;
    ++range;  // kNoCode's
    const bool fit_byte = static_cast<uint64_t>(most) < kNoLowByte;
    const bool fit_two = static_cast<uint64_t>(most) < kNoLow && range > std::numeric_limits<uint8_t>::max();
    if (fit_byte || fit_two) {
      least_ = 0;
      are_low_ = true;
      fit_byte ? store<uint8_t>(numbers) : store<uint16_t>(numbers);
      return;
    }
  }
  if (range == 0) return;
  if (range <= std::numeric_limits<uint8_t>::max()) {
    store<uint8_t>(numbers);
  } else if (range <= std::numeric_limits<uint16_t>::max()) {
    store<uint16_t>(numbers);
  } else if (range <= std::numeric_limits<uint32_t>::max()) {
    store<uint32_t>(numbers);
  } else {
    store<uint64_t>(numbers);
  }
}

template <typename T>
void NarrowNumbers<T>::copy(size_t from, size_t count, T* out) const {
  auto widen = [&](const auto& more) {
    if (are_low_) {
      convert(more.data() + from, count, out, [](auto stored) { return extended(stored); });
    } else {
      convert(more.data() + from, count, out, [least = least_](auto stored) { return widened(least, stored); });
    }
  };
  switch (more_.index()) {
    case 1: return widen(std::get<1>(more_));
    case 2: return widen(std::get<2>(more_));
    case 3: return widen(std::get<3>(more_));
    case 4: return widen(std::get<4>(more_));
    default: std::fill_n(out, count, least_);
  }
}

template <typename T>
size_t NarrowNumbers<T>::bytes() const {
  switch (more_.index()) {
    case 1: return std::get<1>(more_).capacity();
    case 2: return std::get<2>(more_).capacity() * sizeof(uint16_t);
    case 3: return std::get<3>(more_).capacity() * sizeof(uint32_t);
    case 4: return std::get<4>(more_).capacity() * sizeof(uint64_t);
    default: return 0;
  }
}

template class NarrowNumbers<uint32_t>;
template class NarrowNumbers<int64_t>;

}  // namespace clew::store
