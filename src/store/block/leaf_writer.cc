#include "store/block/leaf_writer.h"

#include <algorithm>

#include "base/check.h"
#include "store/block/text_order.h"
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
// From here on a dictionary grows in huge pages.
constexpr size_t kLargeBytes = size_t{1} << 20;
constexpr size_t kTinyPage = 16;  // on average

int level_width(uint8_t max) {
  return max > 1 ? 2 : 1;
}

template <typename T>
void append_number(std::string& out, T value) {
  ByteWriter(out).fixed(value);
}

double compressed_share(parquet::Compressor& compressor, std::string_view bytes) {
  const size_t stored = compressor.compress(bytes).size();
  return static_cast<double>(stored) / static_cast<double>(std::max<size_t>(bytes.size(), 1));
}

// Codes of lists are of whole bytes where one is not enough: values of keys with few are among those of keys with many,
// and zstd sees which come together.
int code_width(const Leaf& leaf, uint32_t entries) {
  const int width = bits_for(entries == 0 ? 0 : entries - 1);
  return leaf.is_flat() || width <= 8 ? width : (width + 7) / 8 * 8;
}

}  // namespace

bool plain_is_shorter(parquet::Compressor& compressor, std::string_view values, size_t plain_bytes,
                      std::string_view sorted, size_t codes_bytes) {
  const double as_values =
      compressed_share(compressor, values.substr(0, kSampleBytes)) * static_cast<double>(plain_bytes);
  const std::string_view middle = sorted.substr(sorted.size() / 2, kSampleBytes);
  const double as_entries = compressed_share(compressor, middle) * static_cast<double>(sorted.size());
  return as_values <= as_entries + static_cast<double>(codes_bytes);
}

LeafWriter::LeafWriter(const Leaf& leaf, const ValueDictionary* values, bool may_be_plain)
    : leaf_(leaf),
      values_(values),
      is_boolean_(leaf.kind == LeafKind::boolean),
      numeric_(values == nullptr),
      may_be_plain_(may_be_plain),
      holds_codes_(may_be_plain) {
  begin_row_group();
}

void LeafWriter::begin_row_group() {
  std::ranges::fill(chunk_code_of_, kNoCode);
  dictionary_.clear();
  payloads_.clear();
  pages_.clear();
  codes_ends_.clear();
  ranges_.clear();
  sets_.clear();
  held_.clear();
  entry_begins_.clear();
  entries_ = codes_end_ = 0;
  has_given_dictionary_ = false;
  nulls_ = all_values_ = 0;
  page_begin_ = held_begin_ = plain_bytes_ = 0;
  plain_ = false;
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
  if (holds_codes_) entry_begins_.push_back(dictionary_.size());
  if (dictionary_.capacity() >= kLargeBytes && dictionary_.capacity() - dictionary_.size() < kLargeBytes / 16) {
    reserve_large(dictionary_, 2 * dictionary_.capacity());
  }
  append_value(values_->at(code), dictionary_);
  return chunk_code_of_[code] = entries_++;
}

void LeafWriter::note_entries(std::span<const uint32_t> codes, uint32_t entries) {
  if (entries > kMaxSetEntries || leaf_.max_repetition > 0) return;
  auto& set = sets_.emplace_back();
  // By bytes first: rows with the same code do not wait for each other.
  std::array<uint8_t, kMaxSetEntries> has{};
  for (uint32_t code : codes) has[code] = 1;
  for (uint32_t code = 0; code < entries; ++code) set[code / 64] |= uint64_t{has[code]} << code % 64;
}

// Dictionary codes of a page: the width of the greatest so far, then runs.
void LeafWriter::chunk_codes(std::span<const uint32_t> codes, uint32_t entries, std::string& out) {
  const int width = code_width(leaf_, entries);
  out.push_back(static_cast<char>(width));
  parquet::encode_rle(codes, width, out);
  note_entries(codes, entries);
}

void LeafWriter::booleans(std::span<const uint32_t> codes) {
  scratch_.clear();
  for (uint32_t code : codes) scratch_.push_back(values_->at(code).as_bool());
  parquet::pack_bits(std::span<const uint32_t>(scratch_), 1, payloads_);
}

void LeafWriter::values(std::span<const uint32_t> codes) {
  if (is_boolean_) return booleans(codes);
  if (has_given_dictionary_) {
    for (uint32_t code : codes) codes_end_ = std::max(codes_end_, code + 1);
    return chunk_codes(codes, codes_end_, payloads_);
  }
  if (chunk_code_of_.size() < values_->size()) chunk_code_of_.resize(values_->size(), kNoCode);
  if (scratch_.size() < codes.size()) scratch_.resize(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    uint32_t known = chunk_code_of_[codes[i]];
    scratch_[i] = known != kNoCode ? known : enter(codes[i]);
  }
  std::span<const uint32_t> mapped = std::span<const uint32_t>(scratch_).first(codes.size());
  if (!holds_codes_) return chunk_codes(mapped, entries_, payloads_);
  held_.insert(held_.end(), mapped.begin(), mapped.end());
  for (uint32_t code : mapped) plain_bytes_ += entry_bytes(code);
}

size_t LeafWriter::entry_bytes(uint32_t entry) const {
  size_t end = entry + 1 < entry_begins_.size() ? entry_begins_[entry + 1] : dictionary_.size();
  return end - entry_begins_[entry];
}

void LeafWriter::close_page(size_t values, size_t present) {
  pages_.push_back({page_begin_, payloads_.size(), static_cast<uint32_t>(values), held_begin_, entries_});
  page_begin_ = payloads_.size();
  held_begin_ = held_.size();
  nulls_ += values - present;
  all_values_ += values;
  uint32_t end = numeric_ && entries_ == 0 ? 0 : entries_;
  if (is_boolean_ || plain_) end = static_cast<uint32_t>(all_values_ - nulls_);
  if (has_given_dictionary_) end = codes_end_;
  codes_ends_.push_back(end);
}

void LeafWriter::codes(std::span<const uint32_t> codes) {
  if (leaf_.max_definition == 0) {
    values(codes);
    return close_page(codes.size(), codes.size());
  }
  presence_.clear();
  if (present_.size() < codes.size()) present_.resize(codes.size());
  uint32_t* to = present_.data();
  for (size_t begin = 0; begin < codes.size(); begin += 64) {
    uint64_t bits = 0;
    const size_t many = std::min<size_t>(64, codes.size() - begin);
    for (size_t i = 0; i < many; ++i) {
      const uint32_t code = codes[begin + i];
      const uint64_t is = code != kNoCode;
      bits |= is << i;
      *to = code;
      to += is;
    }
    presence_.push_back(bits);
  }
  const auto count = static_cast<size_t>(to - present_.data());
  append_presence(presence_, codes.size(), count);
  values(std::span<const uint32_t>(present_).first(count));
  close_page(codes.size(), count);
}

void LeafWriter::same_code(uint32_t code, size_t rows) {
  size_t present = code == kNoCode ? 0 : rows;
  if ((is_boolean_ || holds_codes_) && present > 0) return codes(std::vector<uint32_t>(rows, code));
  append_presence({}, rows, present);
  if (is_boolean_ || holds_codes_) return close_page(rows, 0);
  if (present > 0) {
    if (has_given_dictionary_) {
      codes_end_ = std::max(codes_end_, code + 1);
    } else {
      if (chunk_code_of_.size() < values_->size()) chunk_code_of_.resize(values_->size(), kNoCode);
      if (chunk_code_of_[code] == kNoCode) enter(code);
      code = chunk_code_of_[code];
    }
  }
  const uint32_t end = has_given_dictionary_ ? codes_end_ : entries_;
  if (present == 0) {
    chunk_codes({}, end, payloads_);
    return close_page(rows, 0);
  }
  const int width = bits_for(end - 1);
  payloads_.push_back(static_cast<char>(width));
  parquet::encode_rle_run(code, rows, width, payloads_);
  note_entries({&code, 1}, end);
  close_page(rows, rows);
}

void LeafWriter::uses_all_values() {
  if (is_boolean_ || holds_codes_ || values_->size() == 0) return;
  entries_ = values_->size();
  for (uint32_t code = 0; code < entries_; ++code) append_value(values_->at(code), dictionary_);
  has_given_dictionary_ = true;
}

void LeafWriter::accept_given() {
  CHECK(values_ == nullptr && !is_boolean_);
  numeric_ = false;
}

void LeafWriter::given_dictionary(std::string_view entries, uint32_t count) {
  accept_given();
  has_given_dictionary_ = true;
  dictionary_.assign(entries);
  entries_ = count;
}

void LeafWriter::given_values(std::string_view bytes, size_t count, size_t rows, std::span<const uint64_t> present) {
  accept_given();
  plain_ = true;
  append_presence(present, rows, count);
  payloads_ += bytes;
  close_page(rows, count);
}

void LeafWriter::own_codes(std::span<const uint32_t> codes, std::string_view new_entries, uint32_t entries) {
  dictionary_ += new_entries;
  entries_ = entries;
  // Whole bytes: zstd then sees that each run's number is the next.
  int width = (bits_for(entries == 0 ? 0 : entries - 1) + 7) / 8 * 8;
  payloads_.push_back(static_cast<char>(width));
  parquet::encode_rle(codes, width, payloads_);
  close_page(codes.size(), codes.size());
}

void LeafWriter::numbers(std::span<const int64_t> numbers, size_t rows, std::span<const uint64_t> present) {
  append_presence(present, rows, numbers.size());
  if (leaf_.max_definition == 0 && rows > 0) {
    auto [least, greatest] = std::ranges::minmax(numbers, {}, [](int64_t n) { return static_cast<uint64_t>(n); });
    ranges_.push_back({static_cast<uint64_t>(least), static_cast<uint64_t>(greatest)});
  }
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
  if (is_coded() && !holds_codes_) chunk_codes({}, entries_, payloads_);
  if (leaf_.kind == LeafKind::integer && numeric_) parquet::encode_delta({}, payloads_);
  close_page(rows, 0);
}

void LeafWriter::sort_texts() {
  // What the lists of spans to come have is not known yet.
  if (leaf_.kind != LeafKind::text || (leaf_.is_flat() && values_->size() < kSortedEntries)) return;
  sorts_ = holds_codes_ = true;
}

// Unless the values one after the other are expected to be shorter, compressed, than the sorted dictionary and its
// codes.
void LeafWriter::sort_held(parquet::Compressor& compressor, size_t codes_bytes) {
  std::vector<std::string_view> texts;
  texts.reserve(entries_);
  for (uint32_t entry = 0; entry < entries_; ++entry) {
    texts.push_back(std::string_view(dictionary_).substr(entry_begins_[entry], entry_bytes(entry)));
  }
  DistinctOrder order;
  order.order_texts(texts, sizeof(uint32_t));
  std::string sorted;
  sorted.reserve(dictionary_.size());
  for (uint32_t first : order.firsts()) sorted.append(dictionary_, entry_begins_[first], entry_bytes(first));
  if (plain_) {
    std::string values;
    for (size_t i = 0; i < held_.size() && values.size() < kSampleBytes; ++i) {
      values.append(dictionary_, entry_begins_[held_[i]], entry_bytes(held_[i]));
    }
    if (plain_is_shorter(compressor, values, plain_bytes_, sorted, codes_bytes)) return;
    plain_ = false;
  }
  dictionary_ = std::move(sorted);
  entries_ = static_cast<uint32_t>(order.firsts().size());
  for (uint32_t& code : held_) code = order.places()[code];
  uint32_t end = 0;
  for (size_t i = 0; i < pages_.size(); ++i) {
    size_t held_end = i + 1 < pages_.size() ? pages_[i + 1].held_begin : held_.size();
    for (size_t at = pages_[i].held_begin; at < held_end; ++at) end = std::max(end, held_[at] + 1);
    pages_[i].entries = end;
  }
}

// Puts the held codes behind their pages' levels: as values where that is shorter, else as codes.
void LeafWriter::settle_held(parquet::Compressor& compressor) {
  const size_t codes_bytes = parquet::packed_bytes(held_.size(), bits_for(entries_ == 0 ? 0 : entries_ - 1));
  plain_ = may_be_plain_ && plain_bytes_ <= dictionary_.size() + codes_bytes;
  if (sorts_ && entries_ >= kSortedEntries) sort_held(compressor, codes_bytes);
  std::string settled;
  settled.reserve(payloads_.size() + (plain_ ? plain_bytes_ : codes_bytes + pages_.size() * 16));
  codes_ends_.clear();
  for (size_t i = 0; i < pages_.size(); ++i) {
    RawPage& page = pages_[i];
    size_t held_end = i + 1 < pages_.size() ? pages_[i + 1].held_begin : held_.size();
    auto codes = std::span<const uint32_t>(held_).subspan(page.held_begin, held_end - page.held_begin);
    size_t begin = settled.size();
    settled.append(payloads_, page.begin, page.end - page.begin);
    if (plain_) {
      for (uint32_t code : codes) settled.append(dictionary_, entry_begins_[code], entry_bytes(code));
    } else {
      chunk_codes(codes, page.entries, settled);
    }
    page.begin = begin;
    page.end = settled.size();
    codes_ends_.push_back(plain_ ? static_cast<uint32_t>(held_end) : page.entries);
  }
  payloads_ = std::move(settled);
  if (!plain_) return;
  dictionary_.clear();
  entries_ = 0;
}

Status LeafWriter::check_limits() const {
  bool too_large = dictionary_.size() > max_page_bytes_;
  for (const RawPage& page : pages_) {
    too_large |= page.end - page.begin > max_page_bytes_ || page.values > kMaxPageValues;
  }
  if (!too_large) return {};
  return LeafWriter::too_large(leaf_);
}

std::unexpected<Error> LeafWriter::too_large(const Leaf& leaf) {
  return fail(ErrorCode::resource_exhausted,
              "column " + leaf.path.back() + " of a single span has more values than a page may hold");
}

std::string LeafWriter::plain_entries(std::span<const uint32_t> codes) const {
  std::string out;
  for (uint32_t code : codes) append_value(values_->at(code), out);
  return out;
}

std::vector<std::string_view> LeafWriter::payloads() const {
  // The width of the codes stands in every page of a coded leaf; a chunk without entries is plain and has no codes.
  const size_t surplus = entries_ == 0 && is_coded() && !plain_ ? 1 : 0;
  std::vector<std::string_view> out;
  if (entries_ > 0) out.push_back(dictionary_);
  for (const RawPage& page : pages_) {
    out.push_back(std::string_view(payloads_).substr(page.begin, page.end - page.begin - surplus));
  }
  return out;
}

// Appends a page to the file, as it is or compressed, and counts it in the chunk; answers the bytes of its payload
// there.
size_t LeafWriter::append_page(size_t i, std::string_view payload, parquet::Compressor* compressor, Target& to) const {
  const bool dictionary = i == 0 && entries_ > 0;
  const RawPage* page = dictionary ? nullptr : &pages_[i - (entries_ > 0 ? 1 : 0)];
  parquet::PageHeader header;
  header.is_dictionary = dictionary;
  header.values = static_cast<int32_t>(dictionary ? entries_ : page->values);
  header.encoding = dictionary ? Encoding::plain : to.encoding;
  const std::string_view stored = compressor == nullptr ? payload : compressor->compress(payload);
  const size_t at = to.file.size();
  parquet::append_page(header, payload.size(), stored, to.file);
  const size_t bytes = to.file.size() - at;
  to.raw_bytes += bytes - stored.size() + payload.size();
  to.page_bytes.push_back(static_cast<uint32_t>(bytes));
  return stored.size();
}

// All pages compressed, if that is worth it for all of them together; else the file is as it was.
bool LeafWriter::append_compressed(const std::vector<std::string_view>& payloads, parquet::Compressor& compressor,
                                   Target& to) const {
  if (leaf_.kind == LeafKind::fixed8 ||
      payloads_.size() + dictionary_.size() <= std::max(kTinyChunk, kTinyPage * payloads.size())) {
    return false;
  }
  const size_t begin = to.file.size();
  size_t raw = 0;
  size_t stored = 0;
  bool worth = true;
  for (size_t i = 0; worth && i < payloads.size(); ++i) {
    stored += append_page(i, payloads[i], &compressor, to);
    raw += payloads[i].size();
    // Hopeless after the first real page: no more is tried. A dictionary says nothing about the pages after it.
    worth = entries_ > 0 || raw <= 4096 || stored * 100 <= raw * (kWorthPercent + 2);
  }
  worth &= stored * 100 <= raw * kWorthPercent;
  if (!worth) to.begin_again(begin);
  return worth;
}

Result<parquet::ColumnChunk> LeafWriter::end_row_group(std::string& file, parquet::Compressor& compressor,
                                                       ChunkPages& pages, PageSets& sets) {
  if (holds_codes_) settle_held(compressor);
  TRY(check_limits());
  const bool coded = entries_ > 0;
  const bool delta = numeric_ && !coded && leaf_.kind != LeafKind::fixed8 && leaf_.kind != LeafKind::fixed16;
  const Encoding encoding = coded ? Encoding::rle_dictionary : delta ? Encoding::delta_binary_packed : Encoding::plain;
  pages.encoding = delta ? ChunkEncoding::numbers : coded ? ChunkEncoding::dictionary : ChunkEncoding::plain;
  pages.entries = coded || codes_ends_.empty() ? entries_ : codes_ends_.back();

  parquet::ColumnChunk chunk;
  chunk.type = physical_type(leaf_.kind);
  chunk.path = leaf_.path;
  chunk.values = static_cast<int64_t>(all_values_);
  chunk.nulls = static_cast<int64_t>(nulls_);
  chunk.encodings = {Encoding::plain, Encoding::rle};
  if (encoding != Encoding::plain) chunk.encodings.push_back(encoding);

  const size_t begin = file.size();
  Target to{file, encoding, 0, {}};
  const std::vector<std::string_view> raw = payloads();
  const bool compressed = append_compressed(raw, compressor, to);
  chunk.codec = compressed ? parquet::Codec::zstd : parquet::Codec::uncompressed;
  for (size_t i = 0; !compressed && i < raw.size(); ++i) append_page(i, raw[i], nullptr, to);
  chunk.stored_bytes = static_cast<int64_t>(file.size() - begin);
  chunk.raw_bytes = static_cast<int64_t>(to.raw_bytes);
  chunk.data_page_offset = static_cast<int64_t>(begin);
  if (coded) {
    pages.dictionary_bytes = to.page_bytes[0];
    chunk.dictionary_page_offset = static_cast<int64_t>(begin);
    chunk.data_page_offset += pages.dictionary_bytes;
  }
  const size_t first = coded ? 1 : 0;
  for (size_t i = 0; i < pages_.size(); ++i) pages.pages.push_back({to.page_bytes[first + i], codes_ends_[i]});
  if (coded && entries_ <= kMaxSetEntries && leaf_.is_flat() && sets_.size() == pages_.size()) {
    sets.entries = entries_;
    for (const auto& set : sets_) sets.bits.append(reinterpret_cast<const char*>(set.data()), (entries_ + 7) / 8);
  }
  std::vector<uint32_t>().swap(held_);
  return chunk;
}

LeafWriter::RawChunk LeafWriter::raw() const {
  RawChunk out;
  out.pages = payloads();
  out.ranges = ranges_;
  if (entries_ > 0) {
    out.dictionary = out.pages.front();
    out.pages.erase(out.pages.begin());
  }
  return out;
}

void LeafWriter::use_memory(Memory& memory) {
  memory_ = &memory;
  payloads_.swap(memory.payloads);
  dictionary_.swap(memory.dictionary);
  payloads_.clear();
  dictionary_.clear();
}

void LeafWriter::release() {
  if (memory_ != nullptr) {
    payloads_.swap(memory_->payloads);
    dictionary_.swap(memory_->dictionary);
    memory_ = nullptr;
    return;
  }
  for (std::string* bytes : {&payloads_, &dictionary_}) std::string().swap(*bytes);
}

}  // namespace clew::store
