#include "column/any_value_json.h"

#include <fmt/format.h>

#include <cmath>

#include "base/base64.h"
#include "base/json_text.h"
#include "column/nested.h"

namespace clew {
namespace {

void append_list(std::string& out, const ValueView& value) {
  out += "{\"values\":[";
  bool first = true;
  for (NestedReader reader(value); reader.next();) {
    if (!first) out.push_back(',');
    first = false;
    if (value.type == ValueType::array) {
      append_any_value(out, reader.value());
      continue;
    }
    out += "{\"key\":";
    append_json_string(out, reader.key());
    out += ",\"value\":";
    append_any_value(out, reader.value());
    out.push_back('}');
  }
  out += "]}";
}

}  // namespace

void append_double(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

void append_any_value(std::string& out, const ValueView& value) {
  switch (value.type) {
    case ValueType::none: out += "{}"; return;
    case ValueType::string:
      out += "{\"stringValue\":";
      append_json_string(out, value.text);
      break;
    case ValueType::boolean: out += value.as_bool() ? "{\"boolValue\":true" : "{\"boolValue\":false"; break;
    case ValueType::integer: fmt::format_to(std::back_inserter(out), "{{\"intValue\":\"{}\"", value.as_int()); break;
    case ValueType::real:
      out += "{\"doubleValue\":";
      append_double(out, value.as_real());
      break;
    case ValueType::array:
      out += "{\"arrayValue\":";
      append_list(out, value);
      break;
    case ValueType::kvlist:
      out += "{\"kvlistValue\":";
      append_list(out, value);
      break;
    case ValueType::bytes:
      out += "{\"bytesValue\":\"";
      append_base64(out, value.text);
      out.push_back('"');
      break;
  }
  out.push_back('}');
}

}  // namespace clew
