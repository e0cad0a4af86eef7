// A page of a leaf as the ReadCache keeps it: what LeafPage says, in a fraction of the bytes. What all queries use of
// many blocks fits in the cache only so.
//
// Thread rule: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/block/leaf_reader.h"
#include "store/block/narrow_numbers.h"
#include "store/block/residual_index.h"

namespace clew::store {

struct CachedPage {
  CachedPage() = default;
  explicit CachedPage(LeafPage page)
      : repetition(page.repetition),
        definition(page.definition),
        codes(page.codes),
        numbers(page.numbers, page.present),
        present(page.numbers.empty() ? std::vector<uint64_t>() : std::move(page.present)) {}

  // Of a repeated leaf.
  NarrowCodes repetition, definition;
  NarrowCodes codes;
  // Where has() denies one, it may be any.
  NarrowNumbers<int64_t> numbers;
  std::vector<uint64_t> present;  // of numbers; codes say it themselves

  bool has(size_t row) const { return present.empty() || (present[row / 64] >> row % 64 & 1); }
  size_t bytes() const {
    return repetition.bytes() + definition.bytes() + codes.bytes() + numbers.bytes() +
           present.capacity() * sizeof(uint64_t) + sizeof *this;
  }
};

// A MapPage likewise.
struct CachedMapPage {
  explicit CachedMapPage(const MapPage& page)
      : row_begins(page.row_begins), entry_begins(page.entry_begins), names(page.names), values(page.values) {}

  NarrowCodes row_begins, entry_begins, names, values;

  size_t bytes() const {
    return row_begins.bytes() + entry_begins.bytes() + names.bytes() + values.bytes() + sizeof *this;
  }
};

}  // namespace clew::store
