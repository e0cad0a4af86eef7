// The residual attributes of the rows of a merged row group: maps as they were, without the entries that have a column
// now, and with the values whose column is no more (docs/internals/block.md §4).
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "column/dictionary.h"
#include "store/block/leaf_writer.h"
#include "store/block/merge_plan.h"
#include "store/block/merge_stage.h"
#include "store/block/residual_index.h"

namespace clew::store {

// One row group; one thread.
class MergeResidual {
 public:
  MergeResidual(const MergePlan& plan, uint32_t rows) : plan_(plan), rows_(rows) {}

  // Maps and columns of one input.
  Status add(const MergeInput& input, uint32_t number, const PagedPieces& pieces);

  // Values of a key (position in the plan) that were residual and have a column now.
  struct Promoted {
    uint32_t row;
    ValueView value;
  };
  std::span<const Promoted> promoted(uint32_t key) const;
  // Values that no map can hold go before what the exact column has of the row already.
  void add_exact(Scope scope, CodeStage& exact) const;

  void write(LeafWriter& names, LeafWriter& values, uint32_t page_rows);
  const ValueDictionary& names() const { return names_; }
  const ValueDictionary& values() const { return values_; }
  // Adds the map's entries to the counts, by key of the plan.
  void count(std::vector<uint64_t>& residual) const;

 private:
  struct Entry {
    uint32_t row;
    uint32_t name;
    uint32_t value;
  };
  struct Exact {
    uint32_t row;
    uint32_t key;
    ValueView value;
  };
  // What becomes of one (name, value) of an input.
  struct Fate {
    uint32_t name = kNoCode;  // kNoCode: promoted
    uint32_t value = kNoCode;
    uint32_t key = kNoCode;
    ValueView promoted;
  };
  Status add_map(const MergeInput& input, const PagedPieces& pieces);
  Result<Fate> fate(std::string_view name, std::string_view value);
  Status demote(const MergeInput& input, uint32_t leaf, uint32_t key, const PagedPieces& pieces);
  uint32_t name_of(const MergePlan::Key& key, ValueType type);

  const MergePlan& plan_;
  const uint32_t rows_;
  ValueDictionary names_, values_;
  std::vector<Entry> entries_;
  std::vector<Exact> exact_;
  absl::flat_hash_map<uint32_t, std::vector<Promoted>> promoted_;
  Arena texts_;  // what promoted and exact values view
};

// Counts, by key of the plan, what maps and exact columns of any place hold.
Status count_map_names(const MergePlan& plan, ResidualPlace place, const ValueDictionary& names,
                       std::span<const uint64_t> uses, std::vector<uint64_t>& counts);
Status count_exact(const MergePlan& plan, Scope scope, const ValueDictionary& lists, std::span<const uint64_t> uses,
                   std::vector<uint64_t>& counts);

}  // namespace clew::store
