#include "unique_keys.h"

CLEW_BEGIN
namespace detail {

// Size, first and last bytes: keys of a span seldom agree in all of these.
uint64_t UniqueKeys::print_of(std::string_view key) noexcept {
  uint64_t first = 0, last = 0;
  if (key.size() >= 8) {
    std::memcpy(&first, key.data(), sizeof first);
    std::memcpy(&last, key.data() + key.size() - sizeof last, sizeof last);
  } else {
    for (char c : key) first = first << 8 | uint8_t(c);
  }
  return (first * 0x9e3779b97f4a7c15 ^ last) + key.size();
}

uint32_t UniqueKeys::hash(std::string_view key) noexcept {
  uint64_t h = key.size();
  for (char c : key) h = (h ^ uint8_t(c)) * 0x100000001b3;
  return uint32_t(h ^ h >> 32);
}

void UniqueKeys::index(size_t pair) noexcept {
  size_t slot = hash(pairs_[pair].key) & slot_mask_;
  while (slots_[slot] != 0) slot = (slot + 1) & slot_mask_;
  slots_[slot] = uint32_t(pair + 1);
}

KeyValue* UniqueKeys::find(std::string_view key, bool& is_new) noexcept {
  is_new = false;
  if (slots_ == nullptr) {
    const uint64_t print = print_of(key);
    for (size_t i = 0; i < count_; ++i) {
      if ((i >= kFew || prints_[i] == print) && pairs_[i].key == key) return &pairs_[i];
    }
  } else {
    for (size_t slot = hash(key) & slot_mask_; slots_[slot] != 0; slot = (slot + 1) & slot_mask_) {
      if (pairs_[slots_[slot] - 1].key == key) return &pairs_[slots_[slot] - 1];
    }
  }
  is_new = true;
  return &pairs_[count_];
}

void UniqueKeys::added(std::string_view key) noexcept {
  if (count_ < kFew) prints_[count_] = print_of(key);
  pairs_[count_++].key = key;
  if (slots_ != nullptr) return index(count_ - 1);
  if (count_ != kFew) return;
  size_t slots = 4 * kFew;
  while (slots < 2 * most_) slots *= 2;
  slots_ = arena_.array<uint32_t>(slots);  // without memory they go on being compared
  if (slots_ == nullptr) return;
  slot_mask_ = slots - 1;
  for (size_t i = 0; i < count_; ++i) index(i);
}

}  // namespace detail
CLEW_END
