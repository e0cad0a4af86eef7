#include "server/query_api.h"

#include "api/api.h"
#include "server/serve.h"

namespace clew::server {

std::shared_ptr<const QueryApi> make_query_api(const Config& config, const BuildInfo& build, SpanSource& source,
                                               StoreAdmin& admin) {
  api::ApiOptions options = config.query_options();
  options.build.version = build.version;
  options.build.revision = build.commit;
  options.build.compiler = build.compiler;
  options.admin = &admin;
  auto api = std::make_shared<api::Api>(source, std::move(options));
  auto routes = std::make_shared<QueryApi>();
  routes->owns = [api](std::string_view path) { return api->owns(path); };
  routes->handle = [api](net::Request request, net::Responder responder) {
    api->handle(std::move(request), std::move(responder));
  };
  return routes;
}

}  // namespace clew::server
