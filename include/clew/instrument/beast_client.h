// Requests that go out by Boost.Beast:
//
//   auto span = clew::beast_client_span(request, "http://stock:8080");   // and its context in the request's headers
//   http::write(stream, request); http::read(stream, buffer, response, error);
//   clew::beast_client_done(span, error, response);
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/system/error_code.hpp>

#include "clew/carriers/beast.h"
#include "clew/instrument/http.h"

CLEW_BEGIN

// `origin`: scheme, host and port that the request goes to. The span is current unless `current` is false.
template <typename Fields>
Span beast_client_span(boost::beast::http::header<true, Fields>& request, std::string_view origin, bool current = true,
                       unsigned resends = 0) {
  static const Tracer made = tracer("clew.beast");
  std::string url(origin);
  url.append(request.target().data(), request.target().size());
  HttpRequest info;
  info.method = {request.method_string().data(), request.method_string().size()};
  info.url = url;
  info.resends = resends;
  Span span = http_client_span(made, info, current);
  inject(BeastWriter<Fields>(request), span.context());
  return span;
}

// Without an error the response counts.
template <typename Fields>
void beast_client_done(Span& span, const boost::system::error_code& error,
                       const boost::beast::http::header<false, Fields>& response) {
  if (error) {
    char type[64];
    std::snprintf(type, sizeof type, "%s:%d", error.category().name(), error.value());
    return http_client_failed(span, type, error.message());
  }
  detail::set_named(span, detail::http_names(), "network.protocol.version", "net.protocol.version",
                    response.version() == 10 ? "1.0" : "1.1");
  http_client_status(span, response.result_int());
}

CLEW_END
