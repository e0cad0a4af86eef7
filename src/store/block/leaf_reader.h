// Pages and dictionaries of a leaf as values: the inverse of leaf_writer.h, trusting nothing.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "column/value.h"
#include "store/block/block_file.h"
#include "store/block/value_list.h"

namespace clew::store {

// One page. Of a flat leaf: a value a row. Of a repeated one: levels, and the values that are there.
struct LeafPage {
  // Of a repeated leaf.
  std::vector<uint32_t> repetition;
  std::vector<uint32_t> definition;
  // Of a flat one: a bit a row; empty when all are there.
  std::vector<uint64_t> present;
  // One of them, by the leaf's kind. Null is kNoCode, or 0 and definition 0.
  std::vector<uint32_t> codes;   // of the unit: the chunk's code_base is added
  std::vector<int64_t> numbers;  // delta numbers; ids of 8 bytes, big-endian; ids of 16 bytes as two

  // Of a flat leaf: how many rows have one.
  size_t values() const {
    if (present.empty()) return codes.size() + numbers.size();
    size_t out = 0;
    for (uint64_t word : present) out += static_cast<size_t>(std::popcount(word));
    return out;
  }
  bool has(size_t row) const { return present.empty() || (present[row / 64] >> row % 64 & 1); }
  size_t bytes() const {
    return (repetition.size() + definition.size() + codes.size()) * sizeof(uint32_t) +
           (present.size() + numbers.size()) * sizeof(int64_t);
  }
};

// `bytes` is the stored page, `page` its number in the row group.
Result<LeafPage> read_leaf_page(const BlockFile& file, uint32_t leaf, uint32_t group, uint32_t page,
                                std::string_view bytes);

// A page, counted over the whole block, of a required leaf of fixed bytes that is plain: its payload is at least the
// rows' values side by side. Views `stored`, unless it was compressed.
Result<parquet::OpenPage> read_fixed_page(const BlockFile& file, uint32_t leaf, uint32_t page, std::string_view stored);

// Of a flat leaf these rows of the page alone, which are rows 0 … of the answer: little more than these is decoded.
// Precondition: the page has them.
Result<LeafPage> read_leaf_rows(const BlockFile& file, uint32_t leaf, uint32_t group, uint32_t page, RowRange rows,
                                std::string_view bytes);

// Where the elements of each row of a repeated leaf's page begin, one more than rows.
template <typename Page>
std::vector<uint32_t> element_begins(const Page& page) {
  std::vector<uint32_t> out;
  uint32_t elements = 0;
  for (size_t i = 0; i < page.repetition.size(); ++i) {
    if (page.repetition[i] == 0) out.push_back(elements);
    if (page.definition[i] != 0) ++elements;
  }
  out.push_back(elements);
  return out;
}

// The entries of a chunk's dictionary. Precondition: it has one.
Result<std::unique_ptr<ValueList>> read_entries(const BlockFile& file, uint32_t leaf, uint32_t group);
// A page, counted over the whole block, of a plain chunk of coded values. Precondition: its chunk is plain.
Result<std::unique_ptr<ValueList>> read_plain_values(const BlockFile& file, uint32_t leaf, uint32_t page);
// The same of its stored bytes, with what LeafPage::present is of it.
struct PlainPage {
  std::unique_ptr<ValueList> values;
  std::vector<uint64_t> present;
};
Result<PlainPage> read_plain_page(const BlockFile& file, uint32_t leaf, uint32_t page, std::string stored);

// All entries of a chunk by its own codes: its dictionary, or the values of all its pages. Views into itself.
struct ChunkDictionary {
  std::vector<ValueView> entries;
  std::vector<std::unique_ptr<ValueList>> lists;
  Arena texts;
};
Result<std::unique_ptr<ChunkDictionary>> read_dictionary(const BlockFile& file, uint32_t leaf, uint32_t group);

}  // namespace clew::store
