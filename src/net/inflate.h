// gzip and zlib by ISA-L, zstd by libzstd: one body in, one body out, never beyond a limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::net {

// All members of a gzip body (RFC 1952), checksums verified.
Result<std::string> gunzip(std::string_view body, size_t limit_bytes);
// zlib's format (RFC 1950), or raw deflate (RFC 1951) when the body does not begin like it.
Result<std::string> inflate_deflate(std::string_view body, size_t limit_bytes);
// All frames of a zstd body (RFC 8878), with windows up to 128 MiB.
Result<std::string> unzstd(std::string_view body, size_t limit_bytes);

std::string gzip(std::string_view body);
std::string zstd(std::string_view body);

// A string that grows while a decoder writes into it, up to the limit and by one probing byte beyond, so that a body
// of exactly limit_bytes is told from a longer one.
class BoundedOutput {
 public:
  BoundedOutput(size_t limit_bytes, size_t expected_bytes);

  struct Room {
    char* to;
    size_t size;
  };
  Room room();
  // The decoder wrote `bytes` of the last room(); false when that is beyond the limit.
  bool advance(size_t bytes);
  std::string take();

 private:
  const size_t limit_bytes_;
  std::string bytes_;
  size_t used_ = 0;
  char probe_ = 0;
};

std::unexpected<Error> over_decoded_limit(size_t limit_bytes);

}  // namespace clew::net
