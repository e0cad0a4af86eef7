#include "net/http1_text.h"

#include <fmt/format.h>

#include "net/fields.h"

namespace clew::net {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

std::string http1_head(int status, const Headers& headers, Http1Framing framing) {
  std::string out;
  out.reserve(256);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  for (const auto& [name, value] : headers.fields()) {
    if (is_engine_field(name) || !is_field_name(name)) continue;
    out.append(name).append(": ").append(safe_value(value)).append("\r\n");
  }
  if (framing.content_length) {
    fmt::format_to(std::back_inserter(out), "content-length: {}\r\n", *framing.content_length);
  }
  if (framing.chunked) out.append("transfer-encoding: chunked\r\n");
  if (framing.close) out.append("connection: close\r\n");
  if (framing.keep_alive) out.append("connection: keep-alive\r\n");
  out.append("\r\n");
  return out;
}

std::string chunk_prefix(size_t piece_bytes) {
  return fmt::format("{:x}\r\n", piece_bytes);
}

}  // namespace clew::net
