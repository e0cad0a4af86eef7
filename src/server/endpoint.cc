#include "server/endpoint.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace clew::server {

std::string Endpoint::text() const {
  bool is_v6 = address.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

std::string endpoints_json(std::span<const Endpoint> endpoints) {
  std::string out = "{";
  for (const Endpoint& endpoint : endpoints) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, endpoint.name);
    out.push_back(':');
    append_json_string(out, endpoint.text());
  }
  out.append("}\n");
  return out;
}

bool is_loopback_address(std::string_view address) {
  return address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
}

}  // namespace clew::server
