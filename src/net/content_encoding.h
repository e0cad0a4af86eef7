// Bodies as senders compress them: gzip, deflate (zlib's format, raw accepted too), zstd, identity; several may be
// chained by commas. ISA-L and zstd do the work.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::net {

// The decoded body. An unknown encoding is unimplemented (HTTP 415); a body that would exceed limit_bytes is
// resource_exhausted (413), found after producing no more than limit_bytes; a malformed one is invalid_argument (400).
// Empty and "identity" give the body back unchanged, without a copy.
Result<std::string> decode_body(std::string_view encoding, std::string body, size_t limit_bytes);

// For clients and for answers: "gzip", "zstd" or "" (unchanged); precondition: one of these.
std::string encode_body(std::string_view encoding, std::string_view body);

}  // namespace clew::net
