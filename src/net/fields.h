// Words about header fields that both versions of HTTP share.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http.h"

namespace clew::net {

// ASCII only, as field names and media types are.
bool equals_without_case(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);
std::string_view trim(std::string_view text);

// Content-Type without its parameters.
std::string_view media_type(std::string_view content_type);

// application/grpc, application/grpc+proto, …
bool is_grpc_type(std::string_view content_type);

// Fields that belong to the connection and are written by the engine alone (RFC 9110 section 7.6.1), and
// Content-Length, which it computes. `name` in any case.
bool is_engine_field(std::string_view name);

// A field value that cannot break out of its line: control characters become spaces.
std::string safe_value(std::string_view value);
// True when the name is a token (RFC 9110 section 5.1).
bool is_field_name(std::string_view name);

// Retry-After in whole seconds, at least one; nothing when the delay is 0.
void add_retry_after(Headers& headers, std::chrono::milliseconds delay);

// True when a comma-separated list has the token.
bool has_token(std::string_view list, std::string_view token);

// Content-Length's digits; nothing else, no sign; -1 when malformed or beyond 2^62.
int64_t parse_length(std::string_view digits);

}  // namespace clew::net
