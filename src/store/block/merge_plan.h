// The attribute columns of a merged block (docs/internals/block.md §3): which keys of the inputs keep theirs, and which
// columns of which input feed one.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/block/attribute_plan.h"
#include "store/block/merge_input.h"

namespace clew::store {

class MergePlan {
 public:
  explicit MergePlan(std::span<const MergeInput> inputs);

  struct Source {
    uint32_t input;
    uint32_t leaf;
  };
  struct Key {
    Scope scope = Scope::span;
    std::string name;
    uint64_t occurrences = 0;  // in the inputs
    uint64_t stored_bytes = 0;
    std::vector<Source> sources;
    std::vector<ColumnType> types;  // empty: no columns
    uint32_t leaf_of_type[kColumnTypes] = {kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf};

    bool has_columns() const { return !types.empty(); }
    // Where the first value of the key in its span goes; kNoLeaf: it is residual.
    uint32_t leaf_of(ValueView value) const;
  };
  const std::vector<Key>& keys() const { return keys_; }
  // Position in keys(), or kNoCode.
  uint32_t find(Scope scope, std::string_view name) const;

  // Keys with columns in the order of their leaves.
  const std::vector<uint32_t>& column_keys() const { return column_keys_; }
  const std::vector<Leaf>& leaves() const { return leaves_; }

 private:
  void collect(std::span<const MergeInput> inputs);
  void choose(uint64_t rows, uint64_t bytes);

  std::vector<Key> keys_;
  absl::flat_hash_map<std::string, uint32_t> by_name_;
  std::vector<uint32_t> column_keys_;
  std::vector<Leaf> leaves_;
};

}  // namespace clew::store
