// The endpoints that say how the service is. Whoever asks is answered by a server that is ready; what is wrong with it
// nevertheless stands below.
#include "api/endpoint.h"
#include "base/counters.h"
#include "base/json_text.h"

namespace clew::api {

Result<net::Response> echo(const Call&) {
  return net::Response::text(200, "echo");
}

Result<net::Response> ready(const Call& call) {
  std::string body = "ready\n";
  if (call.options.admin != nullptr) {
    for (const std::string& complaint : call.options.admin->complaints()) body += complaint + "\n";
  }
  return net::Response::text(200, std::move(body));
}

Result<net::Response> build_info(const Call& call) {
  const BuildInfo& build = call.options.build;
  std::string body = "{";
  auto add = [&](std::string_view key, std::string_view value) {
    if (body.size() > 1) body.push_back(',');
    append_json_string(body, key);
    body.push_back(':');
    append_json_string(body, value);
  };
  add("version", build.version);
  add("revision", build.revision);
  add("branch", build.branch);
  add("buildUser", "");
  add("buildDate", build.build_date);
  add("goVersion", build.compiler);
  body.push_back('}');
  return net::Response::json(std::move(body));
}

Result<net::Response> metrics(const Call&) {
  net::Response response;
  response.headers.add("content-type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = render_counters();
  return response;
}

}  // namespace clew::api
