// Reads a whole block and compares all that it says: every byte of the file belongs to something that is looked at
// here. Checksums of pages and sections; places of the chunks; values of every column; the row order; what the index
// says of pages, dictionaries, values, traces and times against the rows themselves; every row put together as a span.
//
// Memory: a column chunk as it is stored, the dictionaries of one row group, the trace table. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/block/block.h"

namespace clew::store {

struct BlockCheck {
  // More are only counted: a block that lost its middle has thousands.
  static constexpr size_t kMaxProblems = 20;

  std::vector<std::string> problems;  // a sentence each, naming the block, and the column or section
  uint64_t more_problems = 0;

  bool intact() const { return problems.empty(); }
  void add(std::string problem) {
    if (problems.size() < kMaxProblems) {
      problems.push_back(std::move(problem));
    } else {
      ++more_problems;
    }
  }
};

// The block should have a cache of its own: everything goes through it. What cannot be read is a problem too; only
// `cancelled` is an error.
Result<BlockCheck> check_block(const std::shared_ptr<const Block>& block);

}  // namespace clew::store
