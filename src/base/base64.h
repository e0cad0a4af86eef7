// Base64 as OTLP/JSON and protobuf's JSON mapping have it (RFC 4648): standard alphabet with padding out; in, the
// standard or the URL-safe one, padded or not.
#pragma once

#include <string>
#include <string_view>

namespace clew {

void append_base64(std::string& out, std::string_view bytes);
// False when text is not base64; out then holds a part of it.
bool append_from_base64(std::string& out, std::string_view text);

}  // namespace clew
