#include "store/block/leaf_writer.h"

#include <algorithm>

#include "base/check.h"
#include "store/parquet/bit_packing.h"
#include "store/parquet/delta.h"
#include "store/parquet/page.h"
#include "store/parquet/plain.h"
#include "store/parquet/rle.h"

namespace clew::store {
namespace {

using parquet::bits_for;
using parquet::Encoding;

// A chunk that saves less than 3 % is not worth unpacking.
constexpr size_t kWorthPercent = 97;
constexpr size_t kTinyChunk = 64;

int level_width(uint8_t max) {
  return max > 1 ? 2 : 1;
}

template <typename T>
void append_number(std::string& out, T value) {
  ByteWriter(out).fixed(value);
}

}  // namespace

LeafWriter::LeafWriter(const Leaf& leaf, const ValueDictionary* values, bool plain)
    : leaf_(leaf), values_(values), plain_(plain || leaf.kind == LeafKind::boolean), numeric_(values == nullptr) {
  begin_row_group();
}

void LeafWriter::begin_row_group() {
  std::ranges::fill(chunk_code_of_, kNoCode);
  dictionary_.clear();
  payloads_.clear();
  pages_.clear();
  codes_ends_.clear();
  sets_.clear();
  entries_ = plain_values_ = 0;
  nulls_ = all_values_ = 0;
  page_begin_ = 0;
}

void LeafWriter::append_sized(size_t length_at) {
  ByteWriter(payloads_).patch_u32(length_at, static_cast<uint32_t>(payloads_.size() - length_at - sizeof(uint32_t)));
}

void LeafWriter::append_levels(std::span<const uint32_t> levels, int width) {
  size_t at = payloads_.size();
  payloads_.append(sizeof(uint32_t), '\0');
  parquet::encode_rle(levels, width, payloads_);
  append_sized(at);
}

void LeafWriter::append_level_run(uint32_t level, size_t count, int width) {
  size_t at = payloads_.size();
  payloads_.append(sizeof(uint32_t), '\0');
  parquet::encode_rle_run(level, count, width, payloads_);
  append_sized(at);
}

void LeafWriter::append_presence(std::span<const uint64_t> present, size_t rows, size_t count) {
  if (leaf_.max_definition == 0) return;
  if (count == 0 || count == rows) return append_level_run(count == 0 ? 0 : 1, rows, 1);
  size_t at = payloads_.size();
  payloads_.append(sizeof(uint32_t), '\0');
  parquet::encode_rle_bits(present, rows, payloads_);
  append_sized(at);
}

void LeafWriter::append_value(ValueView value, std::string& out) const {
  switch (leaf_.kind) {
    case LeafKind::text:
    case LeafKind::bytes: parquet::append_plain_bytes(out, value.text); return;
    case LeafKind::integer:
    case LeafKind::timestamp:
    case LeafKind::real: append_number(out, value.scalar); return;
    case LeafKind::int32:
    case LeafKind::uint32:
    case LeafKind::single: append_number(out, static_cast<uint32_t>(value.scalar)); return;
    case LeafKind::uuid: append_packed_hex(out, value.text); return;
    case LeafKind::hex:
      append_number(out, static_cast<uint32_t>(value.text.size() / 2));
      append_packed_hex(out, value.text);
      return;
    case LeafKind::fixed8:
    case LeafKind::fixed16: out.append(value.text); return;
    case LeafKind::boolean: return;
  }
}

uint32_t LeafWriter::enter(uint32_t code) {
  append_value(values_->at(code), dictionary_);
  return chunk_code_of_[code] = entries_++;
}

void LeafWriter::note_entries(std::span<const uint32_t> codes) {
  if (entries_ > kMaxSetEntries || leaf_.max_repetition > 0) return;
  auto& set = sets_.emplace_back();
  for (uint32_t code : codes) set[code / 64] |= uint64_t{1} << code % 64;
}

// Dictionary codes of a page: the width of the greatest so far, then runs.
void LeafWriter::chunk_codes(std::span<const uint32_t> codes, uint32_t entries) {
  int width = bits_for(entries == 0 ? 0 : entries - 1);
  payloads_.push_back(static_cast<char>(width));
  parquet::encode_rle(codes, width, payloads_);
  note_entries(codes);
}

void LeafWriter::values(std::span<const uint32_t> codes) {
  if (leaf_.kind == LeafKind::boolean) {
    scratch_.clear();
    for (uint32_t code : codes) scratch_.push_back(values_->at(code).as_bool());
    parquet::pack_bits(std::span<const uint32_t>(scratch_), 1, payloads_);
    plain_values_ += static_cast<uint32_t>(codes.size());
    return;
  }
  if (plain_) {
    for (uint32_t code : codes) append_value(values_->at(code), payloads_);
    plain_values_ += static_cast<uint32_t>(codes.size());
    return;
  }
  if (chunk_code_of_.size() < values_->size()) chunk_code_of_.resize(values_->size(), kNoCode);
  scratch_.resize(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    uint32_t known = chunk_code_of_[codes[i]];
    scratch_[i] = known != kNoCode ? known : enter(codes[i]);
  }
  chunk_codes(scratch_, entries_);
}

void LeafWriter::close_page(size_t values, size_t present) {
  pages_.push_back({page_begin_, payloads_.size(), static_cast<uint32_t>(values)});
  page_begin_ = payloads_.size();
  codes_ends_.push_back(numeric_ && entries_ == 0 ? 0 : plain_ ? plain_values_ : entries_);
  nulls_ += values - present;
  all_values_ += values;
}

void LeafWriter::codes(std::span<const uint32_t> codes) {
  if (leaf_.max_definition == 0) {
    values(codes);
    return close_page(codes.size(), codes.size());
  }
  presence_.assign((codes.size() + 63) / 64 + 1, 0);
  std::vector<uint32_t> present(codes.size());
  size_t count = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    uint32_t code = codes[i];
    uint64_t is = code != kNoCode;
    presence_[i / 64] |= is << i % 64;
    present[count] = code;
    count += is;
  }
  append_presence(presence_, codes.size(), count);
  values(std::span<const uint32_t>(present).first(count));
  close_page(codes.size(), count);
}

void LeafWriter::same_code(uint32_t code, size_t rows) {
  size_t present = code == kNoCode ? 0 : rows;
  if (plain_ && present > 0) return codes(std::vector<uint32_t>(rows, code));
  append_presence({}, rows, present);
  if (plain_) return close_page(rows, 0);
  if (present == 0) {
    chunk_codes({}, entries_);
    return close_page(rows, 0);
  }
  if (chunk_code_of_.size() < values_->size()) chunk_code_of_.resize(values_->size(), kNoCode);
  uint32_t known = chunk_code_of_[code];
  if (known == kNoCode) known = enter(code);
  int width = bits_for(entries_ - 1);
  payloads_.push_back(static_cast<char>(width));
  parquet::encode_rle_run(known, rows, width, payloads_);
  note_entries({&known, 1});
  close_page(rows, rows);
}

void LeafWriter::own_codes(std::span<const uint32_t> codes, std::string_view new_entries, uint32_t entries) {
  dictionary_ += new_entries;
  entries_ = entries;
  int width = bits_for(entries == 0 ? 0 : entries - 1);
  payloads_.push_back(static_cast<char>(width));
  parquet::encode_rle(codes, width, payloads_);
  close_page(codes.size(), codes.size());
}

void LeafWriter::numbers(std::span<const int64_t> numbers, size_t rows, std::span<const uint64_t> present) {
  append_presence(present, rows, numbers.size());
  (leaf_.kind == LeafKind::int32 ? parquet::encode_delta32 : parquet::encode_delta)(numbers, payloads_);
  close_page(rows, numbers.size());
}

void LeafWriter::fixed(std::string_view bytes, size_t rows, std::span<const uint64_t> present) {
  size_t count = bytes.size() / fixed_width(leaf_.kind);
  append_presence(present, rows, count);
  payloads_ += bytes;
  close_page(rows, count);
}

void LeafWriter::codes(const Levels& levels, std::span<const uint32_t> codes) {
  append_levels(levels.repetition, level_width(leaf_.max_repetition));
  append_levels(levels.definition, level_width(leaf_.max_definition));
  values(codes);
  close_page(levels.definition.size(), codes.size());
}

void LeafWriter::numbers(const Levels& levels, std::span<const int64_t> numbers) {
  append_levels(levels.repetition, level_width(leaf_.max_repetition));
  append_levels(levels.definition, level_width(leaf_.max_definition));
  parquet::encode_delta(numbers, payloads_);
  close_page(levels.definition.size(), numbers.size());
}

void LeafWriter::fixed(const Levels& levels, std::string_view bytes) {
  append_levels(levels.repetition, level_width(leaf_.max_repetition));
  append_levels(levels.definition, level_width(leaf_.max_definition));
  payloads_ += bytes;
  close_page(levels.definition.size(), bytes.size() / fixed_width(leaf_.kind));
}

void LeafWriter::no_lists(size_t rows) {
  append_level_run(0, rows, level_width(leaf_.max_repetition));
  append_level_run(0, rows, level_width(leaf_.max_definition));
  if (is_coded()) chunk_codes({}, entries_);
  if (leaf_.kind == LeafKind::integer && numeric_) parquet::encode_delta({}, payloads_);
  close_page(rows, 0);
}

Status LeafWriter::check_limits() const {
  bool too_large = dictionary_.size() > parquet::kMaxPageBytes;
  for (const RawPage& page : pages_) {
    too_large |= page.end - page.begin > parquet::kMaxPageBytes || page.values > kMaxPageValues;
  }
  if (!too_large) return {};
  return fail(ErrorCode::resource_exhausted,
              "column " + leaf_.path.back() + " has more values than a page may hold: cut segments smaller");
}

std::vector<std::string_view> LeafWriter::payloads() const {
  // The width of the codes stands in every page of a coded leaf; a chunk without entries is plain and has no codes.
  const size_t surplus = entries_ == 0 && is_coded() ? 1 : 0;
  std::vector<std::string_view> out;
  if (entries_ > 0) out.push_back(dictionary_);
  for (const RawPage& page : pages_) {
    out.push_back(std::string_view(payloads_).substr(page.begin, page.end - page.begin - surplus));
  }
  return out;
}

// The payloads as they will be stored: compressed, if that is worth it for all of them together.
std::vector<std::string_view> LeafWriter::pack(const std::vector<std::string_view>& payloads,
                                               parquet::Compressor& compressor, parquet::Codec& codec) {
  codec = parquet::Codec::uncompressed;
  if (leaf_.kind == LeafKind::fixed8 || payloads_.size() + dictionary_.size() <= kTinyChunk) return payloads;
  stored_.clear();
  std::vector<size_t> ends;
  std::string scratch;
  size_t raw = 0;
  for (std::string_view payload : payloads) {
    compressor.compress(payload, scratch);
    stored_ += scratch;
    ends.push_back(stored_.size());
    raw += payload.size();
    // Hopeless after the first real page: no more is tried. A dictionary says nothing about the pages after it.
    if (entries_ == 0 && raw > 4096 && stored_.size() * 100 > raw * (kWorthPercent + 2)) return payloads;
  }
  if (stored_.size() * 100 > raw * kWorthPercent) return payloads;
  codec = parquet::Codec::zstd;
  std::vector<std::string_view> out;
  size_t begin = 0;
  for (size_t end : ends) {
    out.push_back(std::string_view(stored_).substr(begin, end - begin));
    begin = end;
  }
  return out;
}

Result<parquet::ColumnChunk> LeafWriter::end_row_group(std::string& file, parquet::Compressor& compressor,
                                                       ChunkPages& pages, PageSets& sets) {
  TRY(check_limits());
  const bool coded = entries_ > 0;
  const bool delta = numeric_ && !coded && leaf_.kind != LeafKind::fixed8 && leaf_.kind != LeafKind::fixed16;
  const Encoding encoding = coded ? Encoding::rle_dictionary : delta ? Encoding::delta_binary_packed : Encoding::plain;
  pages.encoding = delta ? ChunkEncoding::numbers : coded ? ChunkEncoding::dictionary : ChunkEncoding::plain;
  pages.entries = coded ? entries_ : plain_values_;

  parquet::ColumnChunk chunk;
  chunk.type = physical_type(leaf_.kind);
  chunk.path = leaf_.path;
  chunk.values = static_cast<int64_t>(all_values_);
  chunk.nulls = static_cast<int64_t>(nulls_);
  chunk.encodings = {Encoding::plain, Encoding::rle};
  if (encoding != Encoding::plain) chunk.encodings.push_back(encoding);

  const std::vector<std::string_view> raw = payloads();
  const std::vector<std::string_view> stored = pack(raw, compressor, chunk.codec);
  auto append = [&](size_t i, bool dictionary, uint32_t values) {
    size_t at = file.size();
    parquet::PageHeader header;
    header.is_dictionary = dictionary;
    header.values = static_cast<int32_t>(values);
    header.encoding = dictionary ? Encoding::plain : encoding;
    parquet::append_page(header, raw[i].size(), stored[i], file);
    size_t bytes = file.size() - at;
    chunk.stored_bytes += static_cast<int64_t>(bytes);
    chunk.raw_bytes += static_cast<int64_t>(bytes - stored[i].size() + raw[i].size());
    return static_cast<uint32_t>(bytes);
  };
  const size_t first = coded ? 1 : 0;
  if (coded) {
    chunk.dictionary_page_offset = static_cast<int64_t>(file.size());
    pages.dictionary_bytes = append(0, true, entries_);
  }
  chunk.data_page_offset = static_cast<int64_t>(file.size());
  for (size_t i = 0; i < pages_.size(); ++i) {
    uint32_t bytes = append(first + i, false, pages_[i].values);
    pages.pages.push_back({bytes, codes_ends_[i]});
  }
  if (coded && entries_ <= kMaxSetEntries && leaf_.is_flat() && sets_.size() == pages_.size()) {
    sets.entries = entries_;
    for (const auto& set : sets_) sets.bits.append(reinterpret_cast<const char*>(set.data()), (entries_ + 7) / 8);
  }
  return chunk;
}

}  // namespace clew::store
