// The entries of residual attributes as a unit's codes: which (name, text) of a map, and which bytes of an exact
// column, are which value of which key. Made by one scan over a block's maps, on the first question about a residual
// key.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "column/value.h"
#include "store/block/block_file.h"
#include "store/block/leaf_reader.h"

namespace clew::store {

class BlockReads;

enum class ResidualPlace : uint8_t { span = 0, event = 1, link = 2 };

// The leaves of a place's map.
struct MapLeaves {
  uint32_t key;
  uint32_t value;
};
inline MapLeaves map_leaves(ResidualPlace place) {
  constexpr MapLeaves kLeaves[] = {
      {kResidualKeyLeaf, kResidualValueLeaf}, {kEventKeyLeaf, kEventValueLeaf}, {kLinkKeyLeaf, kLinkValueLeaf}};
  return kLeaves[static_cast<size_t>(place)];
}

// One page of a place's map by element: an event, a link, or a row.
struct MapPage {
  std::vector<uint32_t> row_begins;    // elements; one more than rows
  std::vector<uint32_t> entry_begins;  // entries; one more than elements
  std::vector<uint32_t> names;         // codes of the key leaf
  std::vector<uint32_t> values;        // codes of the value leaf

  size_t bytes() const {
    return (row_begins.size() + entry_begins.size() + names.size() + values.size()) * sizeof(uint32_t);
  }
};
// corruption when the two leaves' levels differ.
Result<MapPage> read_map_page(const LeafPage& keys, const LeafPage& values, ResidualPlace place);

// One attribute of a map's entry or of an exact column's bytes.
struct ResidualCode {
  uint32_t key = kNoCode;  // position in the file's catalogue
  uint32_t code = kNoCode;
};

class ResidualIndex {
 public:
  // Keeps nothing of `reads`.
  static Result<std::unique_ptr<ResidualIndex>> scan(BlockReads& reads, ResidualPlace place);

  // kNoCode for what is for the eye only.
  ResidualCode entry(uint32_t name, uint32_t value) const {
    auto found = pairs_.find(uint64_t{name} << 32 | value);
    return found == pairs_.end() ? ResidualCode{} : found->second;
  }
  // Of an exact leaf: in order.
  std::span<const ResidualCode> exact(uint32_t leaf, uint32_t code) const;
  // The entries of a key, by code.
  const std::vector<ValueView>& values(uint32_t key) const { return values_[key]; }
  size_t bytes() const;

 private:
  Status add_pair(BlockReads& reads, ResidualPlace place, uint32_t name, uint32_t value);
  Status add_exact(BlockReads& reads, Scope scope, uint32_t leaf);
  Result<ResidualCode> add(BlockReads& reads, Scope scope, std::string_view key, ValueView value);

  absl::flat_hash_map<uint64_t, ResidualCode> pairs_;
  absl::flat_hash_map<uint32_t, std::vector<std::vector<ResidualCode>>> exact_;
  std::vector<std::vector<ValueView>> values_;
  Arena texts_;
};

// The scope and key of a map's name: "span.<key>" in rows, "<key>" in events and links.
struct ResidualKey {
  Scope scope;
  std::string_view key;
};
Result<ResidualKey> residual_key(ResidualPlace place, std::string_view name);
// Position in the catalogue, or kNoCode.
uint32_t find_key(const std::vector<KeyEntry>& keys, Scope scope, std::string_view name);

}  // namespace clew::store
