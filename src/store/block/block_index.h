// Our index between the last row group and the footer (docs/internals/block.md §6): what the writer puts in, what the
// reader gets out.
//
// decode() judges everything that one section says about itself; what sections say about each other and about the file
// is the Block's to judge.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/span_words.h"
#include "store/block/block_schema.h"
#include "store/block/trace_order.h"
#include "store/parquet/page.h"

namespace clew::store {

inline constexpr std::string_view kIndexKey = "clew.index";
inline constexpr int kIndexVersion = 1;

struct BlockCounts {
  uint64_t rows = 0;
  uint64_t traces = 0;
  uint64_t page_rows = 0;
  uint64_t row_group_rows = 0;
  uint64_t min_start_ns = 0;
  uint64_t max_end_ns = 0;
  uint64_t min_receive_ns = 0;
  uint64_t max_receive_ns = 0;
  uint64_t duplicates = 0;

  friend bool operator==(const BlockCounts&, const BlockCounts&) = default;
};

enum class ChunkEncoding : uint8_t { dictionary = 0, plain = 1, numbers = 2 };

// Where the pages of one leaf in one row group are: side by side, the dictionary page first.
struct ChunkPages {
  struct Page {
    uint32_t bytes = 0;
    uint32_t codes_end = 0;
    friend bool operator==(const Page&, const Page&) = default;
  };
  ChunkEncoding encoding = ChunkEncoding::dictionary;
  uint32_t entries = 0;
  uint32_t dictionary_bytes = 0;
  std::vector<Page> pages;

  friend bool operator==(const ChunkPages&, const ChunkPages&) = default;
};

// Which dictionary entries each page of a chunk uses; none when the dictionary is too large.
struct PageSets {
  uint32_t entries = 0;
  std::string bits;  // (entries + 7) / 8 bytes a page

  bool has(uint32_t page, uint32_t entry) const {
    size_t at = size_t{page} * ((entries + 7) / 8) + entry / 8;
    return at >= bits.size() || (static_cast<uint8_t>(bits[at]) >> entry % 8 & 1);
  }
  friend bool operator==(const PageSets&, const PageSets&) = default;
};

struct KeyEntry {
  struct Column {
    ColumnType type = ColumnType::text;
    uint32_t leaf = 0;
    friend bool operator==(const Column&, const Column&) = default;
  };
  Scope scope = Scope::span;
  std::string name;
  uint64_t occurrences = 0;
  uint64_t residual = 0;
  std::vector<Column> columns;

  friend bool operator==(const KeyEntry&, const KeyEntry&) = default;
};

template <typename T>
using PerLeaf = std::vector<std::vector<T>>;  // [leaf][row group]

struct TraceLookup {
  std::vector<uint32_t> fingerprints;  // ascending
  std::vector<uint32_t> traces;
  static uint32_t fingerprint(TraceId id) { return static_cast<uint32_t>(id.hash() >> 32); }
};

// One call per section while writing, then finish().
class IndexWriter {
 public:
  void counts(const BlockCounts& counts);
  void pages(const PerLeaf<ChunkPages>& leaves);
  void traces(const std::vector<TraceRun>& runs);
  void lookup(const std::vector<TraceRun>& runs);
  void listed(const std::vector<TraceId>& ids);
  void keys(const std::vector<KeyEntry>& keys);
  void page_sets(const PerLeaf<PageSets>& leaves);

  size_t size() const;
  // The index; `footer` is what will follow it.
  std::string finish(std::string_view footer) const;

 private:
  struct Section {
    uint32_t id;
    std::string stored;
    uint64_t raw_bytes;
  };
  void add(uint32_t id, std::string raw);
  std::vector<Section> sections_;
};

// Keeps the stored sections, verified; decodes one when asked.
class IndexReader {
 public:
  static Result<IndexReader> open(std::string bytes, std::string_view footer, parquet::Checksums checksums);

  Result<BlockCounts> counts() const;
  Result<PerLeaf<ChunkPages>> pages() const;
  // Ids are not in here and stay zero.
  Result<std::vector<TraceRun>> traces(const BlockCounts& counts) const;
  Result<TraceLookup> lookup(const BlockCounts& counts) const;
  Result<std::vector<TraceId>> listed() const;
  Result<std::vector<KeyEntry>> keys() const;
  Result<PerLeaf<PageSets>> page_sets() const;

 private:
  struct Section {
    uint32_t id;
    uint64_t offset;
    uint64_t stored_bytes;
    uint64_t raw_bytes;
  };
  Result<std::string> section(uint32_t id) const;
  std::string bytes_;
  std::vector<Section> sections_;
};

}  // namespace clew::store
