#include "store/block/merge_input.h"

#include <algorithm>
#include <array>

namespace clew::store {

Result<MergeInput> MergeInput::open(std::shared_ptr<const Block> block) {
  MergeInput out(std::move(block));
  out.unit_ = out.block_->unit(nullptr);
  ASSIGN_OR_RETURN(out.traces_, out.unit_->summaries());
  ASSIGN_OR_RETURN(out.listed_, out.unit_->listed());
  return out;
}

PagedPieces MergeInput::cut(std::vector<MergePiece> pieces) const {
  // Parts of joined traces are pulled forward; all else is in order already.
  if (!std::ranges::is_sorted(pieces, {}, &MergePiece::row)) std::ranges::sort(pieces, {}, &MergePiece::row);
  PagedPieces out;
  out.pieces.reserve(pieces.size());
  for (MergePiece piece : pieces) {
    while (piece.rows > 0) {
      uint32_t page = piece.row / file().page_rows();
      RowRange rows = file().rows_of_page(page);
      uint32_t count = std::min(piece.rows, rows.end - piece.row);
      auto at = static_cast<uint32_t>(out.pieces.size());
      if (out.pages.empty() || out.pages.back().page != page) out.pages.push_back({page, at, at});
      out.pieces.push_back({piece.row - rows.begin, count, piece.out});
      out.pages.back().end = at + 1;
      piece = {piece.row + count, piece.rows - count, piece.out + count};
    }
  }
  return out;
}

Result<MergeInput::Fetched> MergeInput::fetch(uint32_t leaf, uint32_t first, uint32_t last) const {
  const auto& chunk = file().chunk(leaf, file().group_of_page(first));
  Fetched out;
  out.offset = chunk.page_offsets[file().page_in_group(first)];
  uint64_t end = chunk.page_offsets[file().page_in_group(last) + 1];
  ASSIGN_OR_RETURN(out.bytes, file().read(out.offset, end - out.offset));
  return out;
}

std::string_view MergeInput::stored(uint32_t leaf, uint32_t page, const Fetched& fetched) const {
  uint32_t number = file().page_in_group(page);
  const auto& offsets = file().chunk(leaf, file().group_of_page(page)).page_offsets;
  return std::string_view(fetched.bytes)
      .substr(offsets[number] - fetched.offset, offsets[number + 1] - offsets[number]);
}

Result<LeafPage> MergeInput::decode(uint32_t leaf, uint32_t page, std::string_view stored) const {
  return read_leaf_page(file(), leaf, file().group_of_page(page), file().page_in_group(page), stored);
}

Result<LeafPage> MergeInput::page(uint32_t leaf, uint32_t page) const {
  ASSIGN_OR_RETURN(Fetched fetched, fetch(leaf, page, page));
  return decode(leaf, page, stored(leaf, page, fetched));
}

Status CodeMap::open(uint32_t page) {
  const BlockFile& file = input_.file();
  const uint32_t group = file.group_of_page(page);
  const auto& chunk = file.chunk(leaf_, group);
  const bool plain = chunk.encoding == ChunkEncoding::plain;
  const Part part{plain, plain ? page : group};
  if (part == part_) return {};
  if (file.leaves()[leaf_].kind == LeafKind::boolean) {
    to_code_.assign(2 + 1, kNoCode);
  } else if (plain) {
    ASSIGN_OR_RETURN(entries_, read_plain_values(file, leaf_, page));
    base_ = chunk.code_base + chunk.codes_begin(file.page_in_group(page));
    to_code_.assign(entries_->size() + 1, kNoCode);
  } else {
    ASSIGN_OR_RETURN(entries_, read_entries(file, leaf_, group));
    base_ = chunk.code_base;
    to_code_.assign(entries_->size() + 1, kNoCode);
  }
  part_ = part;
  known_ = 0;
  return {};
}

ValueView CodeMap::entry(uint32_t code) {
  return entries_ ? entries_->view(code - base_, &texts_) : ValueView::of_bool(code != 0);
}

ValueView CodeMap::taken(uint32_t at) {
  return form_ == Form::stored ? ValueView::of_bytes(entries_->stored(at)) : entry(at + base_);
}

uint32_t CodeMap::enter(uint32_t code) {
  ++known_;
  return to_code_[code - base_] = to_.intern(taken(code - base_));
}

// Look-ups of many values wait for memory together.
void CodeMap::intern_fresh() {
  constexpr size_t kAtOnce = 32;
  std::array<ValueView, kAtOnce> values;
  std::array<uint64_t, kAtOnce> hashes;
  std::array<uint32_t, kAtOnce> likely;
  for (size_t begin = 0; begin < fresh_.size(); begin += kAtOnce) {
    size_t count = std::min(kAtOnce, fresh_.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      values[i] = taken(fresh_[begin + i]);
      hashes[i] = ValueDictionary::hash_of(values[i]);
      to_.prefetch_slot(hashes[i]);
    }
    for (size_t i = 0; i < count; ++i) likely[i] = to_.prefetch_entry(hashes[i]);
    for (size_t i = 0; i < count; ++i) to_.prefetch_text(likely[i]);
    for (size_t i = 0; i < count; ++i) to_code_[fresh_[begin + i]] = to_.intern(values[i], hashes[i], likely[i]);
  }
}

size_t CodeMap::enter(std::span<const uint32_t> codes, bool append) {
  fresh_.clear();
  if (knows_all()) return 0;
  for (uint32_t code : codes) {
    if (code == kNoCode || to_code_[code - base_] != kNoCode) continue;
    to_code_[code - base_] = 0;
    fresh_.push_back(code - base_);
  }
  known_ += fresh_.size();
  size_t bytes = 0;
  if (entries_) {
    for (uint32_t at : fresh_) bytes += entries_->plain_bytes(at);
  }
  if (append) {
    for (uint32_t at : fresh_) to_code_[at] = to_.append(taken(at));
  } else {
    intern_fresh();
  }
  return bytes;
}

void CodeMap::translate(std::span<const uint32_t> codes, uint32_t* out) const {
  // Which rows have a value cannot be foreseen: no branch asks.
  const uint32_t* to_code = to_code_.data();
  const auto null = static_cast<uint32_t>(to_code_.size() - 1);
  const uint32_t base = base_;
  for (uint32_t code : codes) *out++ = to_code[std::min(code - base, null)];
}

void CodeMap::translate_into(std::span<const uint32_t> codes, uint32_t* out) const {
  for (size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] != kNoCode) out[i] = to_code_[codes[i] - base_];
  }
}

}  // namespace clew::store
