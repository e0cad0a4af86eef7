// Texts of dictionaries numbered over all blocks: equal texts have equal numbers, so that what a query finds out about
// a text in one block it knows of the same text in every other, at the price of an array access.
//
// Bounded: texts beyond the limits get no number. When it is full and most texts were met again and again it begins
// anew with a new numbering, since texts of blocks that are gone are in it too; when they were not, numbers are of no
// use. Thread rule: any thread.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "store/block/value_list.h"

namespace clew::store {

class TextNumbers {
 public:
  static constexpr size_t kMaxTexts = size_t{1} << 18;
  static constexpr size_t kMaxTextBytes = size_t{16} << 20;
  // A larger dictionary's texts are hardly those of others.
  static constexpr uint32_t kMaxListEntries = 1U << 15;

  // Of the entries of a list, by position; kNoCode: none. Numbers of different numberings mean nothing to each other.
  struct Numbered {
    uint64_t numbering = 0;
    std::vector<uint32_t> numbers;
    size_t bytes() const { return numbers.capacity() * sizeof(uint32_t) + sizeof *this; }
  };

  explicit TextNumbers(size_t max_texts = kMaxTexts, size_t max_text_bytes = kMaxTextBytes)
      : max_texts_(max_texts), max_text_bytes_(max_text_bytes), texts_(std::make_unique<Arena>()) {}
  ~TextNumbers();
  TextNumbers(const TextNumbers&) = delete;
  TextNumbers& operator=(const TextNumbers&) = delete;

  std::unique_ptr<Numbered> number(const ValueList& list);
  // Never 0.
  uint64_t numbering() const;

 private:
  bool is_full() const { return numbers_.size() >= max_texts_ || texts_->allocated_bytes() >= max_text_bytes_; }
  void begin_anew();

  const size_t max_texts_;
  const size_t max_text_bytes_;
  mutable std::mutex mutex_;
  uint64_t numbering_ = 1;
  uint64_t met_again_ = 0;
  std::unique_ptr<Arena> texts_;
  absl::flat_hash_map<std::string_view, uint32_t> numbers_;
};

// The one of this process.
TextNumbers& process_text_numbers();

}  // namespace clew::store
