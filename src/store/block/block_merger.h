// Compaction: several blocks as one. Columns are copied as codes; a dictionary entry is looked at once per row group,
// never once per row.
//
// The parts of a trace come together: rows in the order of a block, of the same span id and kind the one received
// first, parents and summaries found anew. All else of a row stays as it is.
//
// Memory: of each input its traces' summaries; 16 bytes a run of rows (a trace, at least) and 4 more a row of traces
// that were in several inputs; the members of as many of those traces as make kJoinedRows rows, or of one larger trace
// (64 bytes a row); of one row group of the result one column after the other: as merge_values.h says where it has many
// values, else with one input's dictionary at a time; and the result itself.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "model/ids.h"
#include "store/block/block.h"
#include "store/block/block_writer.h"

namespace clew::store {

inline constexpr size_t kMaxMergeInputs = 256;

struct MergeOptions {
  BlockOptions block = {};
  // True when a unit that is not merged may hold spans of the trace. Asked of traces that an input lists. Null: always.
  std::function<bool(TraceId)> held_elsewhere = nullptr;
  // True for traces whose rows in the input (by its place among the inputs) are to be left out: erasure. Null: none.
  std::function<bool(size_t input, TraceId)> dropped = nullptr;
  // A column with so many values in all inputs together is put in order instead of looked up (merge_values.h).
  uint64_t many_values = 4096;
  // Values held at a time before they are put in order, each once, while there are more to come.
  size_t held_value_bytes = size_t{64} << 20;
};

// `inputs` in the order of receipt, as far as there is one: it decides between equal spans received at the same time.
// A trace of the result is listed when it has no root, or when an input listed it and it is held elsewhere.
// The same inputs give the same bytes. `summary` may be null.
// Errors: what reading the inputs answers (corruption, naming block and column); invalid_argument for more than
// kMaxMergeInputs, or more rows than a block can have.
Result<std::string> merge_blocks(std::span<const std::shared_ptr<const Block>> inputs, const MergeOptions& options,
                                 BlockSummary* summary);

}  // namespace clew::store
