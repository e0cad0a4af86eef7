#include "server/query_api.h"

#include "base/counters.h"
#include "server/serve.h"

namespace clew::server {

std::shared_ptr<const QueryApi> make_query_api(const Config&, const BuildInfo&, SpanSource&, std::function<bool()>) {
  auto api = std::make_shared<QueryApi>();
  api->owns = [](std::string_view path) { return path == "/metrics"; };
  api->handle = [](const net::Request&, net::Responder responder) {
    responder.send(net::Response::text(200, render_counters()));
  };
  return api;
}

}  // namespace clew::server
