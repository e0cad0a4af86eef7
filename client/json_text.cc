#include "json_text.h"

#include <charconv>
#include <cmath>

CLEW_BEGIN
namespace detail {
namespace {

template <typename Number>
void append_digits(std::string& out, Number number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, size_t(end.ptr - digits));
}

// Elements of an array or pairs of a map, with commas between; `one` appends one.
template <typename Items, typename One>
void append_list(std::string& out, char open, char close, const Items& items, One one) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    one(item);
  }
  out += close;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (uint8_t(c) < 0x20) {
          out += "\\u00";
          out += "0123456789abcdef"[uint8_t(c) >> 4];
          out += "0123456789abcdef"[uint8_t(c) & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_number(std::string& out, uint64_t number) {
  append_digits(out, number);
}
void append_number(std::string& out, int64_t number) {
  append_digits(out, number);
}
void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "\"NaN\"";
  } else if (std::isinf(number)) {
    out += number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    append_digits(out, number);
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const uint32_t word = uint32_t(uint8_t(bytes[i])) << 16 | (left > 1 ? uint32_t(uint8_t(bytes[i + 1])) << 8 : 0) |
                          (left > 2 ? uint32_t(uint8_t(bytes[i + 2])) : 0);
    out += kDigits[word >> 18];
    out += kDigits[word >> 12 & 63];
    out += left > 1 ? kDigits[word >> 6 & 63] : '=';
    out += left > 2 ? kDigits[word & 63] : '=';
  }
}

void append_plain(std::string& out, const Value& value) {
  switch (value.type()) {
    case Value::Type::kNone: out += "null"; break;
    case Value::Type::kString: append_json_string(out, value.text()); break;
    case Value::Type::kBool: out += value.boolean() ? "true" : "false"; break;
    case Value::Type::kInt: append_number(out, value.integer()); break;
    case Value::Type::kDouble: append_number(out, value.number()); break;
    case Value::Type::kBytes:
      out += '"';
      append_base64(out, value.text());
      out += '"';
      break;
    case Value::Type::kArray:
      append_list(out, '[', ']', value.items(), [&](const Value& item) { append_plain(out, item); });
      break;
    case Value::Type::kMap:
      append_list(out, '{', '}', value.pairs(), [&](const KeyValue& pair) {
        append_json_string(out, pair.key);
        out += ':';
        append_plain(out, pair.value);
      });
      break;
  }
}

void append_any_value(std::string& out, const Value& value) {
  switch (value.type()) {
    case Value::Type::kNone: out += "{}"; return;
    case Value::Type::kString: out += "{\"stringValue\":"; break;
    case Value::Type::kBool: out += "{\"boolValue\":"; break;
    case Value::Type::kInt:
      out += "{\"intValue\":\"";
      append_number(out, value.integer());
      out += "\"}";
      return;
    case Value::Type::kDouble: out += "{\"doubleValue\":"; break;
    case Value::Type::kBytes: out += "{\"bytesValue\":"; break;
    case Value::Type::kArray:
      out += "{\"arrayValue\":{\"values\":";
      append_list(out, '[', ']', value.items(), [&](const Value& item) { append_any_value(out, item); });
      out += "}}";
      return;
    case Value::Type::kMap:
      out += "{\"kvlistValue\":{\"values\":";
      append_list(out, '[', ']', value.pairs(), [&](const KeyValue& pair) {
        out += "{\"key\":";
        append_json_string(out, pair.key);
        out += ",\"value\":";
        append_any_value(out, pair.value);
        out += '}';
      });
      out += "}}";
      return;
  }
  append_plain(out, value);
  out += '}';
}

}  // namespace detail
CLEW_END
