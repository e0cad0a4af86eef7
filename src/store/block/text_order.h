// Dictionary entries in the order of their bytes: neighbours begin alike, which zstd then sees.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clew::store {

// `entries` are BYTE_ARRAYs as PLAIN has them, entry i from begins[i] on. Sorted they are in the order of their bytes,
// the shorter of two that begin alike first, and of equal ones one is left.
struct SortedEntries {
  std::string bytes;
  uint32_t count = 0;
  std::vector<uint32_t> places;  // of the entries as they were
};
SortedEntries sort_entries(std::string_view entries, std::span<const size_t> begins);

}  // namespace clew::store
