// The head of an HTTP/1.1 answer as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace clew::net {

std::string_view reason_phrase(int status);

struct Http1Framing {
  std::optional<size_t> content_length;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;  // said to HTTP/1.0 clients, whose default is to close
};
// Status line and fields with the empty line. Fields that belong to the engine, and malformed names, are left out.
std::string http1_head(int status, const Headers& headers, Http1Framing framing);

// What comes before a piece of body that is one chunk; after it comes CR LF.
std::string chunk_prefix(size_t piece_bytes);

}  // namespace clew::net
