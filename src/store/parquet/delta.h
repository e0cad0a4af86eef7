// Parquet's DELTA_BINARY_PACKED (parquet-format/Encodings.md): numbers as bit-packed differences, in blocks of 128
// values and four miniblocks. Arithmetic wraps, so any 64-bit values go.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::parquet {

void encode_delta(std::span<const int64_t> values, std::string& out);
// The same for an INT32 column: differences wrap at 32 bits.
void encode_delta32(std::span<const int64_t> values, std::string& out);

// Reads exactly values.size() numbers; answers the bytes consumed. corruption when the stream holds another number of
// values or is malformed.
Result<size_t> decode_delta(std::string_view bytes, std::span<int64_t> values);
Result<size_t> decode_delta32(std::string_view bytes, std::span<int64_t> values);
// The same of the first values.size() of `total` numbers.
Status decode_delta_begin(std::string_view bytes, size_t total, std::span<int64_t> values);
Status decode_delta32_begin(std::string_view bytes, size_t total, std::span<int64_t> values);

}  // namespace clew::parquet
