// The events and links of a block under construction: records of a page in, levels and values of their leaves out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "column/span_table.h"
#include "store/block/leaf_writer.h"
#include "store/block/residual_writer.h"

namespace clew::store {

class NestedColumns {
 public:
  // The vocabulary outlives the columns.
  explicit NestedColumns(const Vocabulary& vocabulary);

  // Makes the writers of its leaves, at their places. `rows`: of the block.
  void make_writers(std::vector<std::unique_ptr<LeafWriter>>& writers, uint64_t rows) const;
  // One page: begin_page(), add_row() for each row, end_page().
  void begin_page();
  void add_row(std::span<const uint32_t> nested_words);
  // For rows without events and links.
  void add_rows(size_t without_any) { rows_without_ += without_any; }
  void end_page(std::vector<std::unique_ptr<LeafWriter>>& writers);

  void add_counts(std::vector<uint64_t>& by_key) const;

 private:
  struct List {
    std::vector<uint32_t> repetition, definition;          // of the plain leaves
    std::vector<uint32_t> map_repetition, map_definition;  // of the map's
    std::vector<uint32_t> exact_definition;
    std::vector<uint32_t> map_names, map_values, exact;
    std::vector<uint32_t> names, dropped, flags;
    std::vector<int64_t> times;
    std::string traces, spans;
    size_t rows = 0;
    bool row_has_any = false;
    bool any = false;

    void clear();
    void begin_row() { row_has_any = false; }
    // The levels of one more record.
    void add(const ResidualElement& attributes);
    void end_row();
    void end_rows(size_t without_any);
  };
  void settle_rows_without();
  ResidualElement attributes(ResidualWriter& writer, uint32_t shape, std::span<const uint32_t> values);

  const Vocabulary& vocabulary_;
  ResidualWriter event_texts_, link_texts_;
  ValueDictionary numbers_;
  List events_, links_;
  size_t rows_without_ = 0;  // since the last row that went into the lists
};

}  // namespace clew::store
