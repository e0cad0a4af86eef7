#include "net/http2_fields.h"

#include "net/fields.h"

namespace clew::net {

void Http2Fields::add(std::string_view name, std::string_view value) {
  const std::string& n = texts_.emplace_back(name);
  const std::string& v = texts_.emplace_back(value);
  auto bytes = [](const std::string& text) { return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data())); };
  fields_.push_back({bytes(n), bytes(v), n.size(), v.size(), NGHTTP2_NV_FLAG_NONE});
}

void Http2Fields::add(const Headers& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if (is_engine_field(name) || !is_field_name(name)) continue;
    add(lower_case(name), safe_value(value));
  }
}

}  // namespace clew::net
