// Writes one leaf column of one row group after the other: codes of a segment's dictionary in, pages out.
//
// A segment code is looked up in an array and becomes the chunk's own code; the first time it is met, its value is
// appended to the dictionary page. No value is hashed. Of a leaf whose values may be mostly distinct the chunk's codes
// are held until the row group ends: it is plain if that is shorter. So are they where a large dictionary is sorted.
// Pages are kept uncompressed until then in any case, because a chunk is compressed as a whole or not at all.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/huge_pages.h"
#include "column/dictionary.h"
#include "store/block/block_index.h"
#include "store/block/block_schema.h"
#include "store/parquet/compression.h"
#include "store/parquet/metadata.h"

namespace clew::store {

// Levels of a page of a repeated leaf. Width 1 for a greatest level of 1, else 2.
struct Levels {
  std::span<const uint32_t> repetition;
  std::span<const uint32_t> definition;
};

// As unsigned numbers.
struct NumberRange {
  uint64_t least = 0;
  uint64_t greatest = 0;
};

// Dictionaries of texts with fewer entries are not worth the time to sort them.
inline constexpr uint32_t kSortedEntries = 4096;
// By which it is judged how a column compresses.
inline constexpr size_t kSampleBytes = 256 << 10;
// Whether a column is expected to take less, compressed, as its values one after the other (plain_bytes, that begin
// with `values`) than as a sorted dictionary with its codes.
bool plain_is_shorter(parquet::Compressor& compressor, std::string_view values, size_t plain_bytes,
                      std::string_view sorted, size_t codes_bytes);

class LeafWriter {
 public:
  // `values` may be null for leaves of numbers and fixed bytes; else it outlives the writer and may grow.
  LeafWriter(const Leaf& leaf, const ValueDictionary* values, bool may_be_plain = false);
  void limit_pages(size_t bytes) { max_page_bytes_ = bytes; }
  // Memory that one writer after the other has its pages in: what release() gives back. It outlives the writers.
  struct Memory {
    std::string payloads, dictionary;
  };
  void use_memory(Memory& memory);
  // What the row group's pages will take, about: so much is made at once.
  void expect_bytes(size_t bytes) { reserve_large(payloads_, bytes); }
  // Large dictionaries of texts are put in the order of their bytes, and chosen before plain where that is shorter
  // compressed (docs/internals/block.md §2). Before the first page.
  void sort_texts();
  // Of the row group, without nulls.
  uint64_t values_written() const { return all_values_ - nulls_; }

  void begin_row_group();

  // --- flat leaves: one call a page ---
  // A code of `values` a row; kNoCode is null.
  void codes(std::span<const uint32_t> codes);
  void same_code(uint32_t code, size_t rows);
  // Numbers by delta; `present` (a bit a row; may be empty: all) says which rows have one.
  void numbers(std::span<const int64_t> numbers, size_t rows, std::span<const uint64_t> present);
  // Values of fixed width side by side, likewise.
  void fixed(std::string_view bytes, size_t rows, std::span<const uint64_t> present);
  // Before the first page: each of `values` will be used, and there will be no more; so their codes may be the chunk's.
  void uses_all_values();
  // Instead of codes of `values`: the whole dictionary of the row group, as PLAIN has it, before its first page;
  // codes() are then its own. Or, page by page, the values that are there, as PLAIN has them.
  void given_dictionary(std::string_view entries, uint32_t count);
  void given_values(std::string_view bytes, size_t count, size_t rows, std::span<const uint64_t> present);
  // Codes of a dictionary the caller keeps: `bytes` are the values that are new since the last page.
  void own_codes(std::span<const uint32_t> codes, std::string_view new_entries, uint32_t entries);

  // --- repeated leaves: one call a page, only the values that are there ---
  void codes(const Levels& levels, std::span<const uint32_t> codes);
  void numbers(const Levels& levels, std::span<const int64_t> numbers);
  void fixed(const Levels& levels, std::string_view bytes);
  // No row has any.
  void no_lists(size_t rows);

  // For chunks with the same pages as this one: whether it has a dictionary whatever comes, the code in it of a code of
  // `values` (kNoCode: not used in the row group), and entries like its own of these codes.
  bool is_always_coded() const { return is_coded() && !holds_codes_ && leaf_.is_flat(); }
  uint32_t chunk_code_of(uint32_t code) const { return code < chunk_code_of_.size() ? chunk_code_of_[code] : kNoCode; }
  uint32_t entries() const { return entries_; }
  bool has_given_dictionary() const { return has_given_dictionary_; }
  std::string plain_entries(std::span<const uint32_t> codes) const;
  const Leaf& leaf() const { return leaf_; }
  static std::unexpected<Error> too_large(const Leaf& leaf);

  // Appends the chunk to `file`. resource_exhausted when a page or dictionary is above the limit.
  Result<parquet::ColumnChunk> end_row_group(std::string& file, parquet::Compressor& compressor, ChunkPages& pages,
                                             PageSets& sets);
  // What the chunk's pages hold, not compressed: for whoever wants to say more of them. From end_row_group() to
  // release(), which gives the memory back, so that a block is never in memory twice.
  struct RawChunk {
    std::string_view dictionary;
    std::vector<std::string_view> pages;  // levels and values
    std::span<const NumberRange> ranges;  // of pages of numbers that are all there
  };
  RawChunk raw() const;
  void release();

 private:
  struct RawPage {
    size_t begin;
    size_t end;
    uint32_t values;
    size_t held_begin;  // of held_
    uint32_t entries;   // in use by now
  };
  void append_levels(std::span<const uint32_t> levels, int width);
  void append_presence(std::span<const uint64_t> present, size_t rows, size_t count);
  void append_level_run(uint32_t level, size_t count, int width);
  void append_sized(size_t length_at);
  void values(std::span<const uint32_t> codes);
  void booleans(std::span<const uint32_t> codes);
  void chunk_codes(std::span<const uint32_t> codes, uint32_t entries, std::string& out);
  uint32_t enter(uint32_t code);
  void append_value(ValueView value, std::string& out) const;
  void close_page(size_t values, size_t present);
  void note_entries(std::span<const uint32_t> codes, uint32_t entries);
  size_t entry_bytes(uint32_t entry) const;
  void settle_held(parquet::Compressor& compressor);
  void sort_held(parquet::Compressor& compressor, size_t codes_bytes);
  Status check_limits() const;
  // Of the dictionary page, if there is one, and of the data pages.
  std::vector<std::string_view> payloads() const;
  // Where the chunk's pages go, and what they become there.
  struct Target {
    std::string& file;
    parquet::Encoding encoding;
    uint64_t raw_bytes = 0;  // with headers
    std::vector<uint32_t> page_bytes;

    void begin_again(size_t file_size) {
      file.resize(file_size);
      raw_bytes = 0;
      page_bytes.clear();
    }
  };
  size_t append_page(size_t i, std::string_view payload, parquet::Compressor* compressor, Target& to) const;
  bool append_compressed(const std::vector<std::string_view>& payloads, parquet::Compressor& compressor,
                         Target& to) const;
  bool is_coded() const { return !is_boolean_ && !numeric_; }
  void accept_given();

  const Leaf leaf_;
  const ValueDictionary* values_;
  const bool is_boolean_;
  bool numeric_;
  const bool may_be_plain_;
  bool holds_codes_;
  bool sorts_ = false;
  bool has_given_dictionary_ = false;
  size_t max_page_bytes_ = parquet::kMaxPageBytes;
  std::vector<uint32_t> chunk_code_of_;
  std::vector<uint32_t> scratch_, present_;
  std::vector<uint64_t> presence_;
  std::string dictionary_;
  std::vector<uint32_t> held_;        // chunk codes of all pages so far
  std::vector<size_t> entry_begins_;  // in dictionary_, while codes are held
  size_t plain_bytes_ = 0;            // what the held codes take when plain
  bool plain_ = false;                // what settle_held() decided
  uint32_t entries_ = 0;
  uint32_t codes_end_ = 0;  // one more than the greatest code of a given dictionary so far
  uint64_t nulls_ = 0;
  uint64_t all_values_ = 0;
  size_t page_begin_ = 0;
  size_t held_begin_ = 0;
  std::string payloads_;
  std::vector<RawPage> pages_;
  std::vector<uint32_t> codes_ends_;
  std::vector<NumberRange> ranges_;
  std::vector<std::array<uint64_t, kMaxSetEntries / 64>> sets_;
  Memory* memory_ = nullptr;
};

}  // namespace clew::store
