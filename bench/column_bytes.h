// What a block's bytes are spent on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/block/block.h"

namespace clew::bench {

struct ColumnBytes {
  std::string column;
  std::string encoding;  // of the first row group
  uint64_t bytes = 0;
};

// Every leaf column, then what is beside columns: the index by its sections, and the footer. Together all of the file.
std::vector<ColumnBytes> bytes_by_column(const store::Block& block);

// Two blocks of the same spans side by side, in bytes a span, as a table for people; the largest first. What takes
// less than 0.005 bytes in both is summed up in the last row.
std::string column_table(const store::Block& sealed, const store::Block& merged);

}  // namespace clew::bench
