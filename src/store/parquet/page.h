// Pages as they lie in the file: header, then levels and values, compressed or not, with their checksum.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/parquet/compression.h"
#include "store/parquet/metadata.h"

namespace clew::parquet {

inline constexpr size_t kMaxPageBytes = size_t{1} << 30;

// CRC-32 of IEEE 802.3, as gzip has it: what Parquet wants in its page headers.
uint32_t crc32_ieee(std::string_view bytes);

// Completes header (sizes, crc) and appends header and stored bytes.
void append_page(PageHeader header, size_t raw_bytes, std::string_view stored, std::string& out);

// A page read and verified. `payload` is the levels and values, in `owned` when they had to be decompressed, else in
// the bytes the page was opened from.
struct OpenPage {
  PageHeader header;
  size_t total_bytes = 0;  // with the header
  Buffer owned;
  std::string_view payload;
};

// `ignore` is for fuzzing, which could never get past a checksum to what stands behind it.
enum class Checksums : uint8_t { verify, ignore };

// The page at the begin of bytes. corruption names what is wrong.
Result<OpenPage> open_page(std::string_view bytes, Codec codec, Checksums checksums = Checksums::verify);

}  // namespace clew::parquet
