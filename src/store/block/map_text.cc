#include "store/block/map_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/hex.h"
#include "base/json_text.h"
#include "column/nested.h"
#include "store/block/block_schema.h"

namespace clew::store {
namespace {

constexpr uint64_t kPlainNan = 0x7ff8000000000000ULL;
// As deep as wire lets them be; what is deeper can only come from a damaged log.
constexpr int kMaxDepth = 64;

void append_json(std::string& out, ValueView value, int depth) {
  switch (value.type) {
    case ValueType::none: out += "null"; return;
    case ValueType::string: append_json_string(out, value.text); return;
    case ValueType::boolean: out += value.as_bool() ? "true" : "false"; return;
    case ValueType::integer: out += std::to_string(value.as_int()); return;
    case ValueType::real:
      if (std::isfinite(value.as_real())) {
        out += fmt::format("{}", value.as_real());
      } else {
        append_json_string(out, fmt::format("{}", value.as_real()));
      }
      return;
    case ValueType::bytes: {
      std::string hex;
      append_hex(hex, value.text);
      append_json_string(out, hex);
      return;
    }
    case ValueType::array:
    case ValueType::kvlist: break;
  }
  if (depth > kMaxDepth) {
    out += "null";
    return;
  }
  bool keyed = value.type == ValueType::kvlist;
  out.push_back(keyed ? '{' : '[');
  bool first = true;
  for (NestedReader reader(value); reader.next(); first = false) {
    if (!first) out.push_back(',');
    if (keyed) {
      append_json_string(out, reader.key());
      out.push_back(':');
    }
    append_json(out, reader.value(), depth + 1);
  }
  out.push_back(keyed ? '}' : ']');
}

template <typename T>
bool parse_number(std::string_view text, T& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool has_exact_text(ValueView value) {
  switch (value.type) {
    case ValueType::string:
    case ValueType::boolean:
    case ValueType::integer:
    case ValueType::bytes: return true;
    case ValueType::real: return !std::isnan(value.as_real()) || value.scalar == kPlainNan;
    case ValueType::none:
    case ValueType::array:
    case ValueType::kvlist: return false;
  }
  return false;
}

std::string map_text(ValueView value) {
  std::string out;
  switch (value.type) {
    case ValueType::none: break;
    case ValueType::string: out = value.text; break;
    case ValueType::boolean: out = value.as_bool() ? "true" : "false"; break;
    case ValueType::integer: out = std::to_string(value.as_int()); break;
    case ValueType::real: out = fmt::format("{}", value.as_real()); break;
    case ValueType::bytes: append_hex(out, value.text); break;
    case ValueType::array:
    case ValueType::kvlist: append_json(out, value, 0); break;
  }
  return out;
}

MapEntry read_map_entry(std::string_view name, std::string_view text, std::string& owned) {
  auto has = [&](ValueType type) { return name.ends_with(suffix_of(type)); };
  auto key = [&](ValueType type) { return name.substr(0, name.size() - suffix_of(type).size()); };
  if (has(ValueType::array)) return {key(ValueType::array), {}, false};
  if (has(ValueType::kvlist)) return {key(ValueType::kvlist), {}, false};
  if (has(ValueType::integer)) {
    int64_t number = 0;
    if (!parse_number(text, number)) return {key(ValueType::integer), {}, true};
    return {key(ValueType::integer), ValueView::of_int(number), false};
  }
  if (has(ValueType::real)) {
    double number = 0;
    if (text == "nan") return {key(ValueType::real), ValueView{ValueType::real, kPlainNan, {}}, false};
    if (!parse_number(text, number) || std::isnan(number)) return {key(ValueType::real), {}, true};
    return {key(ValueType::real), ValueView::of_real(number), false};
  }
  if (has(ValueType::boolean)) {
    if (text != "true" && text != "false") return {key(ValueType::boolean), {}, true};
    return {key(ValueType::boolean), ValueView::of_bool(text == "true"), false};
  }
  if (has(ValueType::bytes)) {
    owned.clear();
    for (char c : text) {
      if (hex_digit(c) < 0) return {key(ValueType::bytes), {}, true};
    }
    if (text.size() % 2 != 0) return {key(ValueType::bytes), {}, true};
    append_packed_hex(owned, text);
    return {key(ValueType::bytes), ValueView::of_bytes(owned), false};
  }
  return {name, ValueView::of_string(text), false};
}

}  // namespace clew::store
