// Columns of a merge that say the same in other words, as names, versions and pods of a service do: where the pages of
// one are those of another in every input, byte for byte, and their values correspond one to one, then they are so in
// the result as well. Only the dictionary is made anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/block/merge_input.h"
#include "store/block/merge_plan.h"
#include "store/block/merge_stage.h"

namespace clew::store {

// Of one row group. `inputs` outlive it.
class EqualColumns {
 public:
  explicit EqualColumns(std::span<const MergeInput> inputs) : inputs_(inputs) {}

  // A column of the result that others may be equal to: `stage` has all values of its dictionary, in its order.
  // `sources` and `pieces` are what the stage was made from.
  void add(uint32_t leaf, uint64_t values, std::span<const MergePlan::Source> sources, const CodeStage& stage);

  struct Equal {
    uint32_t leaf = 0;    // of the result
    uint64_t values = 0;  // rows that have one
    std::string entries;  // the dictionary, as PLAIN has it
  };
  // The column that one of these sources will be equal to, of a leaf of that shape; none: it must be made.
  Result<std::optional<Equal>> find(const Leaf& shape, std::span<const MergePlan::Source> sources) const;

 private:
  struct Column {
    uint32_t leaf;
    uint64_t values;
    std::vector<MergePlan::Source> sources;
    std::vector<std::vector<uint32_t>> to_code;  // by source: what an entry's code became
  };
  bool may_be_equal(const MergePlan::Source& a, const MergePlan::Source& b) const;
  Result<bool> has_same_pages(const MergePlan::Source& a, const MergePlan::Source& b) const;
  Result<std::optional<std::string>> entries(const Column& like, const Leaf& shape,
                                             std::span<const MergePlan::Source> sources) const;

  std::span<const MergeInput> inputs_;
  std::vector<Column> columns_;
};

}  // namespace clew::store
