#include "net/grpc.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/hex.h"
#include "net/content_encoding.h"
#include "net/fields.h"
#include "net/rpc_status.h"

namespace clew::net {
namespace {

constexpr size_t kPrefixBytes = 5;
constexpr size_t kTimeoutDigits = 8;
// nghttp2 sends at most 64 KiB of header; a status text is for people.
constexpr size_t kMaxStatusTextBytes = 4 << 10;
constexpr size_t kMaxStatusDetailsBytes = 16 << 10;
constexpr std::string_view kAcceptedEncodings = "identity,gzip,deflate,zstd";

uint32_t message_length(std::string_view prefix) {
  uint32_t length = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) length = length << 8 | static_cast<unsigned char>(prefix[i]);
  return length;
}

std::unexpected<Error> over_message_limit(size_t limit_bytes) {
  return fail(ErrorCode::resource_exhausted,
              fmt::format("the gRPC message exceeds the limit of {} bytes", limit_bytes));
}

void add_status(Headers& fields, int code, std::string_view message, std::string_view details) {
  fields.add("grpc-status", std::to_string(code));
  if (!message.empty()) {
    fields.add("grpc-message", encode_grpc_message_text(message.substr(0, kMaxStatusTextBytes)));
  }
  if (!details.empty() && details.size() <= kMaxStatusDetailsBytes) {
    std::string text;
    append_base64(text, details);
    while (text.ends_with('=')) text.pop_back();  // binary metadata is written without padding, read with or without
    fields.add("grpc-status-details-bin", std::move(text));
  }
}

Headers grpc_headers() {
  Headers headers;
  headers.add("content-type", "application/grpc");
  headers.add("grpc-accept-encoding", std::string(kAcceptedEncodings));
  return headers;
}

}  // namespace

bool is_grpc(const Request& request) {
  return request.method == "POST" && is_grpc_type(request.headers.get("content-type"));
}

size_t grpc_frame_bytes(std::string_view first_bytes) {
  if (first_bytes.size() < kPrefixBytes) return first_bytes.size();
  return std::max<size_t>(first_bytes.size(), kPrefixBytes + message_length(first_bytes));
}

Result<std::string_view> view_grpc_body(std::string_view body, std::string_view encoding, size_t limit_bytes,
                                        std::string& decoded) {
  if (body.empty()) return invalid("gRPC: the call has no message");
  if (body.size() < kPrefixBytes) return invalid("gRPC: the message's prefix is truncated");
  auto compressed = static_cast<unsigned char>(body[0]);
  if (compressed > 1) return invalid(fmt::format("gRPC: the compressed flag is {}, not 0 or 1", compressed));
  uint32_t length = message_length(body);
  if (length > limit_bytes) return over_message_limit(limit_bytes);
  body.remove_prefix(kPrefixBytes);
  if (body.size() < length) {
    return invalid(fmt::format("gRPC: the message has {} of {} bytes", body.size(), length));
  }
  if (body.size() > length) return invalid("gRPC: more than one message in a unary call");
  if (compressed == 0) return body;
  if (encoding.empty() || equals_without_case(encoding, "identity")) {
    return invalid("gRPC: the message is marked compressed, but grpc-encoding names no compression");
  }
  if (encoding.find(',') != std::string_view::npos) return invalid("gRPC: grpc-encoding names more than one encoding");
  auto message = decode_body(encoding, std::string(body), limit_bytes);
  if (!message) return pass(std::move(message), "gRPC message");
  decoded = std::move(*message);
  return std::string_view(decoded);
}

Result<std::string_view> view_grpc_message(const Request& request, size_t limit_bytes, std::string& decoded) {
  return view_grpc_body(request.body, trim(request.headers.get("grpc-encoding")), limit_bytes, decoded);
}

Result<std::string> read_grpc_message(const Request& request, size_t limit_bytes) {
  std::string decoded;
  ASSIGN_OR_RETURN(std::string_view message, view_grpc_message(request, limit_bytes, decoded));
  if (!decoded.empty()) return decoded;
  return std::string(message);
}

std::optional<std::chrono::nanoseconds> grpc_timeout(const Request& request) {
  using std::chrono::nanoseconds;
  std::string_view text = trim(request.headers.get("grpc-timeout"));
  if (text.size() < 2 || text.size() > kTimeoutDigits + 1) return std::nullopt;
  int64_t value = parse_length(text.substr(0, text.size() - 1));
  if (value < 0) return std::nullopt;
  int64_t unit_ns = 0;
  switch (text.back()) {
    case 'H': unit_ns = 3'600'000'000'000; break;
    case 'M': unit_ns = 60'000'000'000; break;
    case 'S': unit_ns = 1'000'000'000; break;
    case 'm': unit_ns = 1'000'000; break;
    case 'u': unit_ns = 1'000; break;
    case 'n': unit_ns = 1; break;
    default: return std::nullopt;
  }
  if (value > nanoseconds::max().count() / unit_ns) return nanoseconds::max();
  return nanoseconds(value * unit_ns);
}

std::string grpc_frame(std::string_view message, bool compressed) {
  std::string frame;
  frame.reserve(kPrefixBytes + message.size());
  frame.push_back(compressed ? '\1' : '\0');
  for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(message.size() >> shift & 0xff));
  frame.append(message);
  return frame;
}

Response grpc_reply(std::string_view message) {
  Response response;
  response.headers = grpc_headers();
  response.body = grpc_frame(message);
  response.trailers = grpc_trailers(0, {});
  return response;
}

Response grpc_error(int code, std::string_view message, std::string_view details) {
  Response response;
  response.headers = grpc_headers();
  add_status(response.trailers, code, message, details);
  return response;
}

Response grpc_failure(ErrorCode code, std::string_view message, std::chrono::milliseconds retry_delay) {
  int number = static_cast<int>(code);
  if (retry_delay.count() <= 0) return grpc_error(number, message);
  return grpc_error(number, message, encode_rpc_status(number, message, retry_delay));
}

Headers grpc_trailers(int code, std::string_view message) {
  Headers trailers;
  add_status(trailers, code, message, {});
  return trailers;
}

std::string encode_grpc_message_text(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '%') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

std::string decode_grpc_message_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    bool encoded = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (encoded) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace clew::net
