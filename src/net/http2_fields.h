// Header fields in nghttp2's form. The views point into the object: it must live until the submit call returns (nghttp2
// copies then).
#pragma once

#include <nghttp2/nghttp2.h>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace clew::net {

class Http2Fields {
 public:
  void add(std::string_view name, std::string_view value);
  // Names in lower case; fields that HTTP/2 forbids or the engine owns, and malformed names, are left out.
  void add(const Headers& headers);

  const nghttp2_nv* data() const { return fields_.data(); }
  size_t size() const { return fields_.size(); }

 private:
  std::deque<std::string> texts_;
  std::vector<nghttp2_nv> fields_;
};

inline std::string_view text_of(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace clew::net
