// What can still be read of a damaged block, as a new one: every row whose columns all decode. Rows go through the same
// copier that answers queries and the same writer that seals, so that the result is a block like any other.
//
// A damaged page costs its rows, and the rows whose parent is named only in it; a damaged dictionary those rows of its
// row group that have a value of it. A damaged index or footer costs nothing as long as one of them is there: what the
// other says is made anew from the pages (index_rebuild.h).
//
// Memory: the file, the result, and kSalvageRows spans. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/block/block_writer.h"

namespace clew::store {

// Rows that are put together at once; several such pieces are merged.
inline constexpr uint32_t kSalvageRows = 1 << 18;

struct SalvagedBlock {
  std::string bytes;  // empty: no row could be read
  BlockSummary summary;
  uint64_t rows_lost = 0;  // when it is known how many there were
};

struct SalvageOptions {
  BlockOptions block = {};
  uint32_t piece_rows = kSalvageRows;
};

// `key` names the file in messages. Errors: what is wrong when nothing at all can be made of the file (corruption).
Result<SalvagedBlock> salvage_block(const std::string& key, std::string file, const SalvageOptions& options = {});

}  // namespace clew::store
