#include "base/bytes.h"

namespace clew {

void ByteWriter::varint(uint64_t value) {
  char raw[10];
  size_t count = 0;
  while (value >= 0x80) {
    raw[count++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  raw[count++] = static_cast<char>(value);
  out_.append(raw, count);
}

uint64_t ByteReader::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_ == bytes_.size()) break;
    auto byte = static_cast<uint8_t>(bytes_[at_++]);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  break_off();
  return 0;
}

}  // namespace clew
