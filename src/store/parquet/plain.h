// PLAIN values: byte arrays with their length, fixed-width numbers and byte arrays without.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace clew::parquet {

inline void append_plain_bytes(std::string& out, std::string_view value) {
  ByteWriter writer(out);
  writer.fixed(static_cast<uint32_t>(value.size()));
  writer.raw(value);
}

// Views of `count` byte arrays; corruption unless they fill `bytes` exactly.
Result<std::vector<std::string_view>> read_plain_bytes(std::string_view bytes, size_t count);

// Views of `count` values of `width` bytes; corruption unless they fill `bytes` exactly.
Result<std::vector<std::string_view>> read_plain_fixed(std::string_view bytes, size_t count, size_t width);

}  // namespace clew::parquet
