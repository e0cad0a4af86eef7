// Many values in order, each once: of neighbours that begin alike zstd keeps the difference.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "store/block/key_sort.h"

namespace clew::store {

// What a column is put in order with; the memory is kept for the next one.
class DistinctOrder {
 public:
  // Of the texts that are `used` (all, when that is empty), each without its first `skipped` bytes: by their bytes, the
  // shorter of two that begin alike first.
  void order_texts(std::span<const std::string_view> texts, size_t skipped = 0, std::span<const uint8_t> used = {});
  // Likewise, of numbers as PLAIN has them, of at most 8 bytes each.
  void order_numbers(std::span<const std::string_view> numbers, std::span<const uint8_t> used = {});

  // By value: its number among the distinct ones; of unused ones anything.
  std::span<const uint32_t> places() const { return places_; }
  // By number: a value that has it.
  std::span<const uint32_t> firsts() const { return firsts_; }

 private:
  void begin(size_t values, std::span<const uint8_t> used);
  template <typename IsNew>
  void number(IsNew&& is_new);

  std::vector<KeyedItem> items_;
  std::vector<uint32_t> places_, firsts_;
  KeySorter sorter_;
};

}  // namespace clew::store
