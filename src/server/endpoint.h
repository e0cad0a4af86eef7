// Where a listener really is, for people, for scripts (DATA/endpoints.json) and for messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace clew::server {

struct Endpoint {
  std::string_view name;   // "otlp_grpc"; the setting is listen.<name>
  std::string_view about;  // "OTLP/gRPC"
  std::string address;     // numeric
  uint16_t port = 0;

  std::string text() const;  // "127.0.0.1:4317", "[::1]:4317"
};

// The content of endpoints.json: {"otlp_grpc":"127.0.0.1:4317",…}.
std::string endpoints_json(std::span<const Endpoint> endpoints);

bool is_loopback_address(std::string_view address);

}  // namespace clew::server
