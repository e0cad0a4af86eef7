// Base64 (RFC 4648 section 4) as gRPC's binary metadata uses it: written without padding, read with or without.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clew::net {

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace clew::net
