// One block as a source of a merge: pages of a leaf in the order they lie in the file, each decoded once, and the
// entries of its dictionaries as codes of another one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "column/dictionary.h"
#include "column/unit.h"
#include "store/block/block.h"
#include "store/block/leaf_reader.h"

namespace clew::store {

// Rows of an input that go side by side to the output.
struct MergePiece {
  uint32_t row;  // of the input's page, once cut by page
  uint32_t rows;
  uint32_t out;  // of the output's row group
};

// The pieces of one input for one row group, cut where its pages end, by page and row.
struct PagedPieces {
  struct Page {
    uint32_t page;
    uint32_t begin, end;  // of pieces
  };
  std::vector<Page> pages;
  std::vector<MergePiece> pieces;

  std::span<const MergePiece> of(const Page& page) const {
    return std::span(pieces).subspan(page.begin, page.end - page.begin);
  }
};

// One thread. The block is kept alive.
class MergeInput {
 public:
  static Result<MergeInput> open(std::shared_ptr<const Block> block);

  const BlockFile& file() const { return block_->file(); }
  std::span<const TraceSummary> traces() const { return traces_; }
  std::span<const TraceId> listed() const { return listed_; }

  // Sorts the pieces (of whole-block row numbers) by row and cuts them.
  PagedPieces cut(std::vector<MergePiece> pieces) const;

  Result<LeafPage> page(uint32_t leaf, uint32_t page) const;
  // Calls on_page(page, LeafPage&, its pieces) for every page; pages of a row group are fetched in one read.
  template <typename OnPage>
  Status scan(uint32_t leaf, const PagedPieces& pieces, OnPage&& on_page) const;
  // The same with the stored bytes of the page.
  template <typename OnPage>
  Status scan_stored(uint32_t leaf, const PagedPieces& pieces, OnPage&& on_page) const;

 private:
  explicit MergeInput(std::shared_ptr<const Block> block) : block_(std::move(block)) {}
  // Pages first … last of one row group, with the read that fetched them.
  struct Fetched {
    std::string bytes;
    uint64_t offset = 0;
  };
  Result<Fetched> fetch(uint32_t leaf, uint32_t first, uint32_t last) const;
  std::string_view stored(uint32_t leaf, uint32_t page, const Fetched& fetched) const;
  Result<LeafPage> decode(uint32_t leaf, uint32_t page, std::string_view stored) const;

  std::shared_ptr<const Block> block_;
  std::shared_ptr<const Unit> unit_;  // owns what the spans view
  std::span<const TraceSummary> traces_;
  std::span<const TraceId> listed_;
};

template <typename OnPage>
Status MergeInput::scan_stored(uint32_t leaf, const PagedPieces& pieces, OnPage&& on_page) const {
  const auto& pages = pieces.pages;
  for (size_t i = 0; i < pages.size();) {
    uint32_t group = file().group_of_page(pages[i].page);
    size_t end = i + 1;
    while (end < pages.size() && file().group_of_page(pages[end].page) == group) ++end;
    ASSIGN_OR_RETURN(Fetched fetched, fetch(leaf, pages[i].page, pages[end - 1].page));
    for (; i < end; ++i) {
      TRY(on_page(pages[i].page, stored(leaf, pages[i].page, fetched), pieces.of(pages[i])));
    }
  }
  return {};
}

template <typename OnPage>
Status MergeInput::scan(uint32_t leaf, const PagedPieces& pieces, OnPage&& on_page) const {
  return scan_stored(leaf, pieces,
                     [&](uint32_t page, std::string_view stored, std::span<const MergePiece> of_page) -> Status {
                       ASSIGN_OR_RETURN(LeafPage decoded, decode(leaf, page, stored));
                       return on_page(page, decoded, of_page);
                     });
}

// Codes of one leaf of an input as codes of a dictionary under construction: an entry is taken over when it is first
// met.
class CodeMap {
 public:
  // How an entry is taken over: as the value it is, or as its stored bytes, whatever they stand for.
  enum class Form : uint8_t { value, stored };
  // All outlive the map.
  CodeMap(const MergeInput& input, uint32_t leaf, ValueDictionary& to, Form form = Form::value)
      : input_(input), leaf_(leaf), to_(to), form_(form) {}

  // Before the codes of a page that has any.
  Status open(uint32_t page);
  // Takes over what these codes of that page stand for, unless it was: `append` without looking whether another input
  // had it. Answers the bytes of what is new, as PLAIN has them.
  size_t enter(std::span<const uint32_t> codes, bool append);
  // Whether nothing of what is open is left to take over.
  bool knows_all() const { return known_ + 1 == to_code_.size(); }
  // Puts what that page's codes became to `out`; kNoCode stays.
  void translate(std::span<const uint32_t> codes, uint32_t* out) const;
  // The same, but leaves `out` as it is where there is no value.
  void translate_into(std::span<const uint32_t> codes, uint32_t* out) const;
  uint32_t leaf() const { return leaf_; }
  // Of a code of that page; kNoCode stays.
  uint32_t operator()(uint32_t code) {
    if (code == kNoCode) return kNoCode;
    uint32_t known = to_code_[code - base_];
    return known != kNoCode ? known : enter(code);
  }
  ValueView entry(uint32_t code);
  // By entry of what is open: what its code became, or kNoCode.
  std::span<const uint32_t> to_codes() const {
    return std::span(to_code_).first(to_code_.empty() ? 0 : to_code_.size() - 1);
  }

 private:
  // What is open: the values of a page, or the dictionary of a row group.
  struct Part {
    bool is_page = false;
    uint32_t number = kNoRow;
    friend bool operator==(const Part&, const Part&) = default;
  };
  ValueView taken(uint32_t at);
  uint32_t enter(uint32_t code);
  void intern_fresh();

  const MergeInput& input_;
  const uint32_t leaf_;
  ValueDictionary& to_;
  const Form form_;
  Part part_;
  uint32_t base_ = 0;
  std::unique_ptr<ValueList> entries_;  // none for booleans
  Arena texts_;
  std::vector<uint32_t> to_code_;  // and behind the last one kNoCode, for null
  size_t known_ = 0;               // of to_code_
  std::vector<uint32_t> fresh_;    // positions of entries
};

}  // namespace clew::store
