#include "unique_keys.h"

CLEW_BEGIN
namespace detail {

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
    for (size_t i = 0; i < count_; ++i) {
      if (pairs_[i].key == key) return &pairs_[i];
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
