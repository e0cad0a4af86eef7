// The second half of block_check.h: the rows of a block whose columns can all be read, against the trace table and the
// rest of the index.
#pragma once

#include <memory>

#include "base/result.h"
#include "store/block/block_check.h"

namespace clew::store {

// Precondition: every column chunk was read and is as the index says.
Status check_block_rows(const std::shared_ptr<const Block>& block, BlockCheck& out);

}  // namespace clew::store
