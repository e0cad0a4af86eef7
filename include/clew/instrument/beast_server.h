// Requests that a Boost.Beast server gets:
//
//   auto span = clew::beast_server_span(request, options);   // child of what the request's headers say
//   ... answer, with the span current ...
//   clew::beast_server_answered(span, response);
//
// In an Asio coroutine start it under a context_executor (clew/async/asio.h); with handlers bind_handler takes it
// along.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "clew/carriers/beast.h"
#include "clew/instrument/http.h"

CLEW_BEGIN

struct BeastServerOptions {
  std::string_view route;  // "/orders/{id}"; or http_server_route() later
  std::string_view scheme = "http";
  std::string_view peer_address;
  uint16_t peer_port = 0;
  bool current = true;
};

namespace detail {
inline Tracer beast_tracer() noexcept {
  static const Tracer made = tracer("clew.beast");
  return made;
}
template <typename Text>
std::string_view beast_text(const Text& from) noexcept {
  return {from.data(), from.size()};
}
inline std::string_view http_version_text(unsigned version) noexcept {
  return version == 10 ? "1.0" : "1.1";
}
}  // namespace detail

template <bool kRequest, typename Fields>
Span beast_server_span(const boost::beast::http::header<kRequest, Fields>& request,
                       const BeastServerOptions& options = {}) {
  static_assert(kRequest, "a server gets requests");
  namespace http = boost::beast::http;
  HttpRequest info;
  info.method = detail::beast_text(request.method_string());
  info.target = detail::beast_text(request.target());
  info.scheme = options.scheme;
  info.host = detail::beast_text(request[http::field::host]);
  info.route = options.route;
  info.user_agent = detail::beast_text(request[http::field::user_agent]);
  info.protocol_version = detail::http_version_text(request.version());
  info.peer_address = options.peer_address;
  info.peer_port = options.peer_port;
  const Context parent = extract(BeastReader<Fields>(request));
  return http_server_span(detail::beast_tracer(), info, parent, options.current);
}

template <typename Fields>
void beast_server_answered(Span& span, const boost::beast::http::header<false, Fields>& response) noexcept {
  http_server_status(span, response.result_int());
}

CLEW_END
