// Whole spans out of a block: every column of a row put together again as OTLP had it (docs/internals/block.md §4).
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "column/span_builder.h"
#include "column/span_table.h"
#include "store/block/block_reads.h"
#include "store/block/block_unit.h"

namespace clew::store {

// One thread. All outlive the copier.
class RowCopier {
 public:
  RowCopier(const BlockUnit& unit, BlockReads& reads, SpanTable& out);

  Status copy(uint32_t row);

 private:
  // A leaf of an attribute column and its key.
  struct AttributeLeaf {
    uint32_t leaf;
    const KeyEntry* key;
  };
  // The events or links of a page. Most pages have none: then the first leaf is all that is read.
  struct List {
    bool any = false;
    std::shared_ptr<const MapPage> map;
    std::vector<uint32_t> exact;  // code per element
  };

  Status load_page(uint32_t page);
  Status load_list(ResidualPlace place, List& list);
  Status load(uint32_t first_leaf, uint32_t end_leaf);
  Result<ValueView> value(uint32_t leaf, uint32_t row) const;
  Result<uint32_t> number(uint32_t leaf, uint32_t row) const;
  Status fill_row(uint32_t row, uint32_t at);
  Status fill_envelope(uint32_t at);
  Status fill_attributes(uint32_t at);
  Result<uint32_t> resource(uint32_t at);
  Result<uint32_t> scope(uint32_t at);
  // The attributes of a row that belong to the scope.
  Status collect(Scope scope, uint32_t at);
  Status add_map_entry(ResidualPlace place, Scope wanted, uint32_t name, uint32_t value);
  Status add_exact(uint32_t leaf, uint32_t code);
  // What says that two rows have the same resource or scope.
  std::vector<uint32_t> signature(Scope scope, std::span<const FixedLeaf> leaves, uint32_t at) const;
  Status fill_events(uint32_t at);
  Status fill_links(uint32_t at);
  Status collect_element(ResidualPlace place, const List& list, uint32_t element, uint32_t exact_leaf);

  const BlockFile& file_;
  const BlockUnit& unit_;
  BlockReads& reads_;
  SpanTable& out_;
  SpanBatch batch_;
  SpanBuilder builder_;
  std::vector<AttributeLeaf> leaves_of_scope_[kScopes];
  absl::flat_hash_map<std::vector<uint32_t>, uint32_t> resources_, scopes_;

  uint32_t page_ = kNoRow;
  std::vector<std::shared_ptr<const LeafPage>> pages_;  // by leaf
  std::shared_ptr<const MapPage> residual_;
  List events_, links_;
  std::vector<AttributeView> attributes_;
  std::deque<std::string> owned_;  // bytes that attributes_ view
};

}  // namespace clew::store
