// Sorts by numbers, byte after byte: for many items quicker than comparing, and the order of equal keys stays.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/huge_pages.h"

namespace clew::store {

struct KeyedItem {
  uint64_t key;
  uint32_t item;
};

class KeySorter {
 public:
  // Memory for a copy of the items is kept from call to call.
  void sort(std::span<KeyedItem> items) {
    if (items.size() <= kFew)
      return std::stable_sort(items.begin(), items.end(),
                              [](const KeyedItem& a, const KeyedItem& b) { return a.key < b.key; });
    if (copy_size_ < items.size()) {
      copy_size_ = items.size();
      copy_ = std::make_unique_for_overwrite<KeyedItem[]>(copy_size_);
      ask_for_huge_pages(copy_.get(), copy_size_ * sizeof(KeyedItem));
    }
    uint64_t differing = 0;
    for (const KeyedItem& item : items) differing |= item.key ^ items[0].key;
    std::span<KeyedItem> from = items;
    std::span<KeyedItem> to(copy_.get(), items.size());
    for (int shift = 0; shift < 64; shift += 8) {
      if ((differing >> shift & 0xff) == 0) continue;
      std::array<uint32_t, 256> next{};
      for (const KeyedItem& item : from) ++next[item.key >> shift & 0xff];
      uint32_t begin = 0;
      for (uint32_t& at : next) begin += std::exchange(at, begin);
      for (const KeyedItem& item : from) to[next[item.key >> shift & 0xff]++] = item;
      std::swap(from, to);
    }
    if (from.data() != items.data()) std::ranges::copy(from, items.begin());
  }

 private:
  static constexpr size_t kFew = 512;

  std::unique_ptr<KeyedItem[]> copy_;
  size_t copy_size_ = 0;
};

}  // namespace clew::store
