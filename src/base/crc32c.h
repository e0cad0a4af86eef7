// CRC-32C (Castagnoli), the checksum of log frames and of the block index. ISA-L does the work.
#pragma once

#include <cstdint>
#include <string_view>

namespace clew {

// The usual form: initial value and final xor all ones, so crc32c("123456789") == 0xe3069283.
uint32_t crc32c(std::string_view bytes);

}  // namespace clew
