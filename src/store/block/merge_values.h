// A flat leaf with many values on its way from the inputs' pages to a LeafWriter. Values stay where they were read,
// numbered through all inputs, and a row knows the number of its own; what they are is looked at once, when they are
// put in order, which tells equal ones too.
//
// Memory, which is kept for the next column: the values read, 40 bytes for each and 4 a row. When those read are more
// than `held_bytes`, and more than twice what was distinct among them the last time, they are put in order at once, and
// each is kept once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/block/leaf_reader.h"
#include "store/block/leaf_writer.h"
#include "store/block/merge_input.h"
#include "store/block/text_order.h"
#include "store/block/value_list.h"

namespace clew::store {

class ValueStage {
 public:
  explicit ValueStage(size_t held_bytes) : held_bytes_(held_bytes) {}

  // A column, not of booleans: of so many rows, and of `values` in all inputs.
  void begin(LeafKind kind, uint32_t rows, uint64_t values);
  // The rows of one input by one of its leaves, of that kind; any number of calls. What gets no value is null.
  Status add(const MergeInput& input, uint32_t leaf, const PagedPieces& pieces);
  // All pages of the row group, as dictionary or plain (docs/internals/block.md §2, §8). Once a column.
  void write(LeafWriter& writer, uint32_t page_rows);

 private:
  uint32_t hold(std::unique_ptr<ValueList> values);
  void put_page(std::span<const uint32_t> codes, uint32_t shift, std::span<const MergePiece> pieces);
  void put_plain_page(const PlainPage& page, uint32_t rows, uint32_t first, std::span<const MergePiece> pieces);
  bool has_lengths() const { return kind_ == LeafKind::text || kind_ == LeafKind::bytes || kind_ == LeafKind::hex; }
  bool has_numbers() const { return !has_lengths() && fixed_width(kind_) <= sizeof(uint64_t); }
  bool is_foreseeably_plain() const;
  void order();
  void keep_ordered();
  bool is_plain();
  void write_plain(LeafWriter& writer, uint32_t page_rows);
  void write_dictionary(LeafWriter& writer, uint32_t page_rows);

  const size_t held_bytes_;
  LeafKind kind_ = LeafKind::text;
  std::vector<std::unique_ptr<ValueList>> lists_;
  size_t list_bytes_ = 0;
  std::string kept_;                      // values that were put in order before, each once
  std::vector<std::string_view> values_;  // as PLAIN has them: those of kept_, then those of lists_
  std::vector<uint32_t> value_of_row_;    // kNoCode: null
  std::vector<uint8_t> used_;             // values that some row has
  DistinctOrder order_;
  std::string ordered_;  // the distinct ones, in order
  std::vector<uint32_t> page_codes_;
  std::vector<uint64_t> present_;
  parquet::Compressor compressor_;  // of samples
};

}  // namespace clew::store
