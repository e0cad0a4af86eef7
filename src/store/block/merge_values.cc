#include "store/block/merge_values.h"

#include <algorithm>
#include <cstring>

#include "base/huge_pages.h"
#include "store/block/value_filter.h"
#include "store/parquet/bit_packing.h"

namespace clew::store {
namespace {

// One value of so many is looked at to foresee whether they are distinct.
constexpr uint64_t kSampledShare = 64;

// Most values are short, and a call would cost more than the bytes.
char* put(char* to, std::string_view value) {
  const char* from = value.data();
  const size_t size = value.size();
  if (size >= 8 && size <= 32) {
    size_t at = 0;
    for (; at + 8 <= size; at += 8) std::memcpy(to + at, from + at, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else {
    std::memcpy(to, from, size);
  }
  return to + size;
}

template <typename OnPage>
void each_page(std::span<const uint32_t> rows, uint32_t page_rows, OnPage&& on_page) {
  for (size_t begin = 0; begin < rows.size(); begin += page_rows) {
    on_page(rows.subspan(begin, std::min<size_t>(page_rows, rows.size() - begin)));
  }
}

}  // namespace

void ValueStage::begin(LeafKind kind, uint32_t rows, uint64_t values) {
  kind_ = kind;
  lists_.clear();
  list_bytes_ = 0;
  kept_.clear();
  values_.clear();
  reserve_large(values_, values);
  reserve_large(value_of_row_, rows);
  value_of_row_.assign(rows, kNoCode);
}

uint32_t ValueStage::hold(std::unique_ptr<ValueList> values) {
  const auto first = static_cast<uint32_t>(values_.size());
  for (uint32_t at = 0; at < values->size(); ++at) values_.push_back(values->plain(at));
  list_bytes_ += values->bytes();
  lists_.push_back(std::move(values));
  return first;
}

void ValueStage::put_page(std::span<const uint32_t> codes, uint32_t shift, std::span<const MergePiece> pieces) {
  for (const MergePiece& piece : pieces) {
    const uint32_t* from = codes.data() + piece.row;
    uint32_t* to = value_of_row_.data() + piece.out;
    for (uint32_t i = 0; i < piece.rows; ++i) to[i] = from[i] == kNoCode ? kNoCode : from[i] + shift;
  }
}

void ValueStage::put_plain_page(const PlainPage& page, uint32_t rows, uint32_t first,
                                std::span<const MergePiece> pieces) {
  page_codes_.resize(rows);
  uint32_t next = first;
  for (uint32_t i = 0; i < rows; ++i) {
    const bool has = page.present.empty() || (page.present[i / 64] >> i % 64 & 1) != 0;
    page_codes_[i] = has ? next : kNoCode;
    next += has;
  }
  put_page(page_codes_, 0, pieces);
}

Status ValueStage::add(const MergeInput& input, uint32_t leaf, const PagedPieces& pieces) {
  const BlockFile& file = input.file();
  uint32_t open_group = kNoRow;
  uint32_t shift = 0;
  return input.scan_stored(
      leaf, pieces, [&](uint32_t page, std::string_view stored, std::span<const MergePiece> of_page) -> Status {
        const uint32_t group = file.group_of_page(page);
        const auto& chunk = file.chunk(leaf, group);
        if (chunk.entries == 0) return {};
        if (list_bytes_ > held_bytes_ && list_bytes_ > 2 * kept_.size()) {
          keep_ordered();
          open_group = kNoRow;
        }
        if (chunk.encoding == ChunkEncoding::plain) {
          ASSIGN_OR_RETURN(PlainPage plain, read_plain_page(file, leaf, page, std::string(stored)));
          put_plain_page(plain, file.rows_of_page(page).size(), static_cast<uint32_t>(values_.size()), of_page);
          hold(std::move(plain.values));
          return {};
        }
        if (group != open_group) {
          ASSIGN_OR_RETURN(auto entries, read_entries(file, leaf, group));
          shift = hold(std::move(entries)) - chunk.code_base;
          open_group = group;
        }
        ASSIGN_OR_RETURN(LeafPage decoded, read_leaf_page(file, leaf, group, file.page_in_group(page), stored));
        put_page(decoded.codes, shift, of_page);
        return {};
      });
}

// Values are sampled by their hash, so that all rows with a value are in the sample, or none.
bool ValueStage::is_foreseeably_plain() const {
  uint64_t rows = 0, bytes = 0;
  std::vector<uint64_t> sample;
  for (uint32_t value : value_of_row_) {
    if (value == kNoCode) continue;
    ++rows;
    bytes += values_[value].size();
    const uint64_t hash = value_hash(values_[value]);
    if (hash % kSampledShare == 0) sample.push_back(hash);
  }
  if (sample.empty()) return false;
  const auto sampled = static_cast<double>(sample.size());
  std::ranges::sort(sample);
  sample.erase(std::unique(sample.begin(), sample.end()), sample.end());
  const double distinct = static_cast<double>(sample.size()) / sampled;
  const auto entries = static_cast<uint64_t>(static_cast<double>(rows) * distinct);
  const double saved = (1 - distinct) * static_cast<double>(bytes);
  const size_t codes_bytes = parquet::packed_bytes(rows, parquet::bits_for(entries));
  return is_mostly_distinct(entries, rows) && saved < static_cast<double>(codes_bytes);
}

// Of the values those that some row has, each once.
void ValueStage::order() {
  used_.assign(values_.size(), 0);
  for (uint32_t value : value_of_row_) {
    if (value != kNoCode) used_[value] = 1;
  }
  if (has_numbers()) {
    order_.order_numbers(values_, used_);
  } else {
    order_.order_texts(values_, has_lengths() ? sizeof(uint32_t) : 0, used_);
  }
  size_t bytes = 0;
  for (uint32_t first : order_.firsts()) bytes += values_[first].size();
  ordered_.resize(bytes);
  char* to = ordered_.data();
  for (uint32_t first : order_.firsts()) to = put(to, values_[first]);
}

// From then on nothing else is held.
void ValueStage::keep_ordered() {
  order();
  for (uint32_t& value : value_of_row_) {
    if (value != kNoCode) value = order_.places()[value];
  }
  std::vector<std::string_view> values;
  values.reserve(values_.capacity());
  size_t at = 0;
  std::swap(kept_, ordered_);
  for (uint32_t first : order_.firsts()) {
    const size_t size = values_[first].size();
    values.push_back(std::string_view(kept_).substr(at, size));
    at += size;
  }
  values_ = std::move(values);
  lists_.clear();
  list_bytes_ = 0;
}

// Once the values are in order.
bool ValueStage::is_plain() {
  const size_t distinct = order_.firsts().size();
  const auto nulls = static_cast<uint64_t>(std::ranges::count(value_of_row_, kNoCode));
  const uint64_t rows = value_of_row_.size() - nulls;
  if (!is_mostly_distinct(distinct, rows)) return false;
  uint64_t bytes = 0;
  std::string sample;
  for (uint32_t value : value_of_row_) {
    if (value == kNoCode) continue;
    bytes += values_[value].size();
    if (sample.size() < kSampleBytes) sample += values_[value];
  }
  const size_t codes_bytes = parquet::packed_bytes(rows, parquet::bits_for(distinct - 1));
  if (kind_ != LeafKind::text || distinct < kSortedEntries) return bytes <= ordered_.size() + codes_bytes;
  return plain_is_shorter(compressor_, sample, bytes, ordered_, codes_bytes);
}

void ValueStage::write_plain(LeafWriter& writer, uint32_t page_rows) {
  std::string bytes;
  each_page(value_of_row_, page_rows, [&](std::span<const uint32_t> page) {
    present_.assign((page.size() + 63) / 64, 0);
    size_t size = 0;
    size_t count = 0;
    for (size_t i = 0; i < page.size(); ++i) {
      if (page[i] == kNoCode) continue;
      present_[i / 64] |= uint64_t{1} << i % 64;
      size += values_[page[i]].size();
      ++count;
    }
    bytes.resize(size);
    char* to = bytes.data();
    for (uint32_t value : page) {
      if (value != kNoCode) to = put(to, values_[value]);
    }
    writer.given_values(bytes, count, page.size(), present_);
  });
}

void ValueStage::write_dictionary(LeafWriter& writer, uint32_t page_rows) {
  writer.given_dictionary(ordered_, static_cast<uint32_t>(order_.firsts().size()));
  const std::span<const uint32_t> places = order_.places();
  each_page(value_of_row_, page_rows, [&](std::span<const uint32_t> page) {
    page_codes_.resize(page.size());
    for (size_t i = 0; i < page.size(); ++i) page_codes_[i] = page[i] == kNoCode ? kNoCode : places[page[i]];
    writer.codes(page_codes_);
  });
}

void ValueStage::write(LeafWriter& writer, uint32_t page_rows) {
  if (kind_ != LeafKind::text && !has_numbers() && is_foreseeably_plain()) return write_plain(writer, page_rows);
  order();
  if (order_.firsts().empty() || is_plain()) return write_plain(writer, page_rows);
  write_dictionary(writer, page_rows);
}

}  // namespace clew::store
