// JSON, appended to a text.
#pragma once

#include <string>
#include <string_view>

#include "clew/value.h"

CLEW_BEGIN
namespace detail {

void append_json_string(std::string& out, std::string_view text);
void append_number(std::string& out, uint64_t number);
void append_number(std::string& out, int64_t number);
// The shortest text that reads back the same; "NaN", "Infinity" and "-Infinity" as strings.
void append_number(std::string& out, double number);
void append_base64(std::string& out, std::string_view bytes);
// As plain JSON: lists as arrays, maps as objects, bytes as base64, no value as null.
void append_plain(std::string& out, const Value& value);
// As OTLP has it: {"stringValue":"…"}.
void append_any_value(std::string& out, const Value& value);

}  // namespace detail
CLEW_END
