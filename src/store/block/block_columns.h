// All columns of a block under construction: rows of a table go in by pages, column chunks come out by row groups.
//
// A page's rows are read once, in the table's order of memory as far as the traces allow; everything that belongs to a
// resource, scope or envelope is an array look-up by its code.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "column/span_table.h"
#include "store/block/attribute_plan.h"
#include "store/block/block_assembly.h"
#include "store/block/leaf_writer.h"
#include "store/block/nested_columns.h"
#include "store/block/residual_writer.h"
#include "store/block/trace_order.h"

namespace clew::store {

class BlockColumns {
 public:
  // All outlive the columns.
  BlockColumns(const SpanTable& table, const TraceOrder& order, const AttributePlan& plan, const BlockOptions& options);

  // Rows of the block; at most page_rows, in order.
  void add_page(uint32_t begin, uint32_t end);
  // Hands over the chunks of the pages added since the last call. resource_exhausted when one has outgrown a page.
  Status end_row_group(BlockAssembly& assembly);

  // By key code: attributes that went to no column.
  std::vector<uint64_t> residual_counts() const;
  uint64_t min_receive_ns() const { return min_receive_ns_; }
  uint64_t max_receive_ns() const { return max_receive_ns_; }

 private:
  // A column whose value follows from the code of something the row refers to.
  struct Derived {
    uint32_t leaf;
    std::vector<uint32_t> code_of;  // [entity]
    bool uniform = true;
    uint32_t like = kNoLeaf;  // an earlier leaf that differs where this one does: their pages are the same
  };
  struct Entity {
    std::vector<Derived> columns;
    std::vector<uint32_t> page;  // the entity's code of each row of the page
  };

  LeafWriter& writer(uint32_t leaf) { return *writers_[leaf]; }
  void make_writers(uint32_t row_group_rows);
  void derive(Entity& entity, uint32_t leaf, std::vector<uint32_t> codes);
  void derive_word(Entity& entity, const TupleDictionary& tuples, uint32_t leaf, size_t word, bool is_number);
  // Which columns say the same of an entity in other words, as names and versions of a service do.
  void find_equal_columns(Entity& entity);
  std::string equal_entries(const Entity& entity, const Derived& column) const;
  void derive_envelopes();
  void derive_scopes();
  void derive_resources();
  void derive_marks();
  void number_receive_times();
  void derive_attributes(Entity& entity, const TupleDictionary& tuples, size_t pairs, FixedLeaf exact_leaf,
                         std::vector<ResidualElement>& residual);
  void write_ids(uint32_t begin, uint32_t end);
  void write_traces(uint32_t begin, uint32_t end);
  void write_parents(uint32_t begin, uint32_t end);
  void write_times(uint32_t begin, uint32_t end);
  void write_received(uint32_t begin, uint32_t end);
  void write_entity(Entity& entity);
  void write_attributes(uint32_t begin, uint32_t end);
  void write_residual(uint32_t begin, uint32_t end);

  const SpanTable& table_;
  const TraceOrder& order_;
  const AttributePlan& plan_;
  const size_t max_page_bytes_;
  std::vector<std::unique_ptr<LeafWriter>> writers_;

  Entity envelopes_, scopes_, resources_, kinds_, statuses_, bits_;
  ValueDictionary kind_names_, status_names_, numbers_, received_;
  std::vector<ResidualElement> resource_residual_, scope_residual_;
  std::vector<ResidualElement> row_residual_;  // of the page's rows
  bool page_has_residual_ = false;
  ResidualWriter residual_;
  NestedColumns nested_;

  std::vector<uint32_t> received_of_row_;               // [row of the table] code of received_
  std::vector<std::vector<uint32_t>> attribute_codes_;  // [attribute leaf][row of the page]
  std::vector<uint32_t*> page_codes_;                   // those in use by the page, else null
  uint32_t trace_ = 0;                                  // the trace of the next row
  uint32_t group_trace_ = kNoLeaf;                      // the last trace that is in the row group's dictionary
  uint32_t group_traces_ = 0;
  uint32_t group_rows_ = 0;
  uint64_t group_min_start_ = 0, group_max_start_ = 0;
  uint64_t min_receive_ns_ = ~uint64_t{0}, max_receive_ns_ = 0;
};

}  // namespace clew::store
