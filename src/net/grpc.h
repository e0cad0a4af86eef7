// gRPC over the Server's HTTP/2 (gRPC over HTTP2, protocol description in the grpc repository's PROTOCOL-HTTP2.md):
// message framing, compression of messages, status in trailers. Unary and server-streaming calls; no generated code.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace clew::net {

// True when the request is a gRPC call (POST, content-type application/grpc…).
bool is_grpc(const Request& request);

// The single message of a unary or server-streaming call, decompressed by grpc-encoding (identity, gzip, deflate,
// zstd). Errors carry the code the caller must be answered with: a frame longer than limit_bytes before or after
// decompression is resource_exhausted, an unknown encoding unimplemented, anything malformed invalid_argument.
Result<std::string> read_grpc_message(const Request& request, size_t limit_bytes);
// The same without a copy of an uncompressed message: a view into request.body, or into `decoded`.
Result<std::string_view> view_grpc_message(const Request& request, size_t limit_bytes, std::string& decoded);
// What both sides of a call share: the one message of a body.
Result<std::string_view> view_grpc_body(std::string_view body, std::string_view encoding, size_t limit_bytes,
                                        std::string& decoded);
// The length of the frame that begins so, prefix included; at least the bytes given.
size_t grpc_frame_bytes(std::string_view first_bytes);

// The time the caller still waits (grpc-timeout), if it said so.
std::optional<std::chrono::nanoseconds> grpc_timeout(const Request& request);

// One message with its five-byte prefix; `compressed` says that it is, by grpc-encoding.
std::string grpc_frame(std::string_view message, bool compressed = false);

// A complete unary answer.
Response grpc_reply(std::string_view message);
// A failed call: trailers only. `details` is a serialized google.rpc.Status for grpc-status-details-bin, or empty.
Response grpc_error(int code, std::string_view message, std::string_view details = {});
// The same with google.rpc.RetryInfo, when retry_delay is not 0.
Response grpc_failure(ErrorCode code, std::string_view message, std::chrono::milliseconds retry_delay);
// The trailers of a streaming call's end.
Headers grpc_trailers(int code, std::string_view message);

// grpc-message's percent-encoding; what is decoded need not be well-formed.
std::string encode_grpc_message_text(std::string_view text);
std::string decode_grpc_message_text(std::string_view text);

}  // namespace clew::net
