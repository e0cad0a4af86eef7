#include "base/crc32c.h"

#include <isa-l/crc.h>

namespace clew {

uint32_t crc32c(std::string_view bytes) {
  // ISA-L neither inverts its seed nor its result, and counts in int: longer inputs go in pieces.
  constexpr size_t kPiece = size_t{1} << 30;
  uint32_t crc = 0xffffffffU;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, kPiece);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    crc = crc32_iscsi(data, static_cast<int>(piece.size()), crc);
    bytes.remove_prefix(piece.size());
  }
  return crc ^ 0xffffffffU;
}

}  // namespace clew
