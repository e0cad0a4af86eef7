// One column of a merged row group on its way from the inputs' pages to a LeafWriter: codes in the rows' new order, of
// a dictionary that lives as long as the stage.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "column/dictionary.h"
#include "store/block/leaf_writer.h"
#include "store/block/merge_input.h"

namespace clew::store {

// The row group's pieces of every input.
using GroupPieces = std::vector<PagedPieces>;

// A flat leaf. As long as all pages say the same one code, nothing is kept per row.
//
// Whether a value was there before is looked up for every entry, until it is foreseeable that a dictionary would not be
// shorter than the values themselves (docs/internals/block.md §8): ids are then only copied.
class CodeStage {
 public:
  static constexpr uint64_t kFirstJudged = 1 << 14;  // rows

  struct Options {
    CodeMap::Form form = CodeMap::Form::value;
    // Values that are hardly ever there twice need not be told apart; set() is not called then.
    bool may_append = true;
    // Some input has several leaves that are added.
    bool shares_rows = false;
  };
  // The stage has `codes` to itself, whose memory is for the next stage when this one is no more.
  CodeStage(uint32_t rows, Options options, std::vector<uint32_t>& codes)
      : rows_(rows), options_(options), codes_(codes) {}

  // The rows of one input by one of its leaves; any number of calls, then settle(). What gets no code is null. The
  // pieces stay until then.
  Status add(const MergeInput& input, uint32_t leaf, const PagedPieces& pieces);
  void set(uint32_t row, ValueView value);
  void settle();

  const ValueDictionary& values() const { return values_; }
  // By call of add(): CodeMap::to_codes() of what was open last.
  const std::vector<std::vector<uint32_t>>& to_codes() const { return to_codes_; }
  // Whether each of the values is that of some row.
  bool uses_all() const { return !was_set_ && !options_.shares_rows; }
  // Of the rows that have one.
  bool is_mostly_distinct() const;
  uint32_t code(uint32_t row) const { return is_spread_ ? codes_[row] : same_; }
  // How many rows have each code.
  std::vector<uint64_t> uses() const;

  // All pages of the row group. With `leaf_of_code`: the codes of that leaf, and null for others.
  void write(LeafWriter& writer, uint32_t page_rows) const;
  void write(LeafWriter& writer, uint32_t page_rows, std::span<const uint32_t> leaf_of_code, uint32_t leaf) const;

 private:
  void add_same(uint32_t code, std::span<const MergePiece> pieces);
  Status add_only_value(CodeMap& map, const BlockFile& file, const PagedPieces& pieces);
  Status add_pages(CodeMap& map, const MergeInput& input, const PagedPieces& pieces);
  void add_page(CodeMap& map, const LeafPage& page, std::span<const MergePiece> pieces);
  void judge();
  uint32_t* spread();

  const uint32_t rows_;
  const Options options_;
  bool appends_ = false;
  bool was_set_ = false;
  ValueDictionary values_;
  std::vector<std::vector<uint32_t>> to_codes_;
  // Of the pages so far: rows, those of them with a value, and the bytes of the entries they brought.
  uint64_t seen_rows_ = 0, seen_values_ = 0, entry_bytes_ = 0;
  uint64_t judged_rows_ = kFirstJudged;
  // Of the pages so far, unless is_spread_: all their rows have this code, or none.
  uint32_t same_ = kNoCode;
  uint32_t same_rows_ = 0;
  std::vector<std::span<const MergePiece>> same_pieces_;
  bool is_spread_ = false;
  std::vector<uint32_t>& codes_;  // by row
};

// A repeated leaf: per row its levels and values, in the order they came.
class ListStage {
 public:
  ListStage(const Leaf& leaf, uint32_t rows) : leaf_(leaf), rows_(rows) {}

  Status add(const MergeInput& input, uint32_t leaf, const PagedPieces& pieces);
  // True when no row has an element.
  bool is_empty() const { return levels_.empty(); }
  const ValueDictionary& values() const { return values_; }
  // How often each code is there.
  std::vector<uint64_t> uses() const;

  // All pages of the row group.
  void write(LeafWriter& writer, uint32_t page_rows) const;

 private:
  struct Row {
    uint32_t level = 0, levels = 0;  // none: a row without elements
    uint32_t word = 0, words = 0;
  };
  struct Level {
    uint8_t repetition, definition;
  };
  // Where a page's rows are in its levels and values.
  std::vector<Row> rows_of(const LeafPage& page) const;
  bool is_number() const { return leaf_.kind == LeafKind::integer; }
  bool is_id() const { return leaf_.kind == LeafKind::fixed8 || leaf_.kind == LeafKind::fixed16; }
  uint32_t words_a_value() const { return leaf_.kind == LeafKind::fixed16 ? 2 : 1; }
  void write_page(LeafWriter& writer, std::span<const Row> rows) const;

  const Leaf& leaf_;
  const uint32_t rows_;
  std::vector<Row> of_row_;  // empty while no row has any
  std::vector<Level> levels_;
  std::vector<int64_t> words_;  // codes, or numbers; two a value for ids of 16 bytes
  ValueDictionary values_;
};

}  // namespace clew::store
