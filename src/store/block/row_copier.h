// Whole spans out of a block: every column of a row put together again as OTLP had it (docs/internals/block.md §4), or
// as much of it as is asked for.
//
// Rows that follow one another in a question and lie on one page are read together; of a flat column no more than from
// the first to the last of them.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "column/span_builder.h"
#include "column/span_table.h"
#include "store/block/block_reads.h"

namespace clew::store {

// One thread. All outlive the copier.
class RowCopier {
 public:
  RowCopier(BlockReads& reads, const SpanParts& parts, SpanTable& out);

  Status copy(std::span<const uint32_t> rows);

 private:
  // A leaf of an attribute column and its key.
  struct AttributeLeaf {
    uint32_t leaf;
    const KeyEntry* key;
  };
  // The events or links of a page. Most pages have none: then the first leaf is all that is read.
  struct List {
    bool any = false;
    std::shared_ptr<const CachedMapPage> map;
    std::vector<uint32_t> exact;                            // code per element
    std::vector<std::shared_ptr<const CachedPage>> leaves;  // from its first on
  };

  // What is needed for these rows of the page.
  Status load(uint32_t page, RowRange rows);
  // The flat leaves that are wanted of every row.
  std::vector<uint32_t> wanted_leaves() const;
  Status load_list(ResidualPlace place, List& list);
  bool wants_residual() const;
  Status copy_row(uint32_t row);
  // `at` counts the loaded rows.
  Result<ValueView> value(uint32_t leaf, uint32_t at) const { return reads_.value(leaf, pages_[leaf].codes[at]); }
  Result<uint32_t> number(uint32_t leaf, uint32_t at) const;
  Result<ValueView> list_value(const List& list, uint32_t leaf, uint32_t element) const;
  Status fill_row(uint32_t row, uint32_t at);
  Result<uint64_t> parent_id(uint32_t row, uint32_t at, uint32_t trace);
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
  Status fill_events(uint32_t in_page);
  Status fill_links(uint32_t in_page);
  Status collect_element(ResidualPlace place, const List& list, uint32_t element, uint32_t exact_leaf);

  const BlockFile& file_;
  BlockReads& reads_;
  const SpanParts& parts_;
  SpanTable& out_;
  SpanBatch batch_;
  SpanBuilder builder_;
  std::vector<AttributeLeaf> leaves_of_scope_[kScopes];
  bool wants_residual_ = false;
  std::vector<uint32_t> wanted_leaves_;
  std::vector<uint32_t> announced_leaves_;  // and where it begins with what has ways of its own
  absl::flat_hash_map<std::vector<uint32_t>, uint32_t> resources_, scopes_;

  uint32_t page_ = 0;
  RowRange rows_;                // of the page, loaded
  std::vector<LeafPage> pages_;  // of these rows, by leaf
  std::shared_ptr<const CachedMapPage> residual_;
  List events_, links_;
  std::vector<AttributeView> attributes_;
  std::deque<std::string> owned_;  // bytes that attributes_ view
};

}  // namespace clew::store
