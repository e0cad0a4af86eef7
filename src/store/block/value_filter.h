// Which pages of a column chunk may hold a value (docs/internals/block.md §6): a Bloom filter for each page, all of the
// same size and laid side by side bit by bit, so that one probe asks all pages. A dictionary's filter has one page.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/block/block_schema.h"

namespace clew::store {

// Of a value's stored bytes (Parquet's PLAIN, without length). Reaches the disk.
uint64_t value_hash(std::string_view stored);

// Columns that are searched for a value: names, texts, attributes.
bool has_value_filter(uint32_t leaf, LeafKind kind);

class ValueFilter {
 public:
  // Limits of the format.
  static constexpr uint32_t kMaxProbes = 16;

  // Takes the section's bytes; corruption unless they are a filter of `pages` pages.
  static Result<ValueFilter> decode(std::string raw, uint32_t pages);
  // Appends the numbers of the pages that may hold it, ascending.
  void find(uint64_t hash, std::vector<uint32_t>& pages) const;
  size_t bytes() const { return raw_.size(); }

 private:
  std::string raw_;
  size_t begin_ = 0;
  uint32_t pages_ = 0;
  uint32_t rows_ = 0;
  uint32_t probes_ = 0;
};

// The filter that is being made, in order of pages.
class ValueFilterBuilder {
 public:
  // For pages with at most `values` values. A page that is taken in vain costs a page; a dictionary's is more often
  // in memory already and may be taken in vain more often.
  static ValueFilterBuilder of_pages(uint32_t pages, size_t values);
  static ValueFilterBuilder of_dictionary(size_t values);

  void add(uint32_t page, uint64_t hash);
  std::string finish() const;

 private:
  ValueFilterBuilder(uint32_t pages, size_t values, size_t bits_per_value, uint32_t probes);

  uint32_t pages_;
  uint32_t rows_;
  uint32_t probes_;
  std::string bits_;
};

}  // namespace clew::store
