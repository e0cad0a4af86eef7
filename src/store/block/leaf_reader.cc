#include "store/block/leaf_reader.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "store/parquet/bit_packing.h"
#include "store/parquet/delta.h"
#include "store/parquet/rle.h"

namespace clew::store {
namespace {

using parquet::Encoding;

struct Place {
  const BlockFile& file;
  uint32_t leaf;
  uint32_t group;
  uint32_t page;

  const Leaf& shape() const { return file.leaves()[leaf]; }
  const BlockFile::Chunk& chunk() const { return file.chunk(leaf, group); }
  uint32_t rows() const { return file.rows_of_page(group * file.pages_per_group() + page).size(); }
};

Encoding expected_encoding(ChunkEncoding encoding) {
  switch (encoding) {
    case ChunkEncoding::dictionary: return Encoding::rle_dictionary;
    case ChunkEncoding::plain: return Encoding::plain;
    case ChunkEncoding::numbers: return Encoding::delta_binary_packed;
  }
  return Encoding::plain;
}

Result<std::vector<uint32_t>> take_levels(ByteReader& reader, size_t count, uint32_t max) {
  std::vector<uint32_t> out(count);
  auto bytes = reader.fixed<uint32_t>();
  std::string_view runs = reader.take(bytes);
  if (!reader.ok()) return corrupt("levels are cut off");
  TRY(parquet::decode_rle(runs, max > 1 ? 2 : 1, out));
  if (max > 1 && std::ranges::any_of(out, [max](uint32_t level) { return level > max; })) {
    return corrupt("a level is too high");
  }
  return out;
}

// Which rows of a flat leaf have a value.
Result<size_t> read_presence(ByteReader& reader, size_t rows, LeafPage& out) {
  auto bytes = reader.fixed<uint32_t>();
  std::string_view runs = reader.take(bytes);
  if (!reader.ok()) return corrupt("levels are cut off");
  ASSIGN_OR_RETURN(out.present, parquet::decode_rle_bits(runs, rows));
  size_t count = 0;
  for (uint64_t word : out.present) count += static_cast<size_t>(std::popcount(word));
  if (count == rows) out.present.clear();
  return count;
}

// Levels, and how many values there are; the reader then stands before the values.
Result<size_t> read_levels(const Place& place, const parquet::PageHeader& header, ByteReader& reader, LeafPage& out) {
  const Leaf& leaf = place.shape();
  auto count = static_cast<size_t>(header.values);
  if (leaf.is_flat() ? count != place.rows() : count > kMaxPageValues) {
    return corrupt("a page has a wrong number of values");
  }
  if (!leaf.is_flat()) {
    ASSIGN_OR_RETURN(out.repetition, take_levels(reader, count, leaf.max_repetition));
    auto rows = static_cast<size_t>(std::ranges::count(out.repetition, 0U));
    if (rows != place.rows() || (count > 0 && out.repetition[0] != 0))
      return corrupt("a page has a wrong number of rows");
  }
  if (leaf.max_definition == 0) return count;
  if (leaf.is_flat()) return read_presence(reader, count, out);
  ASSIGN_OR_RETURN(out.definition, take_levels(reader, count, leaf.max_definition));
  return static_cast<size_t>(std::ranges::count(out.definition, uint32_t{leaf.max_definition}));
}

// Spreads the values of a flat leaf over its rows.
template <typename T>
void spread(const std::vector<uint64_t>& present, size_t rows, std::vector<T>& values, T null) {
  std::vector<T> out(rows, null);
  size_t from = 0;
  for (size_t i = 0; i < present.size(); ++i) {
    for (uint64_t word = present[i]; word != 0; word &= word - 1) {
      out[i * 64 + static_cast<size_t>(std::countr_zero(word))] = values[from++];
    }
  }
  values = std::move(out);
}

// The values of a page, and those of them that are wanted.
struct Wanted {
  size_t of_page = 0;
  size_t first = 0;
  size_t count = 0;
};

size_t bits_before(const std::vector<uint64_t>& bits, size_t end) {
  size_t count = 0;
  for (size_t i = 0; i < end / 64; ++i) count += static_cast<size_t>(std::popcount(bits[i]));
  if (end % 64 != 0) count += static_cast<size_t>(std::popcount(bits[end / 64] & ((uint64_t{1} << end % 64) - 1)));
  return count;
}

// Leaves the bits of these rows, and answers which of `of_page` values are theirs.
Wanted cut(size_t of_page, size_t page_rows, RowRange rows, std::vector<uint64_t>& present) {
  if (present.empty()) return {of_page, rows.begin, rows.size()};
  if (rows.size() == page_rows) return {of_page, 0, of_page};
  const size_t first = bits_before(present, rows.begin);
  const size_t count = bits_before(present, rows.end) - first;
  std::vector<uint64_t> kept((rows.size() + 63) / 64);
  for (size_t i = 0; i < rows.size(); ++i) {
    size_t at = rows.begin + i;
    kept[i / 64] |= (present[at / 64] >> at % 64 & 1) << i % 64;
  }
  present = std::move(kept);
  if (count == rows.size()) present.clear();
  return {of_page, first, count};
}

Status read_codes(const Place& place, ByteReader& reader, Wanted wanted, LeafPage& out) {
  const auto& chunk = place.chunk();
  if (place.shape().kind == LeafKind::boolean) {
    out.codes.resize(wanted.first + wanted.count);
    if (!parquet::unpack_bits(reader.take(reader.left()), 1, std::span<uint32_t>(out.codes))) {
      return corrupt("booleans are cut off");
    }
    out.codes.erase(out.codes.begin(), out.codes.begin() + static_cast<ptrdiff_t>(wanted.first));
    return {};
  }
  uint32_t begin = chunk.codes_begin(place.page);
  uint32_t end = chunk.codes_ends[place.page];
  out.codes.resize(wanted.count);
  if (chunk.encoding == ChunkEncoding::plain) {
    if (wanted.of_page != end - begin) return corrupt("a page has another number of values than the index");
    begin += chunk.code_base + static_cast<uint32_t>(wanted.first);
    for (size_t i = 0; i < wanted.count; ++i) out.codes[i] = begin + static_cast<uint32_t>(i);
    return {};
  }
  auto width = reader.fixed<uint8_t>();
  if (!reader.ok()) return corrupt("codes are cut off");
  TRY(parquet::decode_rle(reader.take(reader.left()), width, out.codes, wanted.first));
  uint32_t greatest = 0;
  for (uint32_t code : out.codes) greatest = std::max(greatest, code);
  if (!out.codes.empty() && greatest >= end) return corrupt("a code is beyond the dictionary");
  for (uint32_t& code : out.codes) code += chunk.code_base;
  return {};
}

Status read_ids(const Place& place, ByteReader& reader, Wanted wanted, LeafPage& out) {
  size_t words = fixed_width(place.shape().kind) / 8;
  std::string_view bytes = reader.take(wanted.of_page * words * 8);
  if (!reader.ok()) return corrupt("ids are cut off");
  bytes.remove_prefix(wanted.first * words * 8);
  out.numbers.resize(wanted.count * words);
  for (size_t i = 0; i < out.numbers.size(); ++i) {
    out.numbers[i] = static_cast<int64_t>(SpanId::from_bytes(bytes.data() + i * 8).value);
  }
  return {};
}

// Differences: what comes before is needed.
Status read_numbers(const Place& place, ByteReader& reader, Wanted wanted, LeafPage& out) {
  out.numbers.resize(wanted.first + wanted.count);
  std::string_view rest = reader.take(reader.left());
  if (place.shape().kind == LeafKind::int32) {
    TRY(parquet::decode_delta32_begin(rest, wanted.of_page, out.numbers));
  } else {
    TRY(parquet::decode_delta_begin(rest, wanted.of_page, out.numbers));
  }
  out.numbers.erase(out.numbers.begin(), out.numbers.begin() + static_cast<ptrdiff_t>(wanted.first));
  return {};
}

// `rows` of a flat leaf; all of them of another.
Result<LeafPage> read_page(const Place& place, RowRange rows, std::string_view bytes) {
  ASSIGN_OR_RETURN(parquet::OpenPage page, parquet::open_page(bytes, place.chunk().codec, place.file.checksums()));
  ChunkEncoding encoding = place.chunk().encoding;
  if (page.header.is_dictionary || page.total_bytes != bytes.size() ||
      page.header.encoding != expected_encoding(encoding)) {
    return corrupt("a page is not of its chunk's kind");
  }
  LeafPage out;
  ByteReader reader(page.payload);
  ASSIGN_OR_RETURN(size_t present, read_levels(place, page.header, reader, out));
  const Wanted wanted =
      place.shape().is_flat() ? cut(present, place.rows(), rows, out.present) : Wanted{present, 0, present};
  LeafKind kind = place.shape().kind;
  bool is_id = kind == LeafKind::fixed8 || (kind == LeafKind::fixed16 && encoding == ChunkEncoding::plain);
  if (encoding == ChunkEncoding::numbers) {
    TRY(read_numbers(place, reader, wanted, out));
  } else if (is_id) {
    TRY(read_ids(place, reader, wanted, out));
  } else {
    TRY(read_codes(place, reader, wanted, out));
  }
  if (!out.present.empty()) {
    if (encoding == ChunkEncoding::numbers || is_id) {
      spread(out.present, rows.size(), out.numbers, int64_t{0});
    } else {
      spread(out.present, rows.size(), out.codes, kNoCode);
    }
  }
  return out;
}

Result<std::unique_ptr<ValueList>> dictionary_of(const BlockFile& file, uint32_t leaf, uint32_t group) {
  const auto& chunk = file.chunk(leaf, group);
  ASSIGN_OR_RETURN(auto stored, file.read(chunk.dictionary_offset, chunk.dictionary_bytes));
  ASSIGN_OR_RETURN(auto page, parquet::open_page(stored, chunk.codec, file.checksums()));
  if (!page.header.is_dictionary || static_cast<uint32_t>(page.header.values) != chunk.entries) {
    return corrupt("the dictionary page is not what the index says");
  }
  return ValueList::make(file.leaves()[leaf].kind, std::move(stored), std::move(page), 0, chunk.entries);
}

Result<PlainPage> plain_page_of(const BlockFile& file, uint32_t leaf, uint32_t page_of_block, std::string stored) {
  uint32_t group = file.group_of_page(page_of_block);
  uint32_t number = file.page_in_group(page_of_block);
  const auto& chunk = file.chunk(leaf, group);
  ASSIGN_OR_RETURN(auto page, parquet::open_page(stored, chunk.codec, file.checksums()));
  if (page.header.is_dictionary || page.header.encoding != Encoding::plain) {
    return corrupt("a page is not of its chunk's kind");
  }
  ByteReader reader(page.payload);
  LeafPage levels;
  ASSIGN_OR_RETURN(size_t present, read_levels({file, leaf, group, number}, page.header, reader, levels));
  if (present != chunk.codes_ends[number] - chunk.codes_begin(number)) {
    return corrupt("a page has another number of values than the index");
  }
  ASSIGN_OR_RETURN(auto values, ValueList::make(file.leaves()[leaf].kind, std::move(stored), std::move(page),
                                                reader.position(), present));
  return PlainPage{std::move(values), std::move(levels.present)};
}

}  // namespace

Result<LeafPage> read_leaf_page(const BlockFile& file, uint32_t leaf, uint32_t group, uint32_t page,
                                std::string_view bytes) {
  const Place place{file, leaf, group, page};
  auto out = read_page(place, {0, place.rows()}, bytes);
  if (!out) return std::unexpected(file.in_leaf(std::move(out.error()), leaf));
  return out;
}

Result<LeafPage> read_leaf_rows(const BlockFile& file, uint32_t leaf, uint32_t group, uint32_t page, RowRange rows,
                                std::string_view bytes) {
  auto out = read_page({file, leaf, group, page}, rows, bytes);
  if (!out) return std::unexpected(file.in_leaf(std::move(out.error()), leaf));
  return out;
}

Result<parquet::OpenPage> read_fixed_page(const BlockFile& file, uint32_t leaf, uint32_t page,
                                          std::string_view stored) {
  const Place place{file, leaf, file.group_of_page(page), file.page_in_group(page)};
  auto wrong = [&](Error error) { return std::unexpected(file.in_leaf(std::move(error), leaf)); };
  auto open = parquet::open_page(stored, place.chunk().codec, file.checksums());
  if (!open) return wrong(std::move(open.error()));
  const bool is_of_chunk = !open->header.is_dictionary && open->total_bytes == stored.size() &&
                           open->header.encoding == Encoding::plain &&
                           static_cast<size_t>(open->header.values) == place.rows();
  if (!is_of_chunk) return wrong({ErrorCode::corruption, "a page is not of its chunk's kind"});
  if (open->payload.size() / fixed_width(place.shape().kind) < place.rows()) {
    return wrong({ErrorCode::corruption, "ids are cut off"});
  }
  return open;
}

Result<std::unique_ptr<ValueList>> read_entries(const BlockFile& file, uint32_t leaf, uint32_t group) {
  auto out = dictionary_of(file, leaf, group);
  if (!out) return std::unexpected(file.in_leaf(std::move(out.error()), leaf));
  return out;
}

Result<std::unique_ptr<ValueList>> read_plain_values(const BlockFile& file, uint32_t leaf, uint32_t page) {
  const auto& chunk = file.chunk(leaf, file.group_of_page(page));
  const uint64_t begin = chunk.page_offsets[file.page_in_group(page)];
  auto stored = file.read(begin, chunk.page_offsets[file.page_in_group(page) + 1] - begin);
  if (!stored) return std::unexpected(file.in_leaf(std::move(stored.error()), leaf));
  ASSIGN_OR_RETURN(PlainPage out, read_plain_page(file, leaf, page, std::move(*stored)));
  return std::move(out.values);
}

Result<PlainPage> read_plain_page(const BlockFile& file, uint32_t leaf, uint32_t page, std::string stored) {
  auto out = plain_page_of(file, leaf, page, std::move(stored));
  if (!out) return std::unexpected(file.in_leaf(std::move(out.error()), leaf));
  return out;
}

Result<std::unique_ptr<ChunkDictionary>> read_dictionary(const BlockFile& file, uint32_t leaf, uint32_t group) {
  const auto& chunk = file.chunk(leaf, group);
  auto out = std::make_unique<ChunkDictionary>();
  if (chunk.encoding == ChunkEncoding::dictionary) {
    ASSIGN_OR_RETURN(out->lists.emplace_back(), read_entries(file, leaf, group));
  } else {
    for (uint32_t page = 0; page < chunk.codes_ends.size(); ++page) {
      ASSIGN_OR_RETURN(out->lists.emplace_back(), read_plain_values(file, leaf, group * file.pages_per_group() + page));
    }
  }
  out->entries.reserve(chunk.entries);
  for (const auto& list : out->lists) {
    for (uint32_t at = 0; at < list->size(); ++at) out->entries.push_back(list->view(at, &out->texts));
  }
  if (out->entries.size() != chunk.entries) {
    return std::unexpected(
        file.in_leaf({ErrorCode::corruption, "a chunk has another number of values than the index"}, leaf));
  }
  return out;
}

}  // namespace clew::store
