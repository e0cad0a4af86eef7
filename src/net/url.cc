#include <fmt/format.h>

#include <charconv>

#include "net/client.h"
#include "net/fields.h"

namespace clew::net {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kGrpcPort = 4317;

Result<uint16_t> parse_port(std::string_view text, std::string_view url) {
  unsigned port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) {
    return invalid(fmt::format("'{}': the port is not a number from 1 to 65535", url));
  }
  return static_cast<uint16_t>(port);
}

bool has_space_or_control(std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return true;
  }
  return false;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  Url url;
  size_t colon = text.find("://");
  if (colon == std::string_view::npos || has_space_or_control(text)) {
    return invalid(fmt::format("'{}' is not a URL of the form scheme://host[:port][/prefix]", text));
  }
  url.scheme = lower_case(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "grpc") {
    return invalid(fmt::format("'{}': the scheme is not http or grpc", text));
  }
  std::string_view rest = text.substr(colon + 3);
  if (rest.find_first_of("?#@") != std::string_view::npos) {
    return invalid(fmt::format("'{}': user, query and fragment are not allowed here", text));
  }
  std::string_view place = rest.substr(0, rest.find('/'));
  url.prefix = rest.substr(place.size());
  while (url.prefix.ends_with('/')) url.prefix.pop_back();
  url.port = url.scheme == "grpc" ? kGrpcPort : kHttpPort;
  std::string_view port;
  if (place.starts_with('[')) {
    size_t bracket = place.find(']');
    if (bracket == std::string_view::npos) return invalid(fmt::format("'{}': '[' without ']'", text));
    url.host = place.substr(1, bracket - 1);
    port = place.substr(bracket + 1);
    if (!port.empty() && port.front() != ':') return invalid(fmt::format("'{}': no ':' after ']'", text));
  } else {
    url.host = place.substr(0, place.find(':'));
    port = place.substr(url.host.size());
  }
  if (url.host.empty()) return invalid(fmt::format("'{}' has no host", text));
  if (!port.empty()) {
    ASSIGN_OR_RETURN(url.port, parse_port(port.substr(1), text));
  }
  return url;
}

}  // namespace clew::net
