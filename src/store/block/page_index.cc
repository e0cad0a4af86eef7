#include "store/block/page_index.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "store/block/value_filter.h"
#include "store/parquet/delta.h"
#include "store/parquet/page.h"

namespace clew::store {
namespace {

// Larger ones would cost more to read than they save.
constexpr uint64_t kMaxFilterValues = uint64_t{1} << 25;
constexpr size_t kUuidBytes = 16;

// 0: each value has its length before it.
size_t value_width(parquet::PhysicalType type) {
  switch (type) {
    case parquet::PhysicalType::int32:
    case parquet::PhysicalType::float32: return 4;
    case parquet::PhysicalType::int64:
    case parquet::PhysicalType::float64: return 8;
    case parquet::PhysicalType::fixed_byte_array: return kUuidBytes;
    default: return 0;
  }
}

template <typename OnValue>
void each_value(std::string_view bytes, size_t width, OnValue&& on_value) {
  ByteReader reader(bytes);
  while (reader.ok() && !reader.at_end()) on_value(reader.take(width != 0 ? width : reader.fixed<uint32_t>()));
}

// The values of a plain page, behind its levels.
std::string_view without_levels(uint32_t leaf, std::string_view payload) {
  bool is_attribute = leaf >= kFixedLeaves;
  int levels = is_attribute                              ? 1
               : fixed_leaves()[leaf].max_repetition > 0 ? 2
               : fixed_leaves()[leaf].max_definition > 0 ? 1
                                                         : 0;
  ByteReader reader(payload);
  for (; levels > 0; --levels) reader.take(reader.fixed<uint32_t>());
  return reader.take(reader.left());
}

int64_t clamp_signed(int64_t bits) {
  return bits < 0 ? std::numeric_limits<int64_t>::max() : bits;
}

// Calls on_page(number, page) for the data pages of a chunk.
template <typename OnPage>
Status each_page(std::string_view file, const parquet::ColumnChunk& chunk, const ChunkPages& pages, OnPage&& on_page) {
  auto at = static_cast<uint64_t>(chunk.data_page_offset);
  for (uint32_t i = 0; i < pages.pages.size(); ++i) {
    ASSIGN_OR_RETURN(
        auto page, parquet::open_page(file.substr(at, pages.pages[i].bytes), chunk.codec, parquet::Checksums::ignore));
    TRY(on_page(i, page));
    at += pages.pages[i].bytes;
  }
  return {};
}

}  // namespace

Status PageIndex::add_chunk(std::string_view file, uint32_t leaf, const parquet::ColumnChunk& chunk,
                            const ChunkPages& pages) {
  if (leaf == 0) {
    group_ = ranges_.empty() ? 0 : group_ + 1;
    first_page_ = ranges_.size();
    ranges_.resize(first_page_ + pages.pages.size());
  }
  if (leaf == kStartLeaf || leaf == kDurationLeaf) return add_ranges(file, leaf, chunk, pages);
  bool boolean = chunk.type == parquet::PhysicalType::boolean;
  if (!has_value_filter(leaf, boolean ? LeafKind::boolean : LeafKind::text)) return {};
  return add_filter(file, leaf, chunk, pages);
}

Status PageIndex::add_filter(std::string_view file, uint32_t leaf, const parquet::ColumnChunk& chunk,
                             const ChunkPages& pages) {
  const size_t width = value_width(chunk.type);
  if (pages.encoding == ChunkEncoding::dictionary) {
    if (pages.entries <= kMaxSetEntries) return {};
    auto filter = ValueFilterBuilder::of_dictionary(pages.entries);
    auto at = static_cast<uint64_t>(chunk.dictionary_page_offset);
    ASSIGN_OR_RETURN(auto page, parquet::open_page(file.substr(at, pages.dictionary_bytes), chunk.codec,
                                                   parquet::Checksums::ignore));
    each_value(page.payload, width, [&](std::string_view value) { filter.add(0, value_hash(value)); });
    filters_.push_back({leaf, group_, filter.finish()});
    return {};
  }
  if (pages.encoding != ChunkEncoding::plain || pages.entries == 0) return {};
  uint32_t most = 0, last = 0;
  for (const ChunkPages::Page& page : pages.pages) {
    most = std::max(most, page.codes_end - last);
    last = page.codes_end;
  }
  auto count = static_cast<uint32_t>(pages.pages.size());
  if (uint64_t{most} * count > kMaxFilterValues) return {};
  auto filter = ValueFilterBuilder::of_pages(count, most);
  TRY(each_page(file, chunk, pages, [&](uint32_t number, const parquet::OpenPage& page) -> Status {
    each_value(without_levels(leaf, page.payload), width,
               [&](std::string_view value) { filter.add(number, value_hash(value)); });
    return {};
  }));
  filters_.push_back({leaf, group_, filter.finish()});
  return {};
}

Status PageIndex::add_ranges(std::string_view file, uint32_t leaf, const parquet::ColumnChunk& chunk,
                             const ChunkPages& pages) {
  const bool is_start = leaf == kStartLeaf;
  const auto least = is_start ? &PageRanges::min_start_ns : &PageRanges::min_duration_ns;
  const auto greatest = is_start ? &PageRanges::max_start_ns : &PageRanges::max_duration_ns;
  std::vector<int64_t> numbers;
  return each_page(file, chunk, pages, [&](uint32_t i, const parquet::OpenPage& page) -> Status {
    numbers.resize(static_cast<size_t>(page.header.values));
    ASSIGN_OR_RETURN([[maybe_unused]] size_t used, parquet::decode_delta(page.payload, numbers));
    for (int64_t& number : numbers) number = clamp_signed(number);
    auto [min, max] = std::ranges::minmax(numbers);
    ranges_[first_page_ + i].*least = min;
    ranges_[first_page_ + i].*greatest = max;
    return {};
  });
}

void PageIndex::write(IndexWriter& index) {
  for (Filter& filter : filters_) index.value_filter(filter.leaf, filter.group, std::move(filter.raw));
  index.page_ranges(ranges_);
}

}  // namespace clew::store
