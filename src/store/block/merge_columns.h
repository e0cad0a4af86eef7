// The row groups of a merged block, column by column: pages of the inputs in, chunks out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/block/block_assembly.h"
#include "store/block/block_merger.h"
#include "store/block/merge_equal.h"
#include "store/block/merge_input.h"
#include "store/block/merge_order.h"
#include "store/block/merge_plan.h"
#include "store/block/merge_residual.h"
#include "store/block/merge_stage.h"
#include "store/block/merge_values.h"

namespace clew::store {

class MergeColumns {
 public:
  // All outlive the columns.
  MergeColumns(std::span<const MergeInput> inputs, const MergeOrder& order, const MergePlan& plan,
               const MergeOptions& options);

  // The next `rows` rows as one row group.
  Status write_row_group(uint32_t rows, BlockAssembly& assembly);

  // Of what was written.
  std::vector<KeyEntry> catalogue() const;
  uint64_t min_receive_ns() const { return min_receive_ns_; }
  uint64_t max_receive_ns() const { return max_receive_ns_; }

 private:
  void cut_pieces();
  Status write_leaf(uint32_t leaf);
  Status write_traces();
  Status write_span_ids();
  // parent_span_id and parent_row.
  Status write_parents();
  Status resolve_parents(std::vector<int64_t>& parents);
  Status write_times(uint32_t leaf);
  Status write_coded(uint32_t leaf);
  // Of the chunks that the row group draws from.
  uint64_t count_values(std::span<const MergePlan::Source> sources) const;
  // Adds how many rows have one to `values_written`, which may be null.
  // Whether another column of the row group is the same in other words, and it was made of that.
  Result<bool> write_equal(const Leaf& shape, std::span<const MergePlan::Source> sources, uint64_t* values_written);
  void note_equal(uint32_t leaf, std::span<const MergePlan::Source> sources, const CodeStage& stage,
                  const LeafWriter& writer);
  Status write_values(const Leaf& shape, std::span<const MergePlan::Source> sources, uint64_t* values_written);
  Status write_residual();
  Status write_list(ResidualPlace place, uint32_t first_leaf, uint32_t exact_leaf);
  Status write_key(uint32_t key);
  static Leaf as_stored(Leaf leaf);
  Status count_list(ResidualPlace place, uint32_t leaf, const ListStage& stage);
  void note_received(const CodeStage& received);
  // Numbers of an optional or required leaf, in the rows' new order.
  Status collect(uint32_t leaf, std::vector<int64_t>& numbers, std::vector<uint64_t>* present) const;
  Status add_chunk(LeafWriter& writer, std::string least = {}, std::string greatest = {});
  LeafWriter make_writer(const Leaf& leaf, const ValueDictionary* values, bool may_be_plain = false) const;

  std::span<const MergeInput> inputs_;
  const MergeOrder& order_;
  const MergePlan& plan_;
  const MergeOptions& options_;

  // The row group at hand.
  uint32_t first_row_ = 0;  // of the block
  uint32_t rows_ = 0;
  GroupPieces pieces_;  // by input
  std::vector<MergeRun> runs_;
  std::unique_ptr<MergeResidual> residual_;
  std::optional<EqualColumns> equal_;
  // For one column after the other.
  ValueStage values_;
  std::vector<uint32_t> codes_;
  std::vector<int64_t> numbers_, more_numbers_;
  std::vector<uint64_t> present_;
  mutable LeafWriter::Memory memory_;
  BlockAssembly* assembly_ = nullptr;

  size_t next_run_ = 0;
  uint32_t taken_ = 0;  // rows of that run that went to row groups before
  size_t next_trace_ = 0;
  std::vector<uint64_t> in_columns_, in_residual_;  // attributes by key of the plan
  uint64_t min_receive_ns_ = ~uint64_t{0}, max_receive_ns_ = 0;
};

}  // namespace clew::store
