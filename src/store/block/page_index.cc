#include "store/block/page_index.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "store/block/value_filter.h"

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

int64_t clamp_signed(uint64_t number) {
  return static_cast<int64_t>(std::min(number, static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
}

}  // namespace

void PageIndex::add_chunk(uint32_t leaf, parquet::PhysicalType type, const ChunkPages& pages,
                          const LeafWriter::RawChunk& raw) {
  if (leaf == 0) {
    group_ = ranges_.empty() ? 0 : group_ + 1;
    first_page_ = ranges_.size();
    ranges_.resize(first_page_ + pages.pages.size());
  }
  if (leaf == kStartLeaf || leaf == kDurationLeaf) return add_ranges(leaf, raw.ranges);
  bool boolean = type == parquet::PhysicalType::boolean;
  if (!has_value_filter(leaf, boolean ? LeafKind::boolean : LeafKind::text)) return;
  add_filter(leaf, value_width(type), pages, raw);
}

void PageIndex::add_filter(uint32_t leaf, size_t width, const ChunkPages& pages, const LeafWriter::RawChunk& raw) {
  if (pages.encoding == ChunkEncoding::dictionary) {
    if (pages.entries <= kMaxSetEntries) return;
    auto filter = ValueFilterBuilder::of_dictionary(pages.entries);
    each_value(raw.dictionary, width, [&](std::string_view value) { filter.add(0, value_hash(value)); });
    filters_.push_back({leaf, group_, filter.finish()});
    return;
  }
  if (pages.encoding != ChunkEncoding::plain || pages.entries == 0) return;
  uint32_t most = 0, last = 0;
  for (const ChunkPages::Page& page : pages.pages) {
    most = std::max(most, page.codes_end - last);
    last = page.codes_end;
  }
  auto count = static_cast<uint32_t>(pages.pages.size());
  if (uint64_t{most} * count > kMaxFilterValues) return;
  auto filter = ValueFilterBuilder::of_pages(count, most);
  for (uint32_t page = 0; page < count; ++page) {
    each_value(without_levels(leaf, raw.pages[page]), width,
               [&](std::string_view value) { filter.add(page, value_hash(value)); });
  }
  filters_.push_back({leaf, group_, filter.finish()});
}

void PageIndex::add_ranges(uint32_t leaf, std::span<const NumberRange> pages) {
  const bool is_start = leaf == kStartLeaf;
  const auto least = is_start ? &PageRanges::min_start_ns : &PageRanges::min_duration_ns;
  const auto greatest = is_start ? &PageRanges::max_start_ns : &PageRanges::max_duration_ns;
  for (size_t i = 0; i < pages.size(); ++i) {
    ranges_[first_page_ + i].*least = clamp_signed(pages[i].least);
    ranges_[first_page_ + i].*greatest = clamp_signed(pages[i].greatest);
  }
}

void PageIndex::write(IndexWriter& index) {
  for (Filter& filter : filters_) index.value_filter(filter.leaf, filter.group, std::move(filter.raw));
  index.page_ranges(ranges_);
}

}  // namespace clew::store
