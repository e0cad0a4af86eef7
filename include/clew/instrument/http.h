// Spans of HTTP requests by the semantic conventions, whatever the HTTP library; beast_server.h, beast_client.h and
// curl.h fill it in. Attributes are given at the start, so that samplers see them.
#pragma once

#include <cstdio>
#include <string>

#include "clew/instrument/conventions.h"
#include "clew/trace.h"

CLEW_BEGIN

// What is known of a request; views, valid during the call. What is empty or 0 is left out.
struct HttpRequest {
  std::string_view method;
  std::string_view target;            // of a server: path and query, as they came
  std::string_view url;               // of a client: the whole of it
  std::string_view scheme = "http";   // of a server
  std::string_view host;              // of a server: the Host field
  std::string_view route;             // of a server, when known: "/orders/{id}"
  std::string_view user_agent;        // of a server
  std::string_view protocol_version;  // "1.1", "2"
  std::string_view peer_address;
  uint16_t peer_port = 0;
  unsigned resends = 0;  // of a client: how many times it was sent before
};

namespace detail {

// To be changed before spans are started.
inline Names& http_names() noexcept {
  static Names names = names_of_environment("http");
  return names;
}

inline bool known_method(std::string_view method) noexcept {
  for (std::string_view known : {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"}) {
    if (method == known) return true;
  }
  return false;
}

// "host:8080", "[::1]:8080", "host". Without a port: 0.
inline std::string_view host_and_port(std::string_view host, uint16_t& port) noexcept {
  port = 0;
  const size_t colon = host.rfind(':');
  const bool bracket = !host.empty() && host.front() == '[';
  if (colon != std::string_view::npos && (!bracket || host.rfind(']') < colon)) {
    unsigned number = 0;
    for (char c : host.substr(colon + 1)) {
      if (c < '0' || c > '9' || number > 65535) return host;
      number = number * 10 + unsigned(c - '0');
    }
    port = number > 65535 ? uint16_t(0) : uint16_t(number);
    host = host.substr(0, colon);
  }
  return bracket && host.size() >= 2 && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
}

// Values of these parameters are signatures and keys.
inline bool secret_parameter(std::string_view name) noexcept {
  return name == "AWSAccessKeyId" || name == "Signature" || name == "sig" || name == "X-Goog-Signature";
}

inline std::string redacted_query(std::string_view query) {
  std::string clean;
  for (size_t at = 0;;) {
    const size_t amp = query.find('&', at);
    const std::string_view pair = query.substr(at, amp == std::string_view::npos ? amp : amp - at);
    const std::string_view name = pair.substr(0, pair.find('='));
    clean += secret_parameter(name) && name.size() < pair.size() ? std::string(name) + "=REDACTED" : std::string(pair);
    if (amp == std::string_view::npos) break;
    clean += '&';
    at = amp + 1;
  }
  return clean;
}

// A URL whose credentials and signatures cannot be read any more.
inline std::string redacted_url(std::string_view url) {
  std::string clean;
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const size_t host = scheme + 3, end = url.find_first_of("/?#", host);
    const size_t at = url.substr(0, end).rfind('@');
    clean = url.substr(0, host);
    if (at != std::string_view::npos && at >= host) {
      clean += "REDACTED:REDACTED@";
      url.remove_prefix(at + 1);
    } else {
      url.remove_prefix(host);
    }
  }
  const size_t fragment = url.find('#'), query = url.substr(0, fragment).find('?');
  if (query == std::string_view::npos) return clean += url;
  clean += url.substr(0, query + 1);
  clean += redacted_query(url.substr(query + 1, fragment == std::string_view::npos ? fragment : fragment - query - 1));
  return clean += fragment == std::string_view::npos ? std::string_view() : url.substr(fragment);
}

// "POST /orders/{id}", "POST", or "HTTP" for a method that nobody knows.
inline std::string http_span_name(std::string_view method, std::string_view route) {
  std::string name(known_method(method) ? method : std::string_view("HTTP"));
  if (!route.empty()) (name += ' ') += route;
  return name;
}

template <unsigned kRoom>
void add_method(NamedAttributes<kRoom>& attributes, std::string_view method) noexcept {
  const bool known = known_method(method);
  attributes.add("http.request.method", "", known ? method : std::string_view("_OTHER"));
  attributes.add("", "http.method", method);
  if (!known) attributes.add("http.request.method_original", "", method);
}

// Status codes from `least_error` on are errors.
template <typename AnySpan>
void set_http_status(AnySpan& span, unsigned status, unsigned least_error) noexcept {
  set_named(span, http_names(), "http.response.status_code", "http.status_code", int64_t(status));
  if (status < least_error) return;
  char text[12];
  std::snprintf(text, sizeof text, "%u", status);
  span.set("error.type", text).status(Status::kError);
}

}  // namespace detail

// The span of a request that came in; the parent is what its headers said, see extract(). Current in this thread
// unless `current` is false.
inline Span http_server_span(const Tracer& tracer, const HttpRequest& request, const Context& parent,
                             bool current = true) {
  uint16_t port;
  const std::string_view host = detail::host_and_port(request.host, port);
  const size_t mark = request.target.find('?');
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : request.target.substr(mark + 1);
  const std::string clean = query.empty() ? std::string() : detail::redacted_query(query);
  const std::string target = std::string(request.target.substr(0, mark)) + (clean.empty() ? "" : "?") + clean;
  detail::NamedAttributes<28> attributes(detail::http_names());
  detail::add_method(attributes, request.method);
  attributes.add("url.path", "", request.target.substr(0, mark));
  attributes.add("url.query", "", clean);
  attributes.add("", "http.target", target);
  attributes.add("url.scheme", "http.scheme", request.scheme);
  attributes.add("http.route", "http.route", request.route);
  attributes.add("server.address", "net.host.name", host);
  if (port != 0) attributes.add("server.port", "net.host.port", port);
  attributes.add("client.address", "http.client_ip", request.peer_address);
  attributes.add("network.peer.address", "net.sock.peer.addr", request.peer_address);
  if (request.peer_port != 0) attributes.add("network.peer.port", "net.sock.peer.port", request.peer_port);
  attributes.add("network.protocol.version", "net.protocol.version", request.protocol_version);
  attributes.add("user_agent.original", "http.user_agent", request.user_agent);
  StartOptions options;
  options.kind = kServer;
  options.parent = &parent;
  options.current = current;
  options.attributes = attributes.list();
  return tracer.start(detail::http_span_name(request.method, request.route), options);
}

// When the route is known only later.
inline void http_server_route(Span& span, std::string_view method, std::string_view route) {
  span.name(detail::http_span_name(method, route)).set("http.route", route);
}

// A server has failed from 500 on; what it answers below is the client's matter.
inline void http_server_status(Span& span, unsigned status) noexcept {
  detail::set_http_status(span, status, 500);
}

// The span of a request that goes out. inject() its context() into the request's headers.
inline Span http_client_span(const Tracer& tracer, const HttpRequest& request, bool current = true) {
  const std::string url = detail::redacted_url(request.url);
  const size_t scheme = request.url.find("://");
  std::string_view authority = scheme == std::string_view::npos ? std::string_view() : request.url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  uint16_t port;
  const std::string_view host = detail::host_and_port(authority, port);
  if (port == 0 && scheme != std::string_view::npos) port = request.url.substr(0, scheme) == "https" ? 443 : 80;
  detail::NamedAttributes<20> attributes(detail::http_names());
  detail::add_method(attributes, request.method);
  attributes.add("url.full", "http.url", url);
  attributes.add("server.address", "net.peer.name", host);
  if (port != 0) attributes.add("server.port", "net.peer.port", port);
  attributes.add("network.peer.address", "net.sock.peer.addr", request.peer_address);
  if (request.peer_port != 0) attributes.add("network.peer.port", "net.sock.peer.port", request.peer_port);
  attributes.add("network.protocol.version", "net.protocol.version", request.protocol_version);
  if (request.resends != 0) attributes.add("http.request.resend_count", "http.resend_count", request.resends);
  StartOptions options;
  options.kind = kClient;
  options.current = current;
  options.attributes = attributes.list();
  return tracer.start(detail::http_span_name(request.method, {}), options);
}

// A client has failed from 400 on.
inline void http_client_status(Span& span, unsigned status) noexcept {
  detail::set_http_status(span, status, 400);
}

// No answer: what went wrong, as a word that does not vary ("timeout", "connection_refused"), and in words.
inline void http_client_failed(Span& span, std::string_view type, std::string_view message) noexcept {
  span.set("error.type", type).status(Status::kError, message);
}

CLEW_END
