// Which attributes get columns (docs/internals/block.md §3), and, for each shape, resource and scope of a table, where
// each of its attributes goes. Made once per block; after that a row's attributes are array look-ups.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "column/span_table.h"
#include "store/block/block_index.h"
#include "store/block/block_schema.h"
#include "store/block/trace_order.h"

namespace clew::store {

inline constexpr uint32_t kNoLeaf = 0xffffffffU;

// §3: a key has columns when it is in 1/kColumnRowsShare of the rows, or has 1/kColumnBytesShare of the bytes.
inline constexpr uint64_t kColumnRowsShare = 100;
inline constexpr uint64_t kColumnBytesShare = 200;

// The type of the column for a value, if the key has one of that type; none for what no column can hold.
std::optional<ColumnType> column_type(ValueView value, bool with_uuid, bool with_hex);
// Equal for keys of which no column must be made: those that differ only in case.
std::string folded_key(Scope scope, std::string_view key);

// Where one attribute goes. A step with neither leaf nor by_code is residual.
struct AttributeStep {
  uint32_t key = 0;
  uint32_t leaf = kNoLeaf;  // all values of the key go there
  bool by_code = false;     // or it depends on the value: AttributePlan::leaf_of
  bool first = true;        // of its key in the span (resource, scope)
};

class AttributePlan {
 public:
  AttributePlan(const SpanTable& table, const TraceOrder& order);

  // A step per position of the shape; empty for shapes that no row of the block has.
  std::span<const AttributeStep> steps(uint32_t shape) const { return shape_steps_[shape]; }
  // The leaf for this value of a by_code key, or kNoLeaf.
  uint32_t leaf_of(uint32_t key, uint32_t code) const { return keys_[key].leaf_of_code[code]; }
  // Any step of a resource's or scope's pair: as a shape's.
  AttributeStep step_of(uint32_t key, bool first) const;

  struct AttributeLeaf {
    Leaf leaf;
    uint32_t key = 0;
    ColumnType type = ColumnType::text;
    bool may_be_plain = false;
  };
  // Leaf kFixedLeaves + i.
  const std::vector<AttributeLeaf>& leaves() const { return leaves_; }
  bool has_residual(uint32_t shape) const { return shape_residual_[shape]; }
  uint64_t rows_of_resource(uint32_t resource) const { return resource_rows_[resource]; }
  uint64_t rows_of_scope(uint32_t scope) const { return scope_rows_[scope]; }

  // The catalogue, in the index's order. `residual` counts by key code what went to no column.
  std::vector<KeyEntry> catalogue(std::span<const uint64_t> residual) const;

 private:
  struct Key {
    uint64_t rows = 0;         // that have it, for the choice
    uint64_t occurrences = 0;  // of events and links too
    uint64_t value_bytes = 0;
    bool may_have_columns = false;
    bool is_uniform = false;  // all its values go to the one column
    std::vector<ColumnType> types;
    uint32_t leaf_of_type[kColumnTypes] = {kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf, kNoLeaf};
    uint32_t only_leaf = kNoLeaf;
    std::vector<uint32_t> leaf_of_code;
    uint64_t entries_of_type[kColumnTypes] = {};
  };
  void count(const TraceOrder& order);
  void count_nested(uint32_t row);
  void look_at_values(uint32_t key);
  void refuse_ambiguous_names();
  void choose(uint64_t rows);
  void assign_codes(uint32_t key);

  const SpanTable& table_;
  std::vector<Key> keys_;
  std::vector<AttributeLeaf> leaves_;
  std::vector<uint64_t> shape_rows_, resource_rows_, scope_rows_;
  std::vector<std::vector<AttributeStep>> shape_steps_;
  std::vector<bool> shape_residual_;
};

}  // namespace clew::store
