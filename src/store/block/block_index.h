// Our index between the last row group and the footer (docs/internals/block.md §6): what the writer puts in, what the
// reader gets out.
//
// A decoder judges everything that one section says about itself; what sections say about each other and about the file
// is the Block's to judge.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/span_words.h"
#include "store/block/block_schema.h"
#include "store/block/trace_order.h"
#include "store/parquet/compression.h"
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

// The least and greatest number of a page's rows, times beyond 2^63 ns taken for 2^63 - 1.
struct PageRanges {
  int64_t min_start_ns = 0;
  int64_t max_start_ns = 0;
  int64_t min_duration_ns = 0;
  int64_t max_duration_ns = 0;

  friend bool operator==(const PageRanges&, const PageRanges&) = default;
};

// What is said of all traces but where they are.
struct TraceFacts {
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  uint32_t errors = 0;
  uint32_t root = 0;  // as in TraceRun
};

// Numbers reach the disk. What is needed to open a block comes last, next to the footer.
enum class SectionKind : uint32_t {
  value_filter = 1,  // of a leaf and row group
  trace_facts = 2,
  runs = 3,
  trace_numbers = 4,
  listed = 5,
  page_sets = 6,
  fingerprints = 7,
  keys = 8,
  pages = 9,
  page_ranges = 10,
  counts = 11,
};

struct SectionId {
  SectionKind kind = SectionKind::counts;
  uint32_t leaf = 0;
  uint32_t group = 0;
  friend auto operator<=>(const SectionId&, const SectionId&) = default;
};

// One call per section while writing, then finish().
class IndexWriter {
 public:
  void counts(const BlockCounts& counts);
  void pages(const PerLeaf<ChunkPages>& leaves);
  void page_ranges(const std::vector<PageRanges>& pages);
  void traces(std::span<const TraceRun> runs);
  void lookup(std::span<const TraceRun> runs);
  void listed(const std::vector<TraceId>& ids);
  void keys(const std::vector<KeyEntry>& keys);
  void page_sets(const PerLeaf<PageSets>& leaves);
  void value_filter(uint32_t leaf, uint32_t group, std::string raw);

  size_t size() const;
  // The index; `footer` is what will follow it.
  std::string finish(std::string_view footer);

 private:
  struct Section {
    SectionId id;
    std::string stored;
    uint64_t raw_bytes;
  };
  void add(SectionId id, std::string raw, bool compress = true);
  parquet::Compressor compressor_;
  std::vector<Section> sections_;
};

// Where the sections are, by number of bytes from the index's begin.
class IndexDirectory {
 public:
  struct Section {
    SectionId id;
    uint32_t crc = 0;
    uint64_t offset = 0;
    uint64_t stored_bytes = 0;
    uint64_t raw_bytes = 0;
  };
  static constexpr size_t kEndBytes = 16;  // what says how long the directory is
  // From the index's last kEndBytes; corruption when it cannot be one.
  static Result<uint64_t> bytes_of(std::string_view end, uint64_t index_bytes);
  static Result<IndexDirectory> decode(std::string_view directory, uint64_t index_bytes, std::string_view footer,
                                       parquet::Checksums checksums);

  const Section* find(SectionId id) const;  // null: there is none
  uint64_t sections_bytes() const { return sections_bytes_; }
  size_t memory_bytes() const { return sections_.capacity() * sizeof(Section); }

 private:
  std::vector<Section> sections_;  // by id
  uint64_t sections_bytes_ = 0;
};

// A section as it lies in the file, verified and unpacked.
Result<std::string> open_section(const IndexDirectory::Section& section, std::string_view stored,
                                 parquet::Checksums checksums);

Result<BlockCounts> decode_counts(std::string_view raw);
Result<PerLeaf<ChunkPages>> decode_pages(std::string_view raw);
Result<std::vector<PageRanges>> decode_page_ranges(std::string_view raw, size_t pages);
// The first row of each trace, and after the last one the number of rows.
Result<std::vector<uint32_t>> decode_runs(std::string_view raw, const BlockCounts& counts);
Result<std::vector<TraceFacts>> decode_trace_facts(std::string_view raw, const BlockCounts& counts);
Result<std::vector<TraceId>> decode_listed(std::string_view raw);
Result<std::vector<KeyEntry>> decode_keys(std::string_view raw);
Result<PerLeaf<PageSets>> decode_page_sets(std::string_view raw);

}  // namespace clew::store
