#include "store/block/merge_stage.h"

#include <algorithm>

#include "model/ids.h"
#include "store/parquet/bit_packing.h"

namespace clew::store {
namespace {

constexpr size_t kCompared = 256;  // codes, before it is asked whether to go on

bool all_same(std::span<const uint32_t> codes) {
  for (size_t at = 0; at < codes.size(); at += kCompared) {
    uint32_t differing = 0;
    for (uint32_t code : codes.subspan(at, std::min(kCompared, codes.size() - at))) differing |= code ^ codes[0];
    if (differing != 0) return false;
  }
  return true;
}

template <typename OnPage>
void each_page(uint32_t rows, uint32_t page_rows, OnPage&& on_page) {
  for (uint32_t begin = 0; begin < rows; begin += page_rows) on_page(begin, std::min(rows - begin, page_rows));
}

}  // namespace

uint32_t* CodeStage::spread() {
  if (!is_spread_) {
    codes_.assign(rows_, kNoCode);
    is_spread_ = true;
    for (auto pieces : same_pieces_) {
      for (const MergePiece& piece : pieces) std::fill_n(codes_.data() + piece.out, piece.rows, same_);
    }
  }
  return codes_.data();
}

void CodeStage::add_same(uint32_t code, std::span<const MergePiece> pieces) {
  if (code == kNoCode) return;
  if (!is_spread_ && (same_rows_ == 0 || code == same_)) {
    same_ = code;
    same_pieces_.push_back(pieces);
    for (const MergePiece& piece : pieces) same_rows_ += piece.rows;
    return;
  }
  uint32_t* codes = spread();
  for (const MergePiece& piece : pieces) std::fill_n(codes + piece.out, piece.rows, code);
}

// Values that were met again grow with the square of the rows, as far as one is as likely as another: `seen` rows had
// so many, all will have more. When those would save less than codes cost, there will be no dictionary.
void CodeStage::judge() {
  if (!options_.may_append || appends_ || seen_rows_ < judged_rows_ || seen_values_ == 0) return;
  while (judged_rows_ <= seen_rows_) judged_rows_ *= 2;
  const double growth = static_cast<double>(rows_) / static_cast<double>(seen_rows_);
  const auto entries = static_cast<double>(values_.size());
  const double all_values = static_cast<double>(seen_values_) * growth;
  const double repeated = std::min((static_cast<double>(seen_values_) - entries) * growth * growth, all_values);
  const double saved = repeated * static_cast<double>(entry_bytes_) / entries;
  appends_ = saved < all_values * parquet::bits_for(values_.size()) / 8;
}

void CodeStage::add_page(CodeMap& map, const LeafPage& page, std::span<const MergePiece> pieces) {
  uint32_t* codes = spread();
  for (const MergePiece& piece : pieces) {
    const std::span<const uint32_t> from = std::span(page.codes).subspan(piece.row, piece.rows);
    // Rows that go elsewhere do not bring their values.
    if (!map.knows_all()) entry_bytes_ += map.enter(from, appends_);
    seen_rows_ += piece.rows;
    if (options_.shares_rows) {
      // A row may have its value from another leaf of its key.
      map.translate_into(from, codes + piece.out);
    } else {
      map.translate(from, codes + piece.out);
    }
  }
  seen_values_ += page.values();
  judge();
}

// The pages of a required leaf whose dictionary has one entry all say the same, and are not looked at.
Status CodeStage::add_only_value(CodeMap& map, const BlockFile& file, const PagedPieces& pieces) {
  for (const PagedPieces::Page& page : pieces.pages) {
    TRY(map.open(page.page));
    const uint32_t code = file.chunk(map.leaf(), file.group_of_page(page.page)).code_base;
    map.enter(std::span(&code, 1), appends_);
    add_same(map(code), pieces.of(page));
  }
  return {};
}

Status CodeStage::add_pages(CodeMap& map, const MergeInput& input, const PagedPieces& pieces) {
  return input.scan(map.leaf(), pieces,
                    [&](uint32_t number, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
                      const bool same = all_same(page.codes);
                      if (same && page.codes[0] == kNoCode) return {};
                      TRY(map.open(number));
                      if (same) {
                        map.enter(std::span(page.codes).first(1), appends_);
                        add_same(map(page.codes[0]), of_page);
                      } else {
                        add_page(map, page, of_page);
                      }
                      return {};
                    });
}

Status CodeStage::add(const MergeInput& input, uint32_t leaf, const PagedPieces& pieces) {
  CodeMap map(input, leaf, values_, options_.form);
  const BlockFile& file = input.file();
  bool has_one = file.leaves()[leaf].max_definition == 0;
  for (uint32_t group = 0; has_one && group < file.groups(); ++group) {
    const auto& chunk = file.chunk(leaf, group);
    has_one = chunk.encoding == ChunkEncoding::dictionary && chunk.entries == 1;
  }
  TRY(has_one ? add_only_value(map, file, pieces) : add_pages(map, input, pieces));
  to_codes_.emplace_back(map.to_codes().begin(), map.to_codes().end());
  return {};
}

void CodeStage::set(uint32_t row, ValueView value) {
  was_set_ = true;
  spread()[row] = values_.intern(value);
}

void CodeStage::settle() {
  if (same_rows_ != rows_ && same_rows_ != 0) spread();
}

bool CodeStage::is_mostly_distinct() const {
  // One value for all, or none.
  if (!is_spread_ || values_.size() < kMostlyDistinctEntries) return false;
  auto nulls = static_cast<uint64_t>(std::ranges::count(codes_, kNoCode));
  return store::is_mostly_distinct(values_.size(), rows_ - nulls);
}

std::vector<uint64_t> CodeStage::uses() const {
  std::vector<uint64_t> out(values_.size());
  if (!is_spread_) {
    if (same_ != kNoCode) out[same_] = rows_;
    return out;
  }
  for (uint32_t code : codes_) {
    if (code != kNoCode) ++out[code];
  }
  return out;
}

void CodeStage::write(LeafWriter& writer, uint32_t page_rows) const {
  each_page(rows_, page_rows, [&](uint32_t begin, uint32_t count) {
    if (!is_spread_) return writer.same_code(same_, count);
    auto page = std::span<const uint32_t>(codes_).subspan(begin, count);
    if (all_same(page)) {
      writer.same_code(page[0], count);
    } else {
      writer.codes(page);
    }
  });
}

void CodeStage::write(LeafWriter& writer, uint32_t page_rows, std::span<const uint32_t> leaf_of_code,
                      uint32_t leaf) const {
  std::vector<uint32_t> page;
  each_page(rows_, page_rows, [&](uint32_t begin, uint32_t count) {
    page.resize(count);
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t code = this->code(begin + i);
      page[i] = code != kNoCode && leaf_of_code[code] == leaf ? code : kNoCode;
    }
    if (all_same(page)) {
      writer.same_code(page[0], count);
    } else {
      writer.codes(page);
    }
  });
}

std::vector<ListStage::Row> ListStage::rows_of(const LeafPage& page) const {
  std::vector<Row> out;
  uint32_t word = 0;
  for (uint32_t i = 0; i < page.repetition.size(); ++i) {
    if (page.repetition[i] == 0) out.push_back({i, 0, word, 0});
    Row& row = out.back();
    ++row.levels;
    if (page.definition[i] == leaf_.max_definition) row.words += words_a_value();
    word = row.word + row.words;
  }
  // A row without elements has one level that says so.
  for (Row& row : out) {
    if (page.definition[row.level] == 0) row.levels = 0;
  }
  return out;
}

Status ListStage::add(const MergeInput& input, uint32_t leaf, const PagedPieces& pieces) {
  CodeMap map(input, leaf, values_);
  const bool coded = !is_number() && !is_id();
  return input.scan(
      leaf, pieces, [&](uint32_t number, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
        if (std::ranges::none_of(page.definition, [](uint32_t level) { return level > 0; })) return {};
        if (of_row_.empty()) of_row_.resize(rows_);
        const std::vector<Row> rows = rows_of(page);
        if (coded && !page.codes.empty()) TRY(map.open(number));
        for (const MergePiece& piece : of_page) {
          for (uint32_t i = 0; i < piece.rows; ++i) {
            const Row& from = rows[piece.row + i];
            if (from.levels == 0) continue;
            of_row_[piece.out + i] = {static_cast<uint32_t>(levels_.size()), from.levels,
                                      static_cast<uint32_t>(words_.size()), from.words};
            for (uint32_t at = from.level; at < from.level + from.levels; ++at) {
              levels_.push_back({static_cast<uint8_t>(page.repetition[at]), static_cast<uint8_t>(page.definition[at])});
            }
            for (uint32_t at = from.word; at < from.word + from.words; ++at) {
              words_.push_back(coded ? int64_t{map(page.codes[at])} : page.numbers[at]);
            }
          }
        }
        return {};
      });
}

std::vector<uint64_t> ListStage::uses() const {
  std::vector<uint64_t> out(values_.size());
  for (int64_t code : words_) ++out[static_cast<size_t>(code)];
  return out;
}

void ListStage::write(LeafWriter& writer, uint32_t page_rows) const {
  each_page(rows_, page_rows, [&](uint32_t begin, uint32_t count) {
    auto rows = std::span<const Row>(of_row_).subspan(of_row_.empty() ? 0 : begin, of_row_.empty() ? 0 : count);
    if (std::ranges::all_of(rows, [](const Row& row) { return row.levels == 0; })) {
      writer.no_lists(count);
    } else {
      write_page(writer, rows);
    }
  });
}

void ListStage::write_page(LeafWriter& writer, std::span<const Row> rows) const {
  std::vector<uint32_t> repetition, definition, codes;
  std::vector<int64_t> numbers;
  std::string ids;
  for (const Row& row : rows) {
    if (row.levels == 0) {
      repetition.push_back(0);
      definition.push_back(0);
    }
    for (uint32_t at = row.level; at < row.level + row.levels; ++at) {
      repetition.push_back(levels_[at].repetition);
      definition.push_back(levels_[at].definition);
    }
    for (uint32_t at = row.word; at < row.word + row.words; ++at) {
      if (is_id()) {
        ids += SpanId{static_cast<uint64_t>(words_[at])}.bytes();
      } else if (is_number()) {
        numbers.push_back(words_[at]);
      } else {
        codes.push_back(static_cast<uint32_t>(words_[at]));
      }
    }
  }
  Levels levels{repetition, definition};
  if (is_id()) return writer.fixed(levels, ids);
  if (is_number()) return writer.numbers(levels, numbers);
  writer.codes(levels, codes);
}

}  // namespace clew::store
