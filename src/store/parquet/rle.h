// Parquet's RLE / bit-packed hybrid: levels and dictionary codes
// (parquet-format/Encodings.md, "Run Length Encoding / Bit-Packing Hybrid").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clew::parquet {

// Appends the runs, without a length in front. Precondition: every value has at most `width` (0 … 32) bits.
void encode_rle(std::span<const uint32_t> values, int width, std::string& out);
// `count` times one value: a few bytes.
void encode_rle_run(uint32_t value, size_t count, int width, std::string& out);
// All bits in one bit-packed run: for levels of one bit, where looking for runs costs more than it saves.
void encode_rle_bits(std::span<const uint64_t> bits, size_t count, std::string& out);

// Reads exactly values.size() numbers, after the first `skip`; corruption when there are fewer, or one of them has more
// than `width` bits.
Status decode_rle(std::string_view bytes, int width, std::span<uint32_t> values, size_t skip = 0);
// The same for a width of one, as bits: `count` of them in the order of encode_rle_bits(), zeros after the last.
Result<std::vector<uint64_t>> decode_rle_bits(std::string_view bytes, size_t count);

}  // namespace clew::parquet
