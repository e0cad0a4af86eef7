// Scalars of protobuf's JSON mapping as OTLP/JSON has them, read from a parsed document. Each answers false when the
// element is not of that kind.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace clew::wire {

using JsonElement = simdjson::dom::element;

// 64-bit integers come as numbers or as decimal strings.
bool read_unsigned(JsonElement element, uint64_t& out);
bool read_signed(JsonElement element, int64_t& out);
bool read_uint32(JsonElement element, uint32_t& out);
// Also "NaN", "Infinity", "-Infinity" and decimal strings.
bool read_real(JsonElement element, double& out);
bool read_text(JsonElement element, std::string_view& out);
// A number, or one of the names, whose place is its number.
bool read_enum(JsonElement element, std::span<const std::string_view> names, uint64_t& out);
// Hexadecimal text as bytes in `buffer`, when it is an id of that many bytes; see kNotHexId.
bool read_id(JsonElement element, std::span<char> buffer, std::string_view& out);

}  // namespace clew::wire
