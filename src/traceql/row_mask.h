// Which rows of a unit may satisfy one span filter, as far as its pages have been scanned.
#pragma once

#include <cstdint>
#include <vector>

#include "traceql/row_bits.h"

namespace clew::traceql {

class RowMask {
 public:
  RowMask(uint32_t rows, uint32_t page_rows, bool is_exact)
      : page_rows_(page_rows),
        page_words_(static_cast<uint32_t>(words_of(page_rows))),
        is_exact_(is_exact),
        scans_((rows + page_rows - 1) / page_rows),
        words_(size_t{page_words_} * scans_.size()) {}

  // A row in it satisfies the filter, and not only may.
  bool is_exact() const { return is_exact_; }
  bool is_scanned(uint32_t row) const { return page_is_scanned(row / page_rows_); }
  // Of a page that is not scanned every row may.
  bool may(uint32_t row) const {
    uint32_t page = row / page_rows_;
    if (scans_[page] != Scan::some) return scans_[page] == Scan::none;
    uint32_t at = row - page * page_rows_;
    return words_[size_t{page} * page_words_ + at / 64] >> at % 64 & 1;
  }

  bool page_is_scanned(uint32_t page) const { return scans_[page] != Scan::none; }
  bool page_has_rows(uint32_t page) const { return scans_[page] == Scan::some; }
  // No bits: no row of the page.
  void set_page(uint32_t page, const RowBits& bits) {
    scans_[page] = has_bits(bits) ? Scan::some : Scan::empty;
    std::ranges::copy(bits, words_.begin() + static_cast<ptrdiff_t>(size_t{page} * page_words_));
  }
  // How many rows of the page are in it. Precondition: page_is_scanned().
  size_t count(uint32_t page) const {
    size_t out = 0;
    for (uint32_t i = 0; i < page_words_; ++i) {
      out += static_cast<size_t>(std::popcount(words_[size_t{page} * page_words_ + i]));
    }
    return out;
  }
  // Its rows on the page, counted from the page's first.
  template <typename Each>
  void for_each(uint32_t page, Each&& each) const {
    for_each_bit(words_.data() + size_t{page} * page_words_, page_words_, each);
  }

 private:
  enum class Scan : uint8_t { none, empty, some };
  uint32_t page_rows_;
  uint32_t page_words_;
  bool is_exact_;
  std::vector<Scan> scans_;
  std::vector<uint64_t> words_;
};

}  // namespace clew::traceql
